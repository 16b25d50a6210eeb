namespace Millrace.State.Snapshots;

/// <summary>What follows from each event: a pure function over <see cref="LedgerState"/>.</summary>
public static class LedgerFold
{
    /// <summary>The reason of the pin that holds a checkpoint while it is gathered for a savepoint.</summary>
    public const string Gathering = "gathered for a savepoint";

    /// <summary>The state of a job nothing has happened to.</summary>
    public static LedgerState NewJob(string job) => new() { Job = job };

    /// <summary>
    /// The state as entry 0 of a new term carries it: the entries of the term it accepts become superfluous with it, and whose they are must not
    /// be forgotten, as nothing is found by listing.
    /// </summary>
    /// <param name="state">Everything that follows from the past.</param>
    /// <param name="accepted">The last entry of the past that counts; null for a new job.</param>
    public static LedgerState HandOver(LedgerState state, LedgerPosition? accepted) => accepted is { Sequence: > 0 }
        ? state with { Superseded = [.. state.Superseded, new SupersededTerm(accepted.Term, accepted.Sequence)] }
        : state;

    /// <summary>The state after an entry. The caller has checked that it can follow.</summary>
    /// <param name="state">Before.</param>
    /// <param name="entry">The entry.</param>
    /// <exception cref="InvariantBrokenException">The entry cannot follow.</exception>
    public static LedgerState Apply(LedgerState state, LedgerEntry entry)
    {
        string? problem = Problem(state, entry);
        Invariant.That(problem is null, $"entry {entry.Term}.{entry.Sequence} follows from the state before it, but {problem}");
        foreach (LedgerEvent e in entry.Events) state = Apply(state, entry, e);
        return state;
    }

    /// <summary>Why an entry cannot follow; null when it can.</summary>
    public static string? Problem(LedgerState state, LedgerEntry entry)
    {
        if (entry.Events.Count == 0) return "it says nothing";
        foreach (LedgerEvent e in entry.Events)
        {
            if (Problem(state, entry, e) is { } problem) return problem;
            state = Apply(state, entry, e);
        }

        return null;
    }

    static string? Problem(LedgerState state, LedgerEntry entry, LedgerEvent e) => e switch
    {
        LedgerEvent.Opening opening when entry.Sequence != 0 || entry.Events.Count != 1 => "only entry 0 opens a term, and does nothing else",
        LedgerEvent.Opening opening when opening.State.Job != state.Job => $"it is of job {opening.State.Job}, not {state.Job}",
        LedgerEvent.Opening opening when SupersededProblem(opening.State.Superseded, entry.Term) is { } problem => problem,
        not LedgerEvent.Opening when entry.Sequence == 0 => "entry 0 must open the term",
        LedgerEvent.TimelineBegun when state.Owed.Count > 0 => $"transaction {TransactionName.Of(state.Owed[0])} of the old timeline is still owed",
        LedgerEvent.TimelineBegun { Origin: TimelineOrigin.Own own } when !Knows(state, own.Snapshot) => $"checkpoint {own.Snapshot.Id} is not kept",
        LedgerEvent.AttemptBegun begun when begun.Timeline != state.Timeline => $"timeline {begun.Timeline} was not begun",
        LedgerEvent.AttemptBegun { RestoredFrom: { } from } when !Knows(state, from) => $"checkpoint {from.Id} is not kept",
        LedgerEvent.AttemptBegun { RestoredFrom: { } from } begun when from != state.Latest?.Snapshot && Undropped(state, begun) is { } owed =>
            $"transaction {TransactionName.Of(owed)} of a later checkpoint than {from.Id} is still owed",
        LedgerEvent.CheckpointCommitted c when state.Attempt is null => $"checkpoint {c.Snapshot.Id} belongs to no attempt",
        LedgerEvent.CheckpointCommitted c when c.Snapshot.Attempt != state.Attempt => $"checkpoint {c.Snapshot.Id} belongs to attempt {c.Snapshot.Attempt}, not {state.Attempt}",
        LedgerEvent.CheckpointCommitted c when c.Snapshot.Id < state.NextCheckpoint => $"the id {c.Snapshot.Id} of its checkpoint was used before",
        LedgerEvent.CheckpointCommitted c when c.IsStop && state.Stop is null => $"checkpoint {c.Snapshot.Id} ends a stop that was not begun",
        LedgerEvent.Stopping when state.Phase is not (JobPhase.Running or JobPhase.Stopping) => $"a job that is {state.Phase} cannot begin to stop",
        LedgerEvent.Stopped when state.Stop?.Savepoint is null => "the stop has no savepoint",
        LedgerEvent.Stopped or LedgerEvent.Finished when state.Owed.Count > 0 => $"transaction {TransactionName.Of(state.Owed[0])} is still owed",
        LedgerEvent.SavepointDisposed disposed when state.Savepoints.All(s => s.Address != disposed.Address) => $"there is no savepoint at {disposed.Address}",
        LedgerEvent.SavepointDisposed disposed when state.Stop?.Savepoint == disposed.Address => $"the job is being stopped with the savepoint at {disposed.Address}",
        LedgerEvent.Pinned pinned when !Knows(state, pinned.Snapshot) => $"checkpoint {pinned.Snapshot.Id} is not kept",
        LedgerEvent.Borrowed borrowed when state.Borrowed.Any(b => b.Borrower == borrowed.Checkpoint.Borrower) => $"{borrowed.Checkpoint.Borrower} has borrowed a checkpoint already",
        LedgerEvent.Doomed doomed => DoomProblem(state, entry, doomed),
        LedgerEvent.Pruned pruned when state.Superseded.All(s => s.Term != pruned.Term || pruned.Left < 0 || pruned.Left >= s.Tail) =>
            $"of term {pruned.Term} no entries beyond {pruned.Left} were to be deleted",
        _ => null,
    };

