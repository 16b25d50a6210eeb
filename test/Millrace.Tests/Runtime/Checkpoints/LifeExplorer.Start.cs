using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>What a process does around its deployments: takes up the job, goes on after a failure, ends it. As <c>JobStart</c>, <c>DurableJob</c> and <c>OwedSettlement</c> do.</summary>
sealed partial class LifeExplorer
{
    static readonly StartRequest Request = new() { Fingerprint = "f", Sinks = ["sink"] };

    /// <summary>The next step of a process that leads and has no entry under way.</summary>
    IEnumerable<LifeWorld> Take(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LedgerState job = process.Leader.Job;
        switch (process.Stage)
        {
            case LifeStage.StopSettling when mutation == LifeMutation.StopUnsettled && job.Owed.Count > 0:
                return [Append(world, i, LifeTurn.Stage, [new LedgerEvent.TransactionsSettled([.. job.Owed.Select(TransactionName.Of)]), new LedgerEvent.Stopped()])];
            case LifeStage.Settling when mutation == LifeMutation.AbortOwed: return [Settled(world, i)];
            case LifeStage.Settling or LifeStage.StopSettling when job.Owed.Count > 0: return [Settle(world, i)];
            case LifeStage.Settling: return [Settled(world, i)];
            case LifeStage.StopSettling: return [Append(world, i, LifeTurn.Stage, [new LedgerEvent.Stopped()])];
            case LifeStage.Sweeping or LifeStage.EndSweeping when job.Doomed.Count > 0:
                // Doomed is doomed, whoever leads; the question that spares an overtaken process the work is left out.
                return [Append(Delete(world, i, job.Doomed), i, LifeTurn.Sweep, [new LedgerEvent.Swept(job.Doomed)])];
            case LifeStage.Sweeping: return [world.With(process with { Stage = LifeStage.Gathering })];
            case LifeStage.EndSweeping:
                return [world.With(Over(process)) with { Broken = job.Doomed.FirstOrDefault(key => !world.Deleted.Has(key)) is { } doomed ? $"{doomed} is doomed, and nobody deletes it" : null }];
            case LifeStage.Gathering: return Gathering(world, i);
            case LifeStage.StopGathering: return Gather(world, i, job.Stop!.Snapshot!);
            case LifeStage.Beginning: return [Append(world, i, LifeTurn.Stage, Beginning(job))];
            case LifeStage.Ending: return [End(world, i)];
            default: return [];
        }
    }

    /// <summary>An entry outside of a deployment is committed.</summary>
    LifeWorld Taken(LifeWorld world, int i, LifeTurn turn)
    {
        LifeProcess process = world.Processes[i];
        LedgerState job = process.Leader.Job;
        return process.Stage switch
        {
            LifeStage.Opening => Decide(world, i),
            LifeStage.Settling when turn == LifeTurn.Stage => Settled(world, i),
            LifeStage.StopGathering when turn == LifeTurn.Stage => world.With(process with { Stage = LifeStage.StopSettling }),
            LifeStage.StopSettling when job.Phase == JobPhase.Stopped => Ended(world, i),
            LifeStage.Beginning when turn == LifeTurn.Stage => Deploy(world, i),
            LifeStage.Ending when turn == LifeTurn.Stage => Ended(world, i),
            _ => world,
        };
    }

    LifeWorld Ended(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LedgerState job = process.Leader.Job;
        Count($"{job.Phase}");
        if (job.Phase is JobPhase.Stopped or JobPhase.Finished or JobPhase.Cancelled && Unsettled(world) is { } owed)
            return world with { Broken = $"the job is recorded as {job.Phase}, and {owed} of a checkpoint that counts is not committed" };
        if (job.Phase == JobPhase.Stopped && job.Savepoints.Count == 0) return world with { Broken = "the job is stopped without a savepoint" };
        return world.With(process with { Stage = LifeStage.EndSweeping, Tasks = null });
    }

