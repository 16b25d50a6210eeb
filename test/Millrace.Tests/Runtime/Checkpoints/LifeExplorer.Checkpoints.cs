using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>The checkpoints of a deployment, as <c>CheckpointCoordinator</c>, <c>CheckpointWriter</c> and <c>CheckpointFollowUp</c> carry them out.</summary>
sealed partial class LifeExplorer
{
    static readonly TypeSchema Schema = new(new SchemaType.Scalar("int32"), []);

    /// <summary>An event reaches the machine, and what it says is done.</summary>
    LifeWorld Post(LifeWorld world, int i, CheckpointEvent e)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (tasks.IsLoopOver) return world;
        (CheckpointState next, ImmutableArray<CheckpointEffect> effects) = Step(tasks.Checkpoints, e);
        int begun = effects.Count(static effect => effect is CheckpointEffect.Trigger { Attempt.Purpose: CheckpointPurpose.Periodic });
        world = world with { Budget = world.Budget with { Checkpoints = world.Budget.Checkpoints - begun } };
        // Beyond the bound the interval does not pass any more.
        if (world.Budget.Checkpoints <= 0) next = next with { DueAt = TimeSpan.MaxValue };
        world = world.With(i, tasks with { Checkpoints = next });
        foreach (CheckpointEffect effect in effects)
        {
            world = Do(world, i, effect);
            if (world.Broken is not null) break;
        }

