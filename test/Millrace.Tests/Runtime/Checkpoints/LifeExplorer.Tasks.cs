using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>One deployment: its tasks and its life, as <c>LeaderRole</c> and <c>LastCheckpoint</c> see them.</summary>
sealed partial class LifeExplorer
{
    static readonly RestartPolicy s_none = new RestartPolicy.None();
    static readonly LifeRequests[] s_requests = [LifeRequests.Manual, LifeRequests.Savepoint, LifeRequests.Stop, LifeRequests.Cancel];

    /// <summary>What goes on in a deployment.</summary>
    IEnumerable<LifeWorld> Tasks(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        foreach (LifeWorld next in Writing(world, i)) yield return next;
        foreach (LifeWorld next in Following(world, i)) yield return next;
        if (process.Stage == LifeStage.Closing)
        {
            if (Close(world, i) is { } closed) yield return closed;
            yield break;
        }

        foreach (LifePart part in tasks.Parts.Where(static part => !part.IsStray)) yield return Send(world, i, part);
        if (tasks is { Stop: LifeAnswer.Pending, IsStopRecorded: false } && process is { Turn: LifeTurn.None, Leader.MayAct: true })
            yield return Append(world, i, LifeTurn.Stop, [new LedgerEvent.Stopping(false, null)]) with { Did = "a stop is being recorded" };
        switch (tasks.Job)
        {
            case JobState.Starting: yield return Open(world, i); break;
            case JobState.Stopping: yield return Handle(world, i, new JobEvent.TasksEnded()) with { Did = "the tasks have ended" }; break;
            case JobState.Running when tasks.IsEndedByStop || bounds.Finishes:
                yield return Finish(world, i, isBeforeBarriers: false);
                if (bounds.Workers == 1 && NotCut(tasks).Any()) yield return Finish(world, i, isBeforeBarriers: true);
                break;
            case JobState.Ended ended:
                if (Complete(world, i, ended.Outcome) is { } completed) yield return completed;
                break;
        }
    }

    /// <summary>What may go wrong in a deployment, or be asked of it.</summary>
    IEnumerable<LifeWorld> Troubles(LifeWorld world, int i)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        LifeBudget left = world.Budget;
        TimeSpan wake = tasks.IsLoopOver ? TimeSpan.MaxValue : CheckpointMachine.NextWake(tasks.Checkpoints);
        if (wake != TimeSpan.MaxValue && (left.Expiries > 0 || !tasks.Checkpoints.InFlight.Any(a => a.BegunAt + bounds.Options.Timeout <= wake)))
            yield return Tick(world, i, wake);
        foreach (LifePart part in tasks.Parts)
        {
            if (part.IsStray && left.Strays > 0) yield return Send(world with { Budget = left with { Strays = left.Strays - 1 } }, i, part);
            if (!part.IsStray && left.Declines > 0)
                yield return Post((world with { Budget = left with { Declines = left.Declines - 1 } }).With(i, tasks with { Parts = tasks.Parts.Remove(part) }), i,
                    new CheckpointEvent.Declined(tasks.Now, new(part.Barrier.Id, null, "cannot"))) with { Did = $"worker {part.Worker} declines {part.Barrier.Id}" };
        }