    LifeWorld Decide(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i] with { Settled = [], Tasks = null };
        StartAction action = StartDecision.Decide(process.Leader.Job, Request);
        Count($"start: {action.GetType().Name}{(action as StartAction.FinishStop)?.Step}");
        return world.With(action switch
        {
            StartAction.FinishStop { ResumeFrom: null, Step: StopStep.Gather } => process with { Stage = LifeStage.StopGathering },
            StartAction.FinishStop { ResumeFrom: null } => process with { Stage = LifeStage.StopSettling },
            StartAction.Fresh or StartAction.Resume or StartAction.FinishStop => process with { Stage = LifeStage.Settling },
            _ => Over(process),
        });
    }

    /// <summary>Commits the next of what is owed, or records that all is committed.</summary>
    LifeWorld Settle(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        OwedTransaction[] left = [.. process.Leader.Job.Owed.Where(owed => !process.Settled.Contains(TransactionName.Of(owed)))];
        if (left.Length == 0) return Append(world, i, LifeTurn.Stage, [new LedgerEvent.TransactionsSettled([.. process.Settled])]);
        return Commit(world.With(process with { Settled = process.Settled.Add(TransactionName.Of(left[0])) }), left[0]);
    }

    LifeWorld Settled(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i] with { Settled = [] };
        if (!process.IsRestart) return world.With(process with { Stage = LifeStage.Sweeping });
        StartAction action = StartDecision.Decide(process.Leader.Job, Request);
        Count($"restart: {action.GetType().Name}{(action as StartAction.FinishStop)?.Step}");
        return world.With(process with
        {
            Stage = action is not StartAction.FinishStop { ResumeFrom: null } stop ? LifeStage.Beginning
                : stop.Step == StopStep.Gather ? LifeStage.StopGathering : LifeStage.StopSettling,
        });
    }

    /// <summary>Savepoints that an earlier process had committed and not gathered.</summary>
    IEnumerable<LifeWorld> Gathering(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LedgerState job = process.Leader.Job;
        SnapshotPin? pin = job.Pins.FirstOrDefault(pin => pin.Reason == LedgerFold.Gathering && pin.Snapshot != job.Stop?.Snapshot);
        return pin is null || process.IsGatheringRefused ? [world.With(process with { Stage = LifeStage.Beginning })] : Gather(world, i, pin.Snapshot);
    }

    IEnumerable<LifeWorld> Gather(LifeWorld world, int i, SnapshotReference snapshot)
    {
        LifeProcess process = world.Processes[i];
        if (Lacks(world, snapshot) is { } lacks) return [world with { Broken = lacks }];
        Count("gathered at a start");
        // As EventLeavings has it; a start that cannot gather a stop fails, and is begun again.
        LifeWorld gathered = Append(world, i, LifeTurn.Stage, [.. CheckpointDecision.Gathered(process.Leader.Job, snapshot, Folder(snapshot), Manifest)]);
        if (world.Budget.Refusals == 0) return [gathered];
        LifeWorld refused = world with { Budget = world.Budget with { Refusals = world.Budget.Refusals - 1 } };
        return [gathered, refused.With(process.Stage == LifeStage.StopGathering ? Over(process) : process with { IsGatheringRefused = true })];
    }

    static LedgerEvent[] Beginning(LedgerState job)
    {
        if (job.Timeline.Length > 0) return [new LedgerEvent.AttemptBegun(job.Timeline, job.Latest?.Snapshot, [], [])];
        // Two entries in truth; nothing can come between them that matters.
        return [new LedgerEvent.TimelineBegun("t", new StartToken("", ""), new TimelineOrigin.Nothing()), new LedgerEvent.AttemptBegun("t", null, [], [])];
    }

    LifeWorld Deploy(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LedgerState job = process.Leader.Job;
        CheckpointState checkpoints = CheckpointMachine.Begin(bounds.Options, job.NextCheckpoint);
        LifeTasks tasks = new() { Attempt = job.Attempt!.Value, Checkpoints = checkpoints };
        // A stop that was recorded is finished before anything else, whichever deployment it takes.
        if (job.Stop is not null) tasks = tasks with { Stop = LifeAnswer.Pending };
        Count("deployed");
        world = world.With(process with { Stage = LifeStage.Running, Tasks = tasks, IsRestart = true });
        return job.Stop is null ? world : Asked(world, i, CheckpointPurpose.Stop);
    }

    /// <summary>Ends the job: what is owed is committed first, then the end is recorded.</summary>
    LifeWorld End(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        LedgerState job = process.Leader.Job;
        if (CheckpointDecision.IsSettledFirst(process.End!) && Uncommitted(tasks, job) is [var next, ..])
        {
            world = Commit(world, next);
            return world.With(i, Noted(tasks, next));
        }

        CheckpointPage page = tasks.Deeds.Open();
        return Append(world, i, LifeTurn.Stage, CheckpointDecision.End(job, process.End!, page, bounds.Options, Manifest));
    }
}
