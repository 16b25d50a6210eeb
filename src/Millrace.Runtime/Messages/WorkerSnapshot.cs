using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Messages;

/// <summary>Everything one worker contributes to a snapshot: sent once all of it is durable. Immutable.</summary>
/// <param name="Id">The id of the checkpoint.</param>
/// <param name="Packs">The packs it wrote, none when there was nothing to write; runs name them by their position here.</param>
/// <param name="Operators">What each instance of each operator contributes.</param>
public sealed record WorkerSnapshot(long Id, IReadOnlyList<PackEntry> Packs, IReadOnlyList<OperatorSlice> Operators)
{
    /// <summary>What it asked of the store for that.</summary>
    public StoreCounts Requests { get; init; } = StoreCounts.None;
}

/// <summary>What one instance of one operator contributes to a snapshot. Immutable.</summary>
public sealed record OperatorSlice
{
    /// <summary>The operator's id.</summary>
    public required string OperatorId { get; init; }

    /// <summary>Which instance.</summary>
    public required Subtask Subtask { get; init; }

    /// <summary>Whether it had finished before the barrier.</summary>
    public bool IsFinished { get; init; }

    /// <summary>Where event time stood; none without event time. Never the end of input.</summary>
    public Timestamp Watermark { get; init; } = Timestamp.None;

    /// <summary>Parts of the slice for which event time was further than that.</summary>
    public IReadOnlyList<RangeWatermark> Ahead { get; init; } = [];

    /// <summary>
    /// Its states: the runs written for this checkpoint (older runs that still count are carried over from the parent manifest, by key
    /// range and <see cref="RunEntry.IsFull"/>), and the items of operator states.
    /// </summary>
    public IReadOnlyList<StateEntry> States { get; init; } = [];

    /// <summary>Sinks: transactions prepared since the last barrier, to be owed from this checkpoint on.</summary>
    public IReadOnlyList<OwedTransaction> Prepared { get; init; } = [];

    /// <summary>The slice of the hash space it owns.</summary>
    public KeyRange Range => KeyRange.Of(Subtask.Index, Subtask.Parallelism);
}

/// <summary>A worker could not take part in a checkpoint.</summary>
/// <param name="Id">The id of the checkpoint.</param>
/// <param name="OperatorId">The operator it failed at; null when none is to blame.</param>
/// <param name="Why">A sentence.</param>
public sealed record SnapshotDeclined(long Id, string? OperatorId, string Why);