        if (tasks.Job is JobState.Starting or JobState.Running && left.Failures > 0)
            yield return Handle(world with { Budget = left with { Failures = left.Failures - 1 } }, i, new JobEvent.Failed(new InvalidOperationException("a task"))) with { Did = "a task fails" };
        foreach (LifeRequests request in s_requests)
        {
            if (left.Requests.HasFlag(request)) yield return Ask(world with { Budget = left with { Requests = left.Requests & ~request } }, i, request) with { Did = $"{request} is asked" };
        }
    }

    /// <summary>Time passes until the timer of the coordinator fires.</summary>
    LifeWorld Tick(LifeWorld world, int i, TimeSpan wake)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        TimeSpan now = wake > tasks.Now ? wake : tasks.Now;
        int expired = tasks.Checkpoints.InFlight.Count(a => a.Id != tasks.Checkpoints.Completing && a.BegunAt + bounds.Options.Timeout <= now);
        world = world with { Budget = world.Budget with { Expiries = world.Budget.Expiries - Math.Min(expired, 1) } };
        return Post(world.With(i, tasks with { Now = now }), i, new CheckpointEvent.TimePassed(now)) with { Did = $"it is {now.TotalSeconds} s" };
    }

    LifeWorld Ask(LifeWorld world, int i, LifeRequests request)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        Count($"asked: {request}");
        switch (request)
        {
            case LifeRequests.Manual: return Asked(world.With(i, tasks with { Manual = LifeAnswer.Pending }), i, CheckpointPurpose.Manual);
            case LifeRequests.Savepoint: return Asked(world.With(i, tasks with { Savepoint = LifeAnswer.Pending }), i, CheckpointPurpose.Savepoint);
            // Asked twice, it is one stop.
            case LifeRequests.Stop: return tasks.Stop == LifeAnswer.None ? world.With(i, tasks with { Stop = LifeAnswer.Pending }) : world;
            default: return Handle(world.With(process with { Asked = process.Asked ?? new LedgerEvent.Cancelled() }), i, new JobEvent.CancelAsked());
        }
    }

    LifeWorld Asked(LifeWorld world, int i, CheckpointPurpose purpose)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (purpose == CheckpointPurpose.Stop) world = world.With(i, tasks = tasks with { IsStopRecorded = true });
        CheckpointRequest request = new((long)purpose, purpose);
        return tasks.IsLoopOver ? Answer(world, i, request, LifeAnswer.Refused) : Post(world, i, new CheckpointEvent.Asked(tasks.Now, request));
    }

    static LifeWorld Answer(LifeWorld world, int i, CheckpointRequest? request, LifeAnswer answer)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        // Whoever was answered is not answered again.
        return request?.Purpose switch
        {
            CheckpointPurpose.Manual when tasks.Manual == LifeAnswer.Pending => world.With(i, tasks with { Manual = answer }),
            CheckpointPurpose.Savepoint when tasks.Savepoint == LifeAnswer.Pending => world.With(i, tasks with { Savepoint = answer }),
            CheckpointPurpose.Stop when tasks.Stop == LifeAnswer.Pending => world.With(i, tasks with { Stop = answer }),
            CheckpointPurpose.Final when tasks.Final == LifeAnswer.Pending => world.With(i, tasks with { Final = answer }),
            _ => world,
        };
    }

    static LifeWorld RefuseAll(LifeWorld world, int i) => new[] { CheckpointPurpose.Manual, CheckpointPurpose.Savepoint, CheckpointPurpose.Stop, CheckpointPurpose.Final }
        .Aggregate(world, (all, purpose) => purpose == CheckpointPurpose.Stop && !all.Processes[i].Tasks!.IsStopRecorded ? all : Answer(all, i, new(0, purpose), LifeAnswer.Refused));

    /// <summary>Sinks end what earlier deployments left, one transaction after the other, then the tasks are let run.</summary>
    LifeWorld Open(LifeWorld world, int i)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (tasks.Abandoned.IsDefault) return world.With(i, tasks with { Abandoned = [.. Strange(world, tasks.Attempt, world.Processes[i].Leader.Job)] }) with { Did = "the sink looks for what was left" };
        if (tasks.Abandoned.Length == 0) return Handle(world, i, new JobEvent.Opened()) with { Did = "the tasks run" };
        return Abort(world.With(i, tasks with { Abandoned = tasks.Abandoned.RemoveAt(0) }), tasks.Abandoned[0]);
    }

    /// <summary>The tasks come to the end of their input, or to the barrier of a stop.</summary>
    /// <param name="world">The world.</param>
    /// <param name="i">Whose.</param>
    /// <param name="isBeforeBarriers">Whether they do before they have met the barriers that are under way.</param>
    LifeWorld Finish(LifeWorld world, int i, bool isBeforeBarriers)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        // Sources that ended with a stop have no end of input behind it.
        bool isSealed = isBeforeBarriers || !tasks.IsEndedByStop;
        ImmutableArray<long> early = isBeforeBarriers ? [.. NotCut(tasks)] : [];
        if (isSealed)
        {
            tasks = tasks with { Sealed = tasks.Sealed.Add(long.MaxValue) };
            world = Prepare(world, tasks.Attempt, long.MaxValue);
        }

        if (isBeforeBarriers)
        {
            // What would have been sealed at those barriers is sealed with the end.
            tasks = tasks with { Sealed = tasks.Sealed.RemoveRange(early), Parts = [.. tasks.Parts.Select(p => early.Contains(p.Barrier.Id) ? p with { IsFinal = true } : p)], Given = tasks.Given.AddRange(early) };
        }

        Count("tasks finished");
        return Handle(world.With(i, tasks with { AreFinished = true }), i, new JobEvent.TasksEnded()) with { Did = isBeforeBarriers ? "the tasks end before their barriers" : "the tasks end" };
    }

    /// <summary>Barriers that a task may not have met yet: they come in order, so behind every one whose part was sent.</summary>
    static IEnumerable<long> NotCut(LifeTasks tasks)
    {
        HashSet<long> pending = [.. tasks.Parts.Where(static p => !p.IsStray).Select(static p => p.Barrier.Id)];
        long cut = tasks.Sealed.Where(at => !pending.Contains(at)).DefaultIfEmpty(0).Max();
        return pending.Where(id => id > cut).Order();
    }

    LifeWorld Handle(LifeWorld world, int i, JobEvent e)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        (JobState job, JobEffect effect) = JobMachine.Step(tasks.Job, e);
        world = world.With(i, tasks with { Job = job });
        return effect == JobEffect.RunTasks ? Post(world, i, new CheckpointEvent.TasksRun(tasks.Now, bounds.Workers)) : world;
    }

    /// <summary>All tasks have ended: waits for the last checkpoint where one is due. Null while there is nothing to do but wait.</summary>
    LifeWorld? Complete(LifeWorld world, int i, JobOutcome outcome)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (outcome is not JobOutcome.Finished) return world.With(world.Processes[i] with { Stage = LifeStage.Closing });
        switch (tasks.Stop)
        {
            case LifeAnswer.Pending: return null;
            case LifeAnswer.Taken: return world.With(world.Processes[i] with { Stage = LifeStage.Closing });
            case LifeAnswer.Refused when tasks.IsEndedByStop: return Handle(world, i, new JobEvent.Failed(new CheckpointFailedException("the job could not be stopped")));
        }

        switch (tasks.Final)
        {
            case LifeAnswer.None when tasks.IsLoopOver: return world.With(i, tasks with { Final = LifeAnswer.Refused });
            case LifeAnswer.None: return Post(world.With(i, tasks with { Final = LifeAnswer.Pending }), i, new CheckpointEvent.TasksFinished(tasks.Now)) with { Did = "the last checkpoint is asked for" };
            case LifeAnswer.Pending: return null;
            case LifeAnswer.Taken: return world.With(world.Processes[i] with { Stage = LifeStage.Closing });
            default: return Handle(world, i, new JobEvent.Failed(new CheckpointFailedException("the last output could not be committed")));
        }
    }

    /// <summary>The coordinator is closed, then the job restarts or ends. Null while there is nothing to do but wait.</summary>
    LifeWorld? Close(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        if (!tasks.IsLoopOver)
        {
            world = Post(world, i, new CheckpointEvent.TasksGone(tasks.Now, "the tasks ended"));
            return world.With(i, world.Processes[i].Tasks! with { IsLoopOver = true });
        }

        if (tasks.Completing is not null || tasks.Following.Length > 0 || process.Turn != LifeTurn.None) return null;
        world = RefuseAll(world, i);
        tasks = world.Processes[i].Tasks!;
        UnrecordedDeeds deeds = tasks.Deeds;
        foreach (CheckpointAttempt left in CheckpointDecision.LeftUnderWay(tasks.Checkpoints, process.Leader.Job))
            deeds = left.Collected.Values.Aggregate(deeds, static (all, part) => all.Discard(part));
        CheckpointPage page = deeds.Open();
        LedgerEvent[] events = [.. page.Events()];
        tasks = tasks with { Deeds = deeds, Page = page, Checkpoints = tasks.Checkpoints with { InFlight = [] } };
        return events.Length > 0 ? Append(world.With(i, tasks), i, LifeTurn.Stage, events) : Closed(world.With(i, tasks), i);
    }

    LifeWorld Closed(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        JobOutcome outcome = ((JobState.Ended)tasks.Job).Outcome;
        if (outcome is JobOutcome.Failed)
        {
            (RestartState restarts, RestartDecision decision) = process.Restarts.OnFailure(bounds.Restarts == 0 ? s_none : new RestartPolicy.FixedDelay { Attempts = bounds.Restarts, Delay = TimeSpan.Zero }, TimeSpan.Zero);
            process = process with { Restarts = restarts };
            // Asked to end between two deployments, it is not deployed again.
            if (decision is RestartDecision.RestartAfter && process.Asked is null)
            {
                Count("restarted");
                return world.With(process with { Stage = LifeStage.Settling, Tasks = null, Settled = [] });
            }
        }

        LedgerEvent end = DeploymentEnding.Of(outcome, process.Leader.Job, process.Asked);
        return world.With(process with { Stage = LifeStage.Ending, End = end, Tasks = tasks with { Deeds = tasks.Deeds.Close(tasks.Page!) } });
    }
}
