namespace Millrace.State.Snapshots;

/// <summary>Where a job is in its life, by the last entry that says so.</summary>
public enum JobPhase
{
    /// <summary>It was never started.</summary>
    New,

    /// <summary>Its tasks were deployed; they run, or the machine is gone.</summary>
    Running,

    /// <summary>The process was asked to end.</summary>
    Interrupted,

    /// <summary>It gave up.</summary>
    Failed,

    /// <summary>It is to stop, and has not yet.</summary>
    Stopping,

    /// <summary>It stopped with a savepoint.</summary>
    Stopped,

    /// <summary>Somebody ended it.</summary>
    Cancelled,

    /// <summary>Its input ended.</summary>
    Finished,
}

/// <summary>
/// Everything that follows from a job's history: what entry 0 of a term carries, and every entry changes. Immutable; made by
/// <see cref="LedgerFold"/> alone.
/// </summary>
public sealed record LedgerState
{
    /// <summary>The name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>Where it is in its life.</summary>
    public JobPhase Phase { get; init; }

    /// <summary>The cause of an interruption or failure; null otherwise.</summary>
    public string? Cause { get; init; }

    /// <summary>The line of history; empty before the first start.</summary>
    public string Timeline { get; init; } = "";

    /// <summary>What the start asked for that began the line of history; null before the first.</summary>
    public StartToken? Token { get; init; }

    /// <summary>What the line of history began with; null before the first start.</summary>
    public TimelineOrigin? Origin { get; init; }

    /// <summary>The last deployment; null before the first.</summary>
    public AttemptId? Attempt { get; init; }

    /// <summary>The id the next checkpoint may have at least. Ids are not used twice in a job.</summary>
    public long NextCheckpoint { get; init; } = 1;

    /// <summary>Checkpoints to go on from, newest last: what retention keeps, and what it has not yet let go.</summary>
    public IReadOnlyList<RetainedCheckpoint> Retained { get; init; } = [];

    /// <summary>Snapshots kept whatever retention says.</summary>
    public IReadOnlyList<SnapshotPin> Pins { get; init; } = [];

    /// <summary>Checkpoints of other jobs that are pinned there for this one, or are about to be.</summary>
    public IReadOnlyList<BorrowedCheckpoint> Borrowed { get; init; } = [];

    /// <summary>Savepoints taken and not disposed of, newest last. Deleting their folders is the user's right, so that they are there is not promised.</summary>
    public IReadOnlyList<SavepointRecord> Savepoints { get; init; } = [];

    /// <summary>Transactions that sinks have prepared and have yet to commit, in the order they were prepared.</summary>
    public IReadOnlyList<OwedTransaction> Owed { get; init; } = [];

    /// <summary>
    /// The newest checkpoint of this line of history up to which transactional sinks have committed output, or may have: what follows an older one is written again by a
    /// start from there. It is kept when that checkpoint is not. 0 for none, or when it is not known: entry 0 of earlier builds does not say.
    /// </summary>
    public long CommittedUpTo { get; init; }

    /// <summary>Objects to delete, relative to the root of the job.</summary>
    public IReadOnlyList<string> Doomed { get; init; } = [];

    /// <summary>Terms before the leader's own whose entries are still to be deleted, oldest first. Their entry 0 stays.</summary>
    public IReadOnlyList<SupersededTerm> Superseded { get; init; } = [];

    /// <summary>The stop that is under way, and what it has done; null when there is none.</summary>
    public StopProgress? Stop { get; init; }

    /// <summary>The newest checkpoint to go on from; null when there is none.</summary>
    public RetainedCheckpoint? Latest => Retained.Count > 0 ? Retained[^1] : null;

    /// <summary>The snapshots whose files must stay: those to go on from, then those that are pinned besides.</summary>
    public IEnumerable<SnapshotReference> Kept => Retained.Select(static r => r.Snapshot).Concat(Pins.Select(static p => p.Snapshot)).Distinct();

    /// <summary>Whether the line of history goes on by itself: it began, and was neither stopped nor cancelled nor finished.</summary>
    public bool IsLive => Phase is JobPhase.Running or JobPhase.Interrupted or JobPhase.Failed or JobPhase.Stopping;
}

/// <summary>A checkpoint to go on from.</summary>
/// <param name="Snapshot">Its manifest.</param>
/// <param name="Kind">What it was made for.</param>
/// <param name="TakenAt">When, by the leader's clock.</param>
/// <param name="Watermark">The smallest watermark of all operators with event time.</param>
/// <param name="Bytes">What was written for it, in bytes.</param>
/// <param name="Timeline">The line of history it was taken on.</param>
/// <param name="Prepares">Whether transactions were owed from it on: then sinks may have committed up to it, and not less.</param>
/// <param name="IsFinal">Whether all tasks had finished.</param>
/// <param name="IsDrained">Whether all windows and event timers had fired.</param>
/// <param name="Positions">Where sources stood, as text.</param>
public sealed record RetainedCheckpoint(
    SnapshotReference Snapshot, SnapshotKind Kind, DateTimeOffset TakenAt, Timestamp Watermark, long Bytes, string Timeline,
    bool Prepares, bool IsFinal, bool IsDrained, IReadOnlyList<SourcePosition> Positions);

/// <summary>Keeps a snapshot whatever retention says.</summary>
/// <param name="Snapshot">Which.</param>
/// <param name="Reason">For people.</param>
/// <param name="Target">The folder it is being gathered into; null when it is not.</param>
/// <param name="Borrower">The job that reads it meanwhile, and ends the pin; null for none.</param>
public sealed record SnapshotPin(SnapshotReference Snapshot, string Reason, string? Target = null, string? Borrower = null);

/// <summary>A checkpoint of another job that this one begins with: pinned there until this job has a checkpoint of its own.</summary>
/// <param name="Address">Its folder, as it was given.</param>
/// <param name="Job">The job it belongs to.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Borrower">Chance, 32 hexadecimal digits: tells this pin from all others of the checkpoint.</param>
public sealed record BorrowedCheckpoint(string Address, string Job, long Id, string Borrower);

/// <summary>A savepoint that was taken.</summary>
/// <param name="Id">The id of its checkpoint.</param>
/// <param name="Attempt">The deployment that took it.</param>
/// <param name="Timeline">The line of history it was taken on.</param>
/// <param name="Address">Its folder, as <see cref="RecordedAddress"/> has it.</param>
/// <param name="Sha256">The hash of its manifest.</param>
/// <param name="TakenAt">When, by the leader's clock.</param>
public sealed record SavepointRecord(long Id, AttemptId Attempt, string Timeline, string Address, string Sha256, DateTimeOffset TakenAt);

/// <summary>A term that a later one has accepted: nobody needs its entries any more, save entry 0.</summary>
/// <param name="Term">The term.</param>
/// <param name="Tail">Entries 1 to this one are to be deleted; 1 or more.</param>
public sealed record SupersededTerm(long Term, long Tail);

/// <summary>A stop under way.</summary>
/// <param name="IsDrain">Whether all windows and event timers fire first.</param>
/// <param name="Target">The folder of the savepoint; null for the job's own place.</param>
/// <param name="Snapshot">The checkpoint that sources ended with; null until it is committed.</param>
/// <param name="Savepoint">The folder, once complete.</param>
public sealed record StopProgress(bool IsDrain, string? Target, SnapshotReference? Snapshot = null, string? Savepoint = null);
