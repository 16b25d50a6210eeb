using System.Text.Json.Serialization;

namespace Millrace.State.Snapshots;

/// <summary>What can happen to a job. A closed set; immutable. <see cref="LedgerFold"/> says what follows from each.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(Opening), "opening")]
[JsonDerivedType(typeof(TimelineBegun), "timelineBegun")]
[JsonDerivedType(typeof(AttemptBegun), "attemptBegun")]
[JsonDerivedType(typeof(CheckpointCommitted), "checkpointCommitted")]
[JsonDerivedType(typeof(SavepointTaken), "savepointTaken")]
[JsonDerivedType(typeof(SavepointDisposed), "savepointDisposed")]
[JsonDerivedType(typeof(TransactionsSettled), "transactionsSettled")]
[JsonDerivedType(typeof(Stopping), "stopping")]
[JsonDerivedType(typeof(Stopped), "stopped")]
[JsonDerivedType(typeof(Cancelled), "cancelled")]
[JsonDerivedType(typeof(Interrupted), "interrupted")]
[JsonDerivedType(typeof(Finished), "finished")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Pinned), "pinned")]
[JsonDerivedType(typeof(Unpinned), "unpinned")]
[JsonDerivedType(typeof(Borrowed), "borrowed")]
[JsonDerivedType(typeof(Returned), "returned")]
[JsonDerivedType(typeof(Doomed), "doomed")]
[JsonDerivedType(typeof(Swept), "swept")]
[JsonDerivedType(typeof(Pruned), "pruned")]
public abstract record LedgerEvent
{
    LedgerEvent() { }

    /// <summary>A leader took over: entry 0 of its term, and in no other place. Entries beyond what it accepted are void.</summary>
    /// <param name="Accepted">The last entry of the past that counts; null for a new job.</param>
    /// <param name="State">Everything that follows from the past, so that nobody needs to read beyond this entry.</param>
    public sealed record Opening(LedgerPosition? Accepted, LedgerState State) : LedgerEvent;

    /// <summary>
    /// A start that is no recovery: a new line of history. Nothing may be owed any more. The newest checkpoint left behind stays pinned.
    /// </summary>
    /// <param name="Timeline">Its name: 32 hexadecimal digits, of chance.</param>
    /// <param name="Token">What was asked for.</param>
    /// <param name="Origin">What it begins with.</param>
    public sealed record TimelineBegun(string Timeline, StartToken Token, TimelineOrigin Origin) : LedgerEvent;

    /// <summary>The tasks are deployed, crash restarts included; the entry's term and sequence name the attempt.</summary>
    /// <param name="Timeline">The line of history, for people.</param>
    /// <param name="RestoredFrom">The checkpoint of the job it starts from; null for what the timeline began with.</param>
    /// <param name="Drops">Operators whose state, and whose owed transactions, are dropped.</param>
    /// <param name="Renames">States that go to an operator of another name.</param>
    /// <param name="AcceptsDuplicates">Whether it was accepted that sinks committed beyond the checkpoint.</param>
    public sealed record AttemptBegun(
        string Timeline, SnapshotReference? RestoredFrom, IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames,
        bool AcceptsDuplicates = false) : LedgerEvent;

    /// <summary>A checkpoint is complete, durable and counts. What its manifest must not hide is repeated.</summary>
    /// <param name="Snapshot">Its manifest.</param>
    /// <param name="Kind">What it was made for; one made for a savepoint is pinned until that was gathered.</param>
    /// <param name="TakenAt">When it was begun, by the leader's clock.</param>
    /// <param name="Watermark">The smallest watermark of all operators with event time.</param>
    /// <param name="Bytes">What was written for it: packs, in bytes.</param>
    /// <param name="Positions">Where sources stood, as text.</param>
    /// <param name="Prepared">The transactions that are owed from it on.</param>
    /// <param name="Target">Savepoints: the address of the folder to gather it into.</param>
    /// <param name="IsStop">Whether sources ended with it: the one that <see cref="Stopping"/> announced.</param>
    /// <param name="IsFinal">Whether all tasks had finished: nothing comes after it.</param>
    /// <param name="IsDrained">Whether all windows and event timers had fired.</param>
    public sealed record CheckpointCommitted(
        SnapshotReference Snapshot, SnapshotKind Kind, DateTimeOffset TakenAt, Timestamp Watermark, long Bytes,
        IReadOnlyList<SourcePosition> Positions, IReadOnlyList<OwedTransaction> Prepared,
        string? Target = null, bool IsStop = false, bool IsFinal = false, bool IsDrained = false) : LedgerEvent;

    /// <summary>A savepoint's folder is complete. The checkpoint it was gathered from is unpinned.</summary>
    /// <param name="Snapshot">The checkpoint.</param>
    /// <param name="Address">The folder, as <see cref="RecordedAddress"/> has it.</param>
    /// <param name="Sha256">The hash of the folder's manifest.</param>
    public sealed record SavepointTaken(SnapshotReference Snapshot, string Address, string Sha256) : LedgerEvent;

    /// <summary>A savepoint's folder is about to be deleted by hand, or is gone: nothing starts from it any more.</summary>
    /// <param name="Address">The folder, as it is recorded.</param>
    public sealed record SavepointDisposed(string Address) : LedgerEvent;

    /// <summary>Sinks have committed transactions that were owed, or they were given up by name.</summary>
    /// <param name="Transactions">Which.</param>
    public sealed record TransactionsSettled(IReadOnlyList<TransactionName> Transactions) : LedgerEvent;

