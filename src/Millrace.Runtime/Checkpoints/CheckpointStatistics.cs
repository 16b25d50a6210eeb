using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>One committed checkpoint in numbers.</summary>
/// <param name="Snapshot">Its manifest.</param>
/// <param name="Purpose">What it was for.</param>
/// <param name="TriggeredAt">When it began, by the leader's clock.</param>
/// <param name="Collecting">From the barrier to the last worker's part.</param>
/// <param name="Writing">Manifest and entry.</param>
/// <param name="Committing">The transactions of sinks.</param>
/// <param name="Cleaning">The deletions of what left retention.</param>
/// <param name="Gathering">The copy of a savepoint; zero otherwise.</param>
/// <param name="PackBytes">Bytes of the packs that workers wrote for it.</param>
/// <param name="Packs">Packs written by workers; none when nothing changed.</param>
/// <param name="ReferencedBytes">Bytes of the packs of earlier checkpoints that it names besides.</param>
/// <param name="Transactions">Transactions committed.</param>
/// <param name="Traffic">What was asked of the store for it.</param>
/// <param name="Deleted">Objects deleted.</param>
public sealed record CheckpointStatistics(
    SnapshotReference Snapshot, CheckpointPurpose Purpose, DateTimeOffset TriggeredAt, TimeSpan Collecting, TimeSpan Writing, TimeSpan Committing,
    TimeSpan Cleaning, TimeSpan Gathering, long PackBytes, int Packs, long ReferencedBytes, int Transactions, CheckpointTraffic Traffic, int Deleted)
{
    /// <summary>From the barrier to the entry that makes it count.</summary>
    public TimeSpan Elapsed => Collecting + Writing;
}

/// <summary>
/// What one checkpoint asked of the store from its barrier to its end, by the part that asked. What sinks ask of their own stores is theirs; the hint
/// where the ledger ends, and the deletion of superseded entries, belong to no checkpoint.
/// </summary>
/// <param name="Workers">Packs.</param>
/// <param name="Leader">Manifests, and the entry that makes it count.</param>
/// <param name="Gathering">The copy of a savepoint, from one store to the other, and the entry that says so.</param>
/// <param name="Cleaning">Deletions of what left retention with it: work of checkpoints before.</param>
public sealed record CheckpointTraffic(StoreCounts Workers, StoreCounts Leader, StoreCounts Gathering, StoreCounts Cleaning)
{
    /// <summary>Nothing.</summary>
    public static CheckpointTraffic None { get; } = new(StoreCounts.None, StoreCounts.None, StoreCounts.None, StoreCounts.None);

    /// <summary>What it took to take it: all but the deletions.</summary>
    public StoreCounts Taking => Workers + Leader + Gathering;

    /// <summary>Both together.</summary>
    public static CheckpointTraffic operator +(CheckpointTraffic one, CheckpointTraffic other) =>
        new(one.Workers + other.Workers, one.Leader + other.Leader, one.Gathering + other.Gathering, one.Cleaning + other.Cleaning);
}

/// <summary>Counts the leader's side of it. One of each checkpoint, from its commit on.</summary>
sealed class CheckpointMeters
{
    /// <summary>Manifests and entry.</summary>
    public StoreMeter Leader { get; } = new();

    /// <summary>The copy of a savepoint.</summary>
    public StoreMeter Gathering { get; } = new();

    /// <summary>Deletions.</summary>
    public StoreMeter Cleaning { get; } = new();

    /// <summary>All of it, with what workers told.</summary>
    public CheckpointTraffic Traffic(IEnumerable<Messages.WorkerSnapshot> parts) =>
        new(parts.Aggregate(StoreCounts.None, static (sum, part) => sum + part.Requests), Leader.Counts, Gathering.Counts, Cleaning.Counts);
}
