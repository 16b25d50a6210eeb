using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>What a snapshot is made for.</summary>
public enum SnapshotKind
{
    /// <summary>The engine's, for recovery.</summary>
    Checkpoint,

    /// <summary>The user's restart point: self-contained in its folder.</summary>
    Savepoint,
}

/// <summary>One deployment of a job's tasks: the ledger entry that began it. Carried by everything that is written during it.</summary>
/// <param name="Term">The leadership.</param>
/// <param name="Sequence">The entry in the term's ledger.</param>
public readonly record struct AttemptId(long Term, long Sequence) : IComparable<AttemptId>
{
    /// <inheritdoc/>
    public int CompareTo(AttemptId other) => Term != other.Term ? Term.CompareTo(other.Term) : Sequence.CompareTo(other.Sequence);

    /// <summary>As in names of objects: <c>3.17</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Term}.{Sequence}");
}

/// <summary>A snapshot: everything needed to go on from it, and for a person to understand it. Immutable.</summary>
public sealed record SnapshotManifest
{
    /// <summary>The id of the checkpoint; grows along a timeline.</summary>
    public required long Id { get; init; }

    /// <summary>What it is made for.</summary>
    public required SnapshotKind Kind { get; init; }

    /// <summary>The name of the job.</summary>
    public required string Job { get; init; }

    /// <summary>The line of history: 32 hexadecimal digits; every restore that is no recovery begins a new one.</summary>
    public required string Timeline { get; init; }

    /// <summary>The deployment that took it.</summary>
    public required AttemptId Attempt { get; init; }

    /// <summary>The snapshot whose packs this one may name; null for none.</summary>
    public SnapshotReference? Parent { get; init; }

    /// <summary>When it was begun, by the leader's clock.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>The smallest watermark of all operators with event time; none when there is none.</summary>
    public Timestamp Watermark { get; init; } = Timestamp.None;

    /// <summary>Whether all windows and event timers were fired before it, by <c>stop --drain</c> or the end of all input.</summary>
    public bool IsDrained { get; init; }

    /// <summary>The version of the engine.</summary>
    public required string Engine { get; init; }

    /// <summary>Tells programs with the same operators and states from others.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>What starts on its line of history were told to drop and rename, as it was said: done, and not to be done again.</summary>
    public IReadOnlyList<string> Honoured { get; init; } = [];

    /// <summary>The operators.</summary>
    public required IReadOnlyList<OperatorEntry> Operators { get; init; }

    /// <summary>Transactions prepared and not acknowledged in the ledger.</summary>
    public IReadOnlyList<OwedTransaction> Owed { get; init; } = [];

    /// <summary>Every file of it but itself.</summary>
    public IReadOnlyList<PackEntry> Packs { get; init; } = [];
}

/// <summary>Names a snapshot so that a mistake is found out.</summary>
/// <param name="Id">The id of the checkpoint.</param>
/// <param name="Attempt">The deployment that took it.</param>
/// <param name="Key">The key of its manifest, relative to the root of the job.</param>
/// <param name="Sha256">The hash of the manifest's bytes, 64 hexadecimal digits.</param>
public sealed record SnapshotReference(long Id, AttemptId Attempt, string Key, string Sha256);

/// <summary>One operator in a snapshot.</summary>
public sealed record OperatorEntry
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its verb, for people.</summary>
    public required string Verb { get; init; }

    /// <summary>How many instances there were.</summary>
    public required int Parallelism { get; init; }

    /// <summary>How many of them had finished.</summary>
    public int Finished { get; init; }

    /// <summary>Where event time stood, by slice of the hash space.</summary>
    public IReadOnlyList<RangeWatermark> Watermarks { get; init; } = [];

    /// <summary>Its states.</summary>
    public IReadOnlyList<StateEntry> States { get; init; } = [];
}

/// <summary>Where event time stood in the instance that owned a slice of the hash space.</summary>
/// <param name="Range">The slice.</param>
/// <param name="Watermark">The last watermark of data; never the one that stands for the end of input.</param>
public sealed record RangeWatermark(KeyRange Range, Timestamp Watermark);

/// <summary>One state of one operator.</summary>
public sealed record StateEntry
{
    /// <summary>What it is.</summary>
    public required StateSchema Schema { get; init; }

    /// <summary>Keyed states: where its rows are, oldest first: a row of a later run replaces that of an earlier one.</summary>
    public IReadOnlyList<RunEntry> Runs { get; init; } = [];

    /// <summary>Operator states: its items.</summary>
    public IReadOnlyList<ItemEntry> Items { get; init; } = [];
}

