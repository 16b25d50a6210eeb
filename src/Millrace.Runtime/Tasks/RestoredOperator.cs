using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>What a snapshot holds of one operator, for whichever instance asks.</summary>
/// <param name="Entry">The operator in the manifest.</param>
/// <param name="Rows">Reads rows of its keyed states.</param>
public sealed record RestoredOperator(OperatorEntry Entry, IRestoredRows Rows)
{
    /// <summary>When the snapshot was begun, by the leader's clock.</summary>
    public required Timestamp TakenAt { get; init; }

    /// <summary>Whether all its instances had finished.</summary>
    public bool IsFinished => Entry.Parallelism > 0 && Entry.Finished == Entry.Parallelism;

    /// <summary>Whether records were on their way to it.</summary>
    public bool HasInFlight => Entry.States.Any(static s => s.Schema.Layout == StateLayout.InFlight && s.Runs.Count > 0);

    /// <summary>Fills the states of an instance with its slice.</summary>
    public async ValueTask RestoreRowsAsync(IReadOnlyList<ISnapshotRows> states, KeyRange range, CancellationToken cancellationToken)
    {
        foreach (ISnapshotRows state in states)
        {
            StateEntry? entry = Entry.States.FirstOrDefault(s => s.Schema.Layout == StateLayout.Keyed && s.Schema.Name == state.Schema.Name);
            if (entry is not null) state.BeginRestore(new(entry.Schema, TakenAt, WatermarkOf(range), Entry.Watermarks));
            if (entry is not null) await Rows.RestoreAsync(Entry, entry, range, state, cancellationToken).ConfigureAwait(false);
            state.OnRestored();
        }
    }

    /// <summary>Brings along what was on its way to an instance's slice.</summary>
    public async ValueTask RestoreInFlightAsync(ISnapshotRows inFlight, KeyRange range, CancellationToken cancellationToken)
    {
        if (Entry.States.FirstOrDefault(static s => s.Schema.Layout == StateLayout.InFlight) is not { } entry) return;
        inFlight.BeginRestore(new(entry.Schema, TakenAt, WatermarkOf(range), Entry.Watermarks));
        await Rows.RestoreAsync(Entry, entry, range, inFlight, cancellationToken).ConfigureAwait(false);
        inFlight.OnRestored();
    }

    /// <summary>An operator state with its items; null when the snapshot has no such state.</summary>
    public StateEntry? StateOf(string state, StateLayout layout) => Entry.States.FirstOrDefault(s => s.Schema.Layout == layout && s.Schema.Name == state);

    /// <summary>The parts of a slice whose former owners were further in event time.</summary>
    public IReadOnlyList<RangeWatermark> AheadOf(KeyRange range, Timestamp watermark) =>
    [
        .. from part in Entry.Watermarks
           let shared = part.Range.Intersect(range)
           where !shared.IsEmpty && part.Watermark > watermark
           select part with { Range = shared },
    ];

    /// <summary>
    /// Where event time begins in an instance. Where records come by key that is where it stands in the instance's slice. Elsewhere they may be those of any instance
    /// there was, so it is the smallest of all that had not finished; none when one of these had none.
    /// </summary>
    public Timestamp WatermarkOf(TaskSnapshots instance) =>
        instance.IsByKey ? WatermarkOf(instance.Range)
        : Entry.Watermarks.Count == 0 || Entry.Watermarks.Count + Entry.Finished < Entry.Parallelism ? Timestamp.None
        : Entry.Watermarks.Min(static w => w.Watermark);

    /// <summary>
    /// Where event time stands in a slice: the smallest of those its former owners had. None when one of them had none yet, which
    /// is one that the manifest does not list: a barrier that overtakes cuts instances at different times.
    /// </summary>
    public Timestamp WatermarkOf(KeyRange range)
    {
        Timestamp smallest = Timestamp.MaxValue;
        long covered = 0;
        foreach (RangeWatermark part in Entry.Watermarks)
        {
            KeyRange shared = part.Range.Intersect(range);
            if (shared.IsEmpty) continue;
            covered += shared.Size;
            if (part.Watermark < smallest) smallest = part.Watermark;
        }

        return covered < range.Size ? Timestamp.None : smallest;
    }
}

/// <summary>Reads the rows of a snapshot's keyed states. Thread-safe.</summary>
public interface IRestoredRows
{
    /// <summary>Adds the rows of a slice to a state, newest version of each.</summary>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged.</exception>
    ValueTask RestoreAsync(OperatorEntry op, StateEntry state, KeyRange range, ISnapshotRows rows, CancellationToken cancellationToken);
}