    // What is named here is deleted, so nothing may be named that somebody still needs: an entry 0, or anything of this term or a later one.
    static string? SupersededProblem(IReadOnlyList<SupersededTerm> superseded, long term)
    {
        long last = 0;
        foreach (SupersededTerm one in superseded)
        {
            if (one.Term <= last || one.Term >= term || one.Tail < 1) return $"entries up to {one.Term}.{one.Tail} cannot be superseded by term {term}";
            last = one.Term;
        }

        return null;
    }

    static OwedTransaction? Undropped(LedgerState state, LedgerEvent.AttemptBegun begun) =>
        state.Owed.FirstOrDefault(owed => !begun.Drops.Contains(owed.Operator));

    static string? DoomProblem(LedgerState state, LedgerEntry entry, LedgerEvent.Doomed doomed)
    {
        if (doomed.Keys.FirstOrDefault(key => !LedgerKeys.IsDisposableBy(key, entry.Term)) is { } key) return $"{key} may never be deleted";
        // What a pinned or retained snapshot is found by cannot be deleted; its packs are the cleaner's to spare, who has read the manifest.
        IEnumerable<string> kept = state.Pins.Select(pin => pin.Snapshot.Key)
            .Concat(state.Retained.Select(r => r.Snapshot).Except(doomed.Snapshots).Select(s => s.Key));
        return doomed.Keys.Intersect(kept).FirstOrDefault() is { } named ? $"{named} is kept" : null;
    }

