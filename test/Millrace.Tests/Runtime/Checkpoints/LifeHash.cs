using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>
/// The fingerprint of a state of a life in the making. Times are taken relative to the clock, and what follows from the rest is left out: parts
/// follow from their barriers, manifests from their names.
/// </summary>
struct LifeHash(UInt128 seed)
{
    public UInt128 Value { get; private set; } = seed;

    public void Add(UInt128 part) => Value = Fingerprints.Mix(Value, part);

    public void Add(long part) => Value = Fingerprints.Mix(Value, part);

    public void Add(string text) => Add(Fingerprints.Of(text));

    public void Add(LifeProcess process)
    {
        Add(((long)process.Stage * 1_000) + ((long)process.Turn * 100) + (process.IsRestart ? 10 : 0) + (process.IsGatheringRefused ? 1 : 0));
        if (process.Stage is LifeStage.Over or LifeStage.Idle) return;
        Add(ExploredLeader.KeyOf(process.Leader));
        Add((process.Restarts.InAll * 100) + Kind(process.Asked) + (Kind(process.End) * 10));
        Add(process.Settled.Length);
        foreach (TransactionName name in process.Settled) Add(name.Id);
        if (process.Tasks is { } tasks) Add(tasks);
    }

    static long Kind(LedgerEvent? e) => e switch
    {
        null => 0,
        LedgerEvent.Cancelled => 1,
        LedgerEvent.Stopped => 2,
        LedgerEvent.Finished => 3,
        _ => 4,
    };

    void Add(LifeTasks tasks)
    {
        Add(tasks.Attempt.Term, tasks.Attempt.Sequence);
        Add(JobOf(tasks.Job), (long)tasks.Manual + ((long)tasks.Savepoint * 4) + ((long)tasks.Stop * 16) + ((long)tasks.Final * 64));
        Add(Flags(tasks.AreFinished, tasks.IsEndedByStop, tasks.IsLoopOver, tasks.IsStopRecorded, tasks.Page is not null, tasks.Abandoned.IsDefault, tasks.Last > 0));
        Add(tasks.Checkpoints, tasks.Now);
        Add(tasks.Deeds.Open());
        foreach (TransactionName name in tasks.Told.Names) Add(name.Id);
        Add(tasks.Committed.Length);
        foreach (TransactionName name in tasks.Committed) Add(name.Id);
        Add(tasks.Parts.Length);
        // Their order is of no consequence.
        UInt128 parts = 0;
        foreach (LifePart part in tasks.Parts) parts += Fingerprints.Mix((UInt128)part.Barrier.Id, (part.Worker * 4) + (part.IsFinal ? 2 : 0) + (part.IsStray ? 1 : 0));
        Add(parts);
        foreach (long barrier in tasks.Sealed) Add(barrier);
        Add(tasks.Given.Length);
        foreach (long barrier in tasks.Given) Add(barrier);
        if (!tasks.Abandoned.IsDefault) foreach (string id in tasks.Abandoned) Add(id);
        if (tasks.Completing is { } completing) Add(completing);
        Add(tasks.Following.Length);
        foreach (LifeFollow follow in tasks.Following) Add(follow);
        if (tasks.Page is { } page) Add(page);
    }

    void Add(CheckpointState state, TimeSpan now)
    {
        Add(state.NextId, state.Confirmed);
        Add(Flags(state.AreTasksFinished, state.IsEnding, state.Workers > 0), (state.Failures * 100) + (state.Completing ?? 0));
        Add(state.DueAt == TimeSpan.MaxValue ? -1 : Math.Max(0, (state.DueAt - now).Ticks), state.NotBefore <= now ? 0 : (state.NotBefore - now).Ticks);
        foreach (CheckpointAttempt attempt in state.InFlight)
        {
            Add(attempt.Id, (now - attempt.BegunAt).Ticks);
            Add(Flags(attempt.IsFinal), ((long)attempt.Purpose * 100) + attempt.Barrier.Confirmed);
            foreach ((int worker, WorkerSnapshot part) in attempt.Collected) Add(worker, part.Operators[0].Prepared.Count);
        }

        Add(state.Waiting.Length, state.GivenUp.Count);
        foreach (CheckpointRequest request in state.Waiting) Add(request.Ticket);
        foreach (long id in state.GivenUp) Add(id);
    }

    void Add(CheckpointPage page)
    {
        Add(page.StrayTransactions.Count, page.Settled.Count);
        foreach (OwedTransaction stray in page.StrayTransactions) Add(stray.Id);
        foreach (TransactionName name in page.Settled) Add(name.Id);
        Add(page.StrayKeys.Count, page.Swept.Count);
        foreach (string key in page.StrayKeys) Add(key);
        foreach (string key in page.Swept) Add(key);
    }

    void Add(LifeCompleting completing)
    {
        Add(completing.Attempt.Id, completing.IsWritten ? 1 : 0);
        foreach (long parent in completing.Parents) Add(parent);
        if (completing.Page is { } page) Add(page);
        if (completing.Committed is { } committed) Add(committed.Snapshot.Sha256);
        if (completing.Committed is { Prepared: var prepared }) foreach (OwedTransaction owed in prepared) Add(owed.Id);
    }

    void Add(LifeFollow follow)
    {
        Add((follow.Attempt.Id * 10) + follow.Step, follow.Left.Length + (follow.IsRefused ? 100 : 0) + (follow.AnswersManual ? 1_000 : 0));
        foreach (OwedTransaction owed in follow.Left) Add(owed.Id);
    }

    void Add(long first, long second)
    {
        Add(first);
        Add(second);
    }

    static long JobOf(JobState job) => job switch
    {
        JobState.Starting => 0,
        JobState.Running => 1,
        JobState.Stopping { Outcome: JobOutcome.Failed } => 2,
        JobState.Stopping => 3,
        JobState.Ended { Outcome: JobOutcome.Finished } => 4,
        JobState.Ended { Outcome: JobOutcome.Cancelled } => 5,
        _ => 6,
    };

    static long Flags(params ReadOnlySpan<bool> flags)
    {
        long all = 0;
        foreach (bool flag in flags) all = (all * 2) + (flag ? 1 : 0);
        return all;
    }
}