        return world;
    }

    LifeWorld Do(LifeWorld world, int i, CheckpointEffect effect)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        switch (effect)
        {
            case CheckpointEffect.Trigger trigger: return Trigger(world, i, trigger.Attempt);
            case CheckpointEffect.Complete complete when tasks.Completing is not null: return world with { Broken = $"checkpoint {complete.Attempt.Id} is written while another is" };
            case CheckpointEffect.Complete complete:
                return world.With(i, tasks with { Completing = new(complete.Attempt, mutation == LifeMutation.ParentsForgotten ? [] : [.. CheckpointDecision.Parents(tasks.Checkpoints, complete.Attempt).Order()]) });
            case CheckpointEffect.Confirm { Attempt: var attempt } when tasks.Confirmed.Any(id => id >= attempt.Id): return world with { Broken = $"checkpoint {attempt.Id} is confirmed after {tasks.Confirmed[^1]}" };
            case CheckpointEffect.Confirm confirm: return world.With(i, tasks with { Confirmed = tasks.Confirmed.Add(confirm.Attempt.Id) });
            case CheckpointEffect.Abort abort when tasks.Confirmed.Contains(abort.Id): return world with { Broken = $"checkpoint {abort.Id} is confirmed and given up" };
            case CheckpointEffect.Abort abort:
                Count("given up");
                // What is on its way may still come.
                return world.With(i, tasks with { Parts = [.. tasks.Parts.Select(p => p.Barrier.Id == abort.Id ? p with { IsStray = true } : p)], Last = tasks.Last == abort.Id ? 0 : tasks.Last });
            case CheckpointEffect.Discard discard: return Discard(world, i, discard.Snapshot);
            case CheckpointEffect.Refuse refuse: return Answer(world, i, refuse.Request, LifeAnswer.Refused);
            case CheckpointEffect.Supersede by: return Superseded(world, i, by);
            case CheckpointEffect.FailTasks fail: return Fail(world, i, new CheckpointFailedException(fail.Why));
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    LifeWorld Trigger(LifeWorld world, int i, CheckpointAttempt attempt)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        Count($"begun: {attempt.Purpose}");
        if (tasks.Last > 0) return world with { Broken = $"checkpoint {attempt.Id} begins after {tasks.Last}, which is the last" };
        bool isLast = attempt.Purpose is CheckpointPurpose.Stop or CheckpointPurpose.Final;
        LifePart[] parts = [.. Enumerable.Range(0, bounds.Workers).Select(worker => new LifePart(worker, attempt.Barrier, tasks.AreFinished, false))];
        tasks = tasks with { Parts = tasks.Parts.AddRange(parts), Last = isLast ? attempt.Id : 0 };
        // Finished tasks have nothing to seal any more, and only know what they were given.
        if (tasks.AreFinished) return world.With(i, tasks with { Given = tasks.Given.Add(attempt.Id) });
        tasks = tasks with { Sealed = tasks.Sealed.Add(attempt.Id), IsEndedByStop = tasks.IsEndedByStop || attempt.Barrier.IsStop };
        return Prepare(world.With(i, tasks), tasks.Attempt, attempt.Id);
    }

    /// <summary>A part arrives. It may come again.</summary>
    LifeWorld Send(LifeWorld world, int i, LifePart part)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        ImmutableArray<LifePart> left = tasks.Parts.Remove(part);
        if (!part.IsStray && bounds.Strays > 0) left = left.Add(part with { IsStray = true });
        world = Post(world.With(i, tasks with { Parts = left }), i, new CheckpointEvent.Collected(tasks.Now, part.Worker, SnapshotOf(tasks, part)));
        return world with { Did = $"the part {part.Worker} of {part.Barrier.Id} arrives{(part.IsStray ? " unasked" : "")}" };
    }

    /// <summary>What a worker's sinks have sealed and not seen confirmed, as <c>TransactionalSinkEnd</c> and <c>FinishedTask</c> say.</summary>
    WorkerSnapshot SnapshotOf(LifeTasks tasks, LifePart part)
    {
        long confirmed = part.Barrier.Confirmed;
        bool isTold = part.IsFinal && tasks.Given.Contains(confirmed);
        IEnumerable<long> sealedAt = isTold ? [] : tasks.Sealed.Where(at => at > confirmed && (at <= part.Barrier.Id || (part.IsFinal && at == long.MaxValue)));
        if (mutation == LifeMutation.FailureForgets) sealedAt = sealedAt.Where(at => at == part.Barrier.Id || at == long.MaxValue);
        PackEntry pack = new($"packs/{tasks.Attempt}-{part.Worker}-{part.Barrier.Id}.0-5eed", 1, 0, LedgerEntry.None, tasks.Attempt, "");
        OperatorSlice slice = new()
        {
            OperatorId = "sink",
            Subtask = new(part.Worker, bounds.Workers),
            IsFinished = part.IsFinal,
            Prepared = [.. sealedAt.Select(at => Transaction(tasks.Attempt, part.Worker, at))],
        };
        return new(part.Barrier.Id, [pack], [slice]);
    }

    static OwedTransaction Transaction(AttemptId attempt, int worker, long at)
    {
        string id = $"{attempt}/{worker}/{(at == long.MaxValue ? "end" : at)}";
        return new("sink", id, Schema, default, id);
    }

    LifeWorld Prepare(LifeWorld world, AttemptId attempt, long at)
    {
        ExploredSet<string> prepared = world.Prepared;
        for (int worker = 0; worker < bounds.Workers; worker++) prepared = prepared.Add(Transaction(attempt, worker, at).Id);
        return world with { Prepared = prepared };
    }

    LifeWorld Discard(LifeWorld world, int i, WorkerSnapshot part)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (mutation == LifeMutation.FailureForgets) part = part with { Operators = [] };
        world = world.With(i, tasks with { Deeds = tasks.Deeds.Discard(part) });
        return mutation == LifeMutation.FailureAborts ? part.Operators.SelectMany(static slice => slice.Prepared).Aggregate(world, (all, t) => Abort(all, t.Id)) : world;
    }

    LifeWorld Superseded(LifeWorld world, int i, CheckpointEffect.Supersede by)
    {
        Count("superseded");
        LifeProcess process = world.Processes[i];
        if (by.Request.Purpose != CheckpointPurpose.Manual) return world with { Broken = $"checkpoint {by.Id} is confirmed before one that somebody waits for" };
        if (!process.Leader.Job.Retained.Any(r => r.Snapshot.Id == by.Id)) return world with { Broken = $"who asked is told of checkpoint {by.Id}, which is not retained" };
        // Once what follows from the later one is done.
        LifeTasks tasks = process.Tasks!;
        return world.With(i, tasks with { Following = tasks.Following.SetItem(tasks.Following.Length - 1, tasks.Following[^1] with { AnswersManual = true }) });
    }

    /// <summary>The coordinator ends with a failure, everybody who waits is told, and the tasks are ended.</summary>
    LifeWorld Fail(LifeWorld world, int i, Exception failure)
    {
        Count("coordinator failed");
        LifeTasks tasks = world.Processes[i].Tasks!;
        if (tasks.IsLoopOver) return world;
        world = RefuseAll(world.With(i, tasks with { IsLoopOver = true }), i);
        return Handle(world, i, new JobEvent.Failed(failure));
    }

    /// <summary>The checkpoint that is being made to count.</summary>
    IEnumerable<LifeWorld> Writing(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        if (tasks.Completing is not { } completing || process.Turn == LifeTurn.Complete) yield break;
        if (completing.Manifest is null)
        {
            yield return Assemble(world, i) with { Did = $"the manifest of {completing.Attempt.Id} is assembled" };
            yield break;
        }

        if (!completing.IsWritten)
        {
            yield return world.With(i, tasks with { Completing = completing with { IsWritten = true } }) with { Did = "it is written" };
            if (world.Budget.Refusals == 0) yield break;
            // Perhaps it is there all the same.
            LifeWorld refused = world with { Budget = world.Budget with { Refusals = world.Budget.Refusals - 1 } };
            tasks = tasks with { Completing = null, Deeds = tasks.Deeds.Discard(completing.Committed!.Snapshot.Key) };
            yield return Post(refused.With(i, tasks), i, new CheckpointEvent.CommitFailed(tasks.Now, completing.Attempt.Id, "the store refused")) with { Did = "it cannot be written" };
            yield break;
        }

        if (process.Turn != LifeTurn.None || !process.Leader.MayAct) yield break;
        List<LedgerEvent> entry = CheckpointDecision.Entry(process.Leader.Job, completing.Committed!, completing.Page!, completing.Parents, bounds.Retained, Manifest);
        yield return Append(world, i, LifeTurn.Complete, Twisted(entry)) with { Did = "its entry is written" };
    }

    LifeWorld Assemble(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        CheckpointAttempt attempt = tasks.Completing!.Attempt;
        ToldTransactions told = tasks.Told.Before(attempt.Barrier.Confirmed);
        CheckpointPage page = tasks.Deeds.Open();
        HashSet<TransactionName> known = [.. process.Leader.Job.Owed.Select(TransactionName.Of)];
        SnapshotReference? parent = CheckpointDecision.Parent(process.Leader.Job, attempt.Barrier, tasks.Attempt);
        SnapshotManifest manifest = new()
        {
            Id = attempt.Id, Kind = SnapshotKind.Checkpoint, Job = "job", Timeline = "t", Attempt = tasks.Attempt, Parent = parent, TakenAt = Day, Engine = "", Fingerprint = "f", Operators = [],
            IsDrained = attempt.IsFinal,
            Owed = CheckpointDecision.Owed(process.Leader.Job.Owed, page, attempt.Collected.Values, told),
            // A delta: what the parent wrote itself is needed, and what that was relative to is written again.
            Packs = [.. attempt.Collected.Values.SelectMany(static part => part.Packs), .. parent is null ? [] : _manifests[parent].Packs.Where(p => p.Key.Contains($"-{parent.Id}.", StringComparison.Ordinal))],
        };
        string content = $"{attempt.Id} {tasks.Attempt} {string.Join(',', manifest.Packs.Select(static p => p.Key))} {string.Join(',', manifest.Owed.Select(static o => o.Id))}";
        SnapshotReference snapshot = new(attempt.Id, tasks.Attempt, SnapshotKeys.Manifest(attempt.Id, tasks.Attempt), HashOf(content));
        _manifests.TryAdd(snapshot, manifest);
        LedgerEvent.CheckpointCommitted committed = CheckpointDecision.Committed(attempt, snapshot, manifest, known);
        return world.With(i, tasks with { Told = told, Completing = tasks.Completing with { Page = page, Manifest = manifest, Committed = committed } });
    }

    static string HashOf(string text) => Fingerprints.Of(text).ToString("x32", System.Globalization.CultureInfo.InvariantCulture).PadLeft(64, 'a');

    SnapshotManifest? Manifest(SnapshotReference snapshot) => _manifests.GetValueOrDefault(snapshot);

    /// <summary>An entry of a running deployment is committed.</summary>
    LifeWorld Recorded(LifeWorld world, int i, LifeTurn turn)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        switch (turn)
        {
            case LifeTurn.Complete:
                LifeCompleting completing = tasks.Completing!;
                LedgerEvent.CheckpointCommitted committed = completing.Committed!;
                tasks = tasks with
                {
                    Told = tasks.Told.With(completing.Attempt.Id, committed.Prepared.Select(TransactionName.Of)),
                    Deeds = tasks.Deeds.Close(completing.Page!),
                    Following = tasks.Following.Add(new(completing.Attempt, committed.Snapshot)),
                    Completing = null,
                };
                Count("committed");
                if (Unnamed(world, tasks, committed.Snapshot.Id) is { } unnamed) return world with { Broken = unnamed };
                return Post(world.With(i, tasks), i, new CheckpointEvent.Committed(tasks.Now, completing.Attempt.Id, []));
            case LifeTurn.Gather:
                return world.With(i, tasks with { Deeds = tasks.Deeds.Close(tasks.Page!), Page = null, Following = tasks.Following.SetItem(0, tasks.Following[0] with { Step = 5 }) });
            case LifeTurn.Stop: return Asked(world, i, CheckpointPurpose.Stop);
            case LifeTurn.Stage: return Closed(world, i);
            default: return world;
        }
    }

    /// <summary>What follows the oldest committed checkpoint that has not been followed up.</summary>
    IEnumerable<LifeWorld> Following(LifeWorld world, int i)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        if (tasks.Following is not [var follow, ..] || process.Turn == LifeTurn.Gather) yield break;
        LedgerState job = process.Leader.Job;
        LifeWorld at(int step) => world.With(i, tasks with { Following = tasks.Following.SetItem(0, follow with { Step = step }) });
        switch (follow.Step)
        {
            case 0:
                ImmutableArray<TransactionName> still = [.. tasks.Committed.Intersect(job.Owed.Select(TransactionName.Of))];
                tasks = tasks with { Committed = still };
                yield return world.With(i, tasks with { Following = tasks.Following.SetItem(0, follow with { Step = 1, Left = [.. Uncommitted(tasks, job)] }) });
                break;
            case 1 when follow.Left is [var next, .. var left]:
                if (mutation == LifeMutation.SettleEarly) yield return world.With(i, Noted(tasks, next) with { Following = tasks.Following.SetItem(0, follow with { Left = left }) });
                else yield return Commit(world.With(i, Noted(tasks, next) with { Following = tasks.Following.SetItem(0, follow with { Left = left }) }), next);
                break;
            case 1: yield return at(2); break;
            case 2:
                string[] doomed = CheckpointDecision.Undeleted(job, tasks.Deeds.Open());
                bool isGathered = follow.Attempt.Request is { Purpose: CheckpointPurpose.Savepoint or CheckpointPurpose.Stop };
                yield return Delete(world, i, doomed).With(i, tasks with { Deeds = tasks.Deeds.Sweep(doomed), Following = tasks.Following.SetItem(0, follow with { Step = isGathered ? 3 : 5 }) });
                break;
            case 3:
                if (Lacks(world, follow.Snapshot) is { } lacks)
                {
                    // Who leads by now has gathered it, and need not keep it any more; who was overtaken finds nothing to read.
                    bool isOvertaken = process.Leader.Tip!.Sha256 != world.Reported;
                    yield return isOvertaken ? NotGathered(world, i, follow) with { Did = $"{follow.Snapshot.Id} is gone for who was overtaken" } : world with { Broken = lacks };
                    break;
                }

                yield return at(4) with { Did = $"{follow.Snapshot.Id} is gathered" };
                if (world.Budget.Refusals > 0) yield return NotGathered(world with { Budget = world.Budget with { Refusals = world.Budget.Refusals - 1 } }, i, follow);
                break;
            case 4 when process.Turn == LifeTurn.None && process.Leader.MayAct:
                CheckpointPage page = tasks.Deeds.Open();
                yield return Append(world.With(i, tasks with { Page = page }), i, LifeTurn.Gather, [.. page.Events(), .. CheckpointDecision.Gathered(job, follow.Snapshot, Folder(follow.Snapshot), Manifest)]);
                break;
            case 5: yield return Followed(world, i, follow); break;
        }
    }

    LifeWorld NotGathered(LifeWorld world, int i, LifeFollow follow)
    {
        LifeTasks tasks = world.Processes[i].Tasks!;
        // The job needs no savepoint to go on; a stop does.
        if (follow.Attempt.Purpose == CheckpointPurpose.Savepoint) return world.With(i, tasks with { Following = tasks.Following.SetItem(0, follow with { Step = 5, IsRefused = true }) });
        return Fail(world.With(i, tasks with { Following = [] }), i, new InvalidOperationException("the savepoint cannot be gathered"));
    }

    LifeWorld Followed(LifeWorld world, int i, LifeFollow follow)
    {
        LifeProcess process = world.Processes[i];
        LifeTasks tasks = process.Tasks!;
        world = world.With(process with { Restarts = process.Restarts.OnCheckpoint(), Tasks = tasks with { Following = tasks.Following.RemoveAt(0) } });
        if (!follow.IsRefused && UnsettledOf(world, follow.Snapshot) is { } owed) return world with { Broken = $"checkpoint {follow.Snapshot.Id} is reported to who asked, and {owed} is not committed" };
        world = Answer(world, i, follow.Attempt.Request, follow.IsRefused ? LifeAnswer.Refused : LifeAnswer.Taken);
        if (follow.AnswersManual) world = Answer(world, i, new(0, CheckpointPurpose.Manual), LifeAnswer.Taken);
        bool isFinal = follow.Attempt.IsFinal && follow.Attempt.Purpose is CheckpointPurpose.Final or CheckpointPurpose.Stop;
        return isFinal ? Answer(world, i, new(0, CheckpointPurpose.Final), LifeAnswer.Taken) : world;
    }

    static SavepointFolder Folder(SnapshotReference snapshot) => new($"savepoints/{snapshot.Id}", LedgerEntry.None);

    static OwedTransaction[] Uncommitted(LifeTasks tasks, LedgerState job) => CheckpointDecision.Uncommitted(job, tasks.Committed.ToHashSet());

    static LifeTasks Noted(LifeTasks tasks, OwedTransaction transaction) => tasks with
    {
        Deeds = tasks.Deeds.Settle(TransactionName.Of(transaction)),
        Committed = tasks.Committed.Add(TransactionName.Of(transaction)),
    };
}