    static LedgerState Apply(LedgerState state, LedgerEntry entry, LedgerEvent e) => e switch
    {
        LedgerEvent.Opening opening => opening.State,
        LedgerEvent.TimelineBegun begun => BeginTimeline(state, begun),
        LedgerEvent.AttemptBegun begun => BeginAttempt(state, entry, begun),
        LedgerEvent.CheckpointCommitted committed => Commit(state, committed),
        LedgerEvent.SavepointTaken taken => TakeSavepoint(state, entry, taken),
        LedgerEvent.SavepointDisposed disposed => state with { Savepoints = [.. state.Savepoints.Where(s => s.Address != disposed.Address)] },
        LedgerEvent.TransactionsSettled settled => Settle(state, settled),
        LedgerEvent.Stopping stopping => state with
        {
            Phase = JobPhase.Stopping,
            Stop = state.Stop is { Snapshot: not null } under ? under : new StopProgress(stopping.IsDrain, stopping.Target),
        },
        LedgerEvent.Stopped => state with { Phase = JobPhase.Stopped, Stop = null, Cause = null },
        LedgerEvent.Cancelled => state with { Phase = JobPhase.Cancelled, Stop = null, Cause = null },
        // A stop that was begun is finished by the next start, however the process ended.
        LedgerEvent.Interrupted interrupted => state with { Phase = Ended(state, JobPhase.Interrupted), Cause = interrupted.Cause },
        LedgerEvent.Failed failed => state with { Phase = Ended(state, JobPhase.Failed), Cause = failed.Cause },
        LedgerEvent.Finished => state with { Phase = JobPhase.Finished, Stop = null, Cause = null },
        LedgerEvent.Pinned pinned => state with { Pins = [.. state.Pins, new SnapshotPin(pinned.Snapshot, pinned.Reason, Borrower: pinned.Borrower)] },
        LedgerEvent.Unpinned unpinned => state with
        {
            Pins = [.. state.Pins.Where(pin => pin.Snapshot != unpinned.Snapshot || (unpinned.Borrower is { } borrower && pin.Borrower != borrower))],
        },
        LedgerEvent.Borrowed borrowed => state with { Borrowed = [.. state.Borrowed, borrowed.Checkpoint] },
        LedgerEvent.Returned returned => state with { Borrowed = [.. state.Borrowed.Where(b => b.Borrower != returned.Borrower)] },
        LedgerEvent.Doomed doomed => Doom(state, doomed),
        LedgerEvent.Swept swept => state with { Doomed = [.. state.Doomed.Except(swept.Keys)] },
        LedgerEvent.Pruned pruned => state with { Superseded = [.. Prune(state.Superseded, pruned)] },
        _ => throw new InvariantBrokenException($"no such event: {e.GetType().Name}"),
    };

    static JobPhase Ended(LedgerState state, JobPhase phase) => state.Phase == JobPhase.Stopping ? JobPhase.Stopping : phase;

    static LedgerState BeginTimeline(LedgerState state, LedgerEvent.TimelineBegun begun)
    {
        IReadOnlyList<RetainedCheckpoint> kept = begun.Origin is TimelineOrigin.Own own ? UpTo(state.Retained, own.Snapshot) : [];
        List<SnapshotPin> pins = [.. state.Pins];
        foreach (SnapshotReference left in LeftBehind(state, kept, begun.Origin))
        {
            // The pin of a borrower ends when that one is done with it, and not when this job is.
            if (pins.All(pin => pin.Snapshot != left || pin.Borrower is not null)) pins.Add(new SnapshotPin(left, $"left behind by timeline {begun.Timeline}"));
        }

        return state with
        {
            Timeline = begun.Timeline,
            Token = begun.Token,
            CommittedUpTo = 0,
            Origin = begun.Origin,
            Retained = kept,
            Pins = pins,
            Stop = null,
            Cause = null,
        };
    }

    // The tip of the old line stays until somebody disposes of it, and so does what the new one begins with, which may be older.
    static IEnumerable<SnapshotReference> LeftBehind(LedgerState state, IReadOnlyList<RetainedCheckpoint> kept, TimelineOrigin origin)
    {
        if (state.Latest is { } latest && !kept.Contains(latest)) yield return latest.Snapshot;
        if (origin is TimelineOrigin.Own own && kept.All(r => r.Snapshot != own.Snapshot)) yield return own.Snapshot;
    }

    static IReadOnlyList<RetainedCheckpoint> UpTo(IReadOnlyList<RetainedCheckpoint> retained, SnapshotReference last)
    {
        int found = retained.Index().Where(r => r.Item.Snapshot == last).Select(r => r.Index).FirstOrDefault(-1);
        return [.. retained.Take(found + 1)];
    }