    /// <summary>The job is to stop with a savepoint; whoever leads it goes on with that, and with nothing else.</summary>
    /// <param name="IsDrain">Whether all windows and event timers fire first.</param>
    /// <param name="Target">The address of the savepoint's folder; null for the job's own place.</param>
    public sealed record Stopping(bool IsDrain, string? Target) : LedgerEvent;

    /// <summary>The stop is complete: savepoint taken, nothing owed.</summary>
    public sealed record Stopped : LedgerEvent;

    /// <summary>Somebody ended the job, for good until it is started by name of a snapshot.</summary>
    public sealed record Cancelled : LedgerEvent;

    /// <summary>The process was asked to end; the job goes on when it is started again.</summary>
    /// <param name="Cause">The signal or reason.</param>
    public sealed record Interrupted(string Cause) : LedgerEvent;

    /// <summary>All input was read and all output committed.</summary>
    public sealed record Finished : LedgerEvent;

    /// <summary>The job gave up.</summary>
    /// <param name="Cause">A sentence.</param>
    public sealed record Failed(string Cause) : LedgerEvent;

    /// <summary>A snapshot is kept whatever retention says.</summary>
    /// <param name="Snapshot">Which.</param>
    /// <param name="Reason">For people: who reads it, or why it stays.</param>
    /// <param name="Borrower">The job that reads it meanwhile, by the chance in its own ledger (<see cref="Borrowed"/>); null for none.</param>
    public sealed record Pinned(SnapshotReference Snapshot, string Reason, string? Borrower = null) : LedgerEvent;

    /// <summary>A snapshot is left to retention again.</summary>
    /// <param name="Snapshot">Which.</param>
    /// <param name="Borrower">The pin of this borrower ends; null for all pins there are.</param>
    public sealed record Unpinned(SnapshotReference Snapshot, string? Borrower = null) : LedgerEvent;

    /// <summary>
    /// A checkpoint of another job is about to be read: it is pinned there from here on, or soon. Until <see cref="Returned"/> that pin is this job's to end, whatever crashes.
    /// </summary>
    /// <param name="Checkpoint">Which.</param>
    public sealed record Borrowed(BorrowedCheckpoint Checkpoint) : LedgerEvent;

    /// <summary>The pin of a borrowed checkpoint has ended.</summary>
    /// <param name="Borrower">Its <see cref="BorrowedCheckpoint.Borrower"/>.</param>
    public sealed record Returned(string Borrower) : LedgerEvent;

    /// <summary>Objects may be deleted, by anybody who accepts this entry, at any time from now on.</summary>
    /// <param name="Snapshots">Checkpoints that leave retention by it.</param>
    /// <param name="Keys">The objects, relative to the root of the job. Named by nothing that is retained or pinned.</param>
    public sealed record Doomed(IReadOnlyList<SnapshotReference> Snapshots, IReadOnlyList<string> Keys) : LedgerEvent;

    /// <summary>Doomed objects are gone.</summary>
    /// <param name="Keys">Which.</param>
    public sealed record Swept(IReadOnlyList<string> Keys) : LedgerEvent;

    /// <summary>Entries of a superseded term are gone: those from its tail down.</summary>
    /// <param name="Term">The term.</param>
    /// <param name="Left">Entries 1 to this one are still to be deleted; 0 when the term is done with.</param>
    public sealed record Pruned(long Term, long Left) : LedgerEvent;
}

/// <summary>What a start asked for, so that a command line that is repeated is honoured once.</summary>
/// <param name="Request">As given: <c>fresh</c>, <c>latest</c>, <c>latest-savepoint</c>, an address; empty when nothing was.</param>
/// <param name="Fingerprint">That of the program.</param>
public sealed record StartToken(string Request, string Fingerprint);

/// <summary>State that goes to an operator of another name.</summary>
/// <param name="From">The operator's id in the snapshot.</param>
/// <param name="To">Its id in the program.</param>
public sealed record StateRename(string From, string To);

/// <summary>Where a source stood.</summary>
/// <param name="Operator">The source's id.</param>
/// <param name="Text">The position of one split, for people.</param>
public sealed record SourcePosition(string Operator, string Text);

/// <summary>Names a transaction of a sink.</summary>
/// <param name="Operator">The sink's id.</param>
/// <param name="Id">The transaction's id.</param>
[method: JsonConstructor] // Structs are otherwise made without it, and a name that is missing would be null.
public readonly record struct TransactionName(string Operator, string Id)
{
    /// <summary>The name of an owed transaction.</summary>
    public static TransactionName Of(OwedTransaction transaction) => new(transaction.Operator, transaction.Id);

    /// <summary>As in errors: <c>orders-sink/3.1-7-0</c>.</summary>
    public override string ToString() => $"{Operator}/{Id}";
}

/// <summary>What a line of history begins with. A closed set; immutable.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "with")]
[JsonDerivedType(typeof(Nothing), "nothing")]
[JsonDerivedType(typeof(Own), "own")]
[JsonDerivedType(typeof(Folder), "folder")]
public abstract record TimelineOrigin
{
    TimelineOrigin() { }

    /// <summary>No state.</summary>
    public sealed record Nothing : TimelineOrigin;

    /// <summary>A checkpoint of the job itself.</summary>
    /// <param name="Snapshot">Which.</param>
    public sealed record Own(SnapshotReference Snapshot) : TimelineOrigin;

    /// <summary>A snapshot elsewhere: a savepoint, perhaps of another job.</summary>
    /// <param name="Address">The folder with <c>_metadata</c>.</param>
    /// <param name="Sha256">The hash of its manifest when it was accepted; a folder that changed since is refused.</param>
    /// <param name="IsClaimed">Whether the folder is deleted after the first checkpoint.</param>
    public sealed record Folder(string Address, string Sha256, bool IsClaimed) : TimelineOrigin;
}