/// <summary>How the parts of a state are dealt to other instances than wrote them.</summary>
public enum StateLayout
{
    /// <summary>Rows by the hash of their key.</summary>
    Keyed,

    /// <summary>Items dealt out in turn: the positions of splits.</summary>
    Split,

    /// <summary>Every instance gets all items.</summary>
    Union,

    /// <summary>Every instance gets the items of one instance; all are alike.</summary>
    Broadcast,

    /// <summary>Items of the leader: which splits are known and not assigned.</summary>
    Leader,

    /// <summary>Records on their way to the operator when an unaligned barrier overtook them, by the hash of their key.</summary>
    InFlight,
}

/// <summary>What a state is, for readers without the program.</summary>
public sealed record StateSchema
{
    /// <summary>Unique within the operator.</summary>
    public required string Name { get; init; }

    /// <summary>How it is dealt out.</summary>
    public required StateLayout Layout { get; init; }

    /// <summary>For people and tools: <c>value</c>, <c>list</c>, <c>map</c>, <c>window</c>, <c>event-timer</c>, <c>split</c> ….</summary>
    public required string Kind { get; init; }

    /// <summary>The type of keys; null when it has none.</summary>
    public TypeSchema? Key { get; init; }

    /// <summary>The type of what tells rows of one key apart; null when there is one row per key.</summary>
    public TypeSchema? Sub { get; init; }

    /// <summary>The type of values or items.</summary>
    public required TypeSchema Value { get; init; }

    /// <summary>
    /// How long it is kept; null for ever. If not null, rows carry after their value when it was last renewed: see <see cref="RowStamps"/>.
    /// </summary>
    public StateTtl? Ttl { get; init; }
}

/// <summary>Rows of one state in one pack.</summary>
/// <param name="Pack">The pack, by its position in <see cref="SnapshotManifest.Packs"/>.</param>
/// <param name="Section">The section of the pack.</param>
/// <param name="Range">The slice of the hash space that it speaks for. A full run says all there is of it; a delta what changed.</param>
/// <param name="IsFull">Whether it needs no earlier run of the slice.</param>
/// <param name="Snapshot">The checkpoint that wrote it.</param>
/// <param name="Base">The checkpoint it says the changes since; zero when it is full. Runs of the slice later than it are superseded.</param>
/// <param name="Rows">Rows, deletions included.</param>
/// <param name="Deletions">Rows that say that a row was deleted.</param>
/// <param name="Bytes">Bytes in the pack.</param>
/// <param name="DroppedBelow">Rows of this and earlier runs whose sub-key, a 64-bit number, is less are void; <see cref="long.MinValue"/> for none.</param>
public sealed record RunEntry(
    int Pack, int Section, KeyRange Range, bool IsFull, long Snapshot, long Base, long Rows, long Deletions, long Bytes, long DroppedBelow = long.MinValue)
{
    /// <summary>
    /// The pack and section of a run without rows, on its way to the leader: a full one says that its slice is empty. Never in a manifest.
    /// </summary>
    public const int Nowhere = -1;
}

/// <summary>One item of an operator state.</summary>
/// <param name="Subtask">The instance that wrote it.</param>
/// <param name="Data">The encoded item.</param>
/// <param name="Text">For people.</param>
/// <param name="Watermark">Positions of splits: event time in the split.</param>
public sealed record ItemEntry(int Subtask, ReadOnlyMemory<byte> Data, string Text, Timestamp Watermark = default);

/// <summary>A transaction that a sink has prepared, and that is owed until the ledger says it was committed.</summary>
/// <param name="Operator">The sink's id.</param>
/// <param name="Id">Unique: derived from job, timeline, attempt, subtask and a count.</param>
/// <param name="Schema">The type of the data.</param>
/// <param name="Data">The sink's prepared transaction, encoded.</param>
/// <param name="Text">For people.</param>
public sealed record OwedTransaction(string Operator, string Id, TypeSchema Schema, ReadOnlyMemory<byte> Data, string Text);

/// <summary>A file of a snapshot.</summary>
/// <param name="Key">Relative: to the root of the job for a checkpoint, to the folder of the manifest for a savepoint.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FooterOffset">Where the footer, which hashes every block, begins.</param>
/// <param name="FooterSha256">The hash of the footer's bytes, 64 hexadecimal digits.</param>
/// <param name="Attempt">The deployment that wrote it.</param>
/// <param name="About">What it is for, in words.</param>
public sealed record PackEntry(string Key, long Length, long FooterOffset, string FooterSha256, AttemptId Attempt, string About);