    static LedgerState BeginAttempt(LedgerState state, LedgerEntry entry, LedgerEvent.AttemptBegun begun) => state with
    {
        Phase = state.Phase == JobPhase.Stopping ? JobPhase.Stopping : JobPhase.Running,
        Cause = null,
        Attempt = new AttemptId(entry.Term, entry.Sequence),
        // What came after the checkpoint it starts from is no longer something to go on from, if somebody chose an older one.
        Retained = begun.RestoredFrom is { } from && state.Retained.Any(r => r.Snapshot == from) ? UpTo(state.Retained, from) : state.Retained,
        Pins = begun.RestoredFrom is { } start && state.Latest is { } latest && latest.Snapshot != start
            ? [.. state.Pins, new SnapshotPin(latest.Snapshot, $"passed over by attempt {entry.Term}.{entry.Sequence}")]
            : state.Pins,
        Owed = [.. state.Owed.Where(owed => !begun.Drops.Contains(owed.Operator))],
        // Who began from less has accepted that what follows is written again.
        CommittedUpTo = begun.AcceptsDuplicates ? Math.Min(state.CommittedUpTo, begun.RestoredFrom?.Id ?? 0) : state.CommittedUpTo,
    };

    static LedgerState Commit(LedgerState state, LedgerEvent.CheckpointCommitted committed) => state with
    {
        NextCheckpoint = committed.Snapshot.Id + 1,
        Retained =
        [
            .. state.Retained,
            new RetainedCheckpoint(committed.Snapshot, committed.Kind, committed.TakenAt, committed.Watermark, committed.Bytes, state.Timeline,
                committed.Prepared.Count > 0, committed.IsFinal, committed.IsDrained, committed.Positions),
        ],
        Owed = [.. state.Owed, .. committed.Prepared],
        CommittedUpTo = committed.Prepared.Count > 0 ? committed.Snapshot.Id : state.CommittedUpTo,
        Pins = committed.Kind == SnapshotKind.Savepoint
            ? [.. state.Pins, new SnapshotPin(committed.Snapshot, Gathering, committed.Target)]
            : state.Pins,
        Stop = committed.IsStop && state.Stop is { } stop ? stop with { Snapshot = committed.Snapshot } : state.Stop,
    };

    static LedgerState TakeSavepoint(LedgerState state, LedgerEntry entry, LedgerEvent.SavepointTaken taken) => state with
    {
        Savepoints =
        [
            .. state.Savepoints,
            new SavepointRecord(taken.Snapshot.Id, taken.Snapshot.Attempt, state.Timeline, taken.Address, taken.Sha256, entry.At),
        ],
        Pins = [.. state.Pins.Where(pin => pin.Snapshot != taken.Snapshot || pin.Reason != Gathering)],
        Stop = state.Stop is { } stop && stop.Snapshot == taken.Snapshot ? stop with { Savepoint = taken.Address } : state.Stop,
    };

    static LedgerState Settle(LedgerState state, LedgerEvent.TransactionsSettled settled)
    {
        HashSet<TransactionName> done = [.. settled.Transactions];
        return state with { Owed = [.. state.Owed.Where(owed => !done.Contains(TransactionName.Of(owed)))] };
    }

    static LedgerState Doom(LedgerState state, LedgerEvent.Doomed doomed) => state with
    {
        Retained = [.. state.Retained.Where(r => !doomed.Snapshots.Contains(r.Snapshot))],
        Doomed = [.. state.Doomed.Union(doomed.Keys)],
    };

    static IEnumerable<SupersededTerm> Prune(IReadOnlyList<SupersededTerm> superseded, LedgerEvent.Pruned pruned) => superseded
        .Select(s => s.Term == pruned.Term ? s with { Tail = pruned.Left } : s)
        .Where(s => s.Tail > 0);

    static bool Knows(LedgerState state, SnapshotReference snapshot) =>
        state.Retained.Any(r => r.Snapshot == snapshot) || state.Pins.Any(pin => pin.Snapshot == snapshot);
}
