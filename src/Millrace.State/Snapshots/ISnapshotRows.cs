namespace Millrace.State.Snapshots;

/// <summary>
/// One keyed state of one task as snapshots see it. All calls come from the thread that owns the task's state, except where a run says so.
/// <code>
/// Begin (at the barrier) -> Capture … Capture (between batches, until it returns true) -> Take -> runs are written in the background
/// </code>
/// Writes by the task may come at any time in between; what is captured is the state at <see cref="Begin"/>. At most
/// one capture is open: <see cref="Begin"/> of a later barrier first completes or drops an earlier one that was not taken.
/// </summary>
public interface ISnapshotRows
{
    /// <summary>What the state is.</summary>
    StateSchema Schema { get; }

    /// <summary>Tells which hashes the task owns, before the first record and before rows are restored.</summary>
    /// <param name="owned">The slice of the hash space.</param>
    void Own(KeyRange owned)
    {
    }

    /// <summary>Marks the cut. Constant time.</summary>
    /// <param name="cut">The snapshot.</param>
    void Begin(in RowsCut cut);

    /// <summary>Copies some more of the rows at the cut.</summary>
    /// <param name="rows">How many slots may still be looked at; reduced by those that were. The call may exceed it by one segment.</param>
    /// <returns>Whether all is copied.</returns>
    bool Capture(ref int rows);

    /// <summary>Hands over what was captured, once all is copied. Empty when nothing changed since the base.</summary>
    IReadOnlyList<CapturedRun> Take();

    /// <summary>A snapshot is about to be restored that has the state. Before its rows; not called where the snapshot does not have it.</summary>
    /// <param name="from">What the snapshot says of it.</param>
    void BeginRestore(RestoredFrom from)
    {
    }

    /// <summary>Adds a row of a snapshot, before the first record; runs come oldest first, so a row replaces one of the same keys.</summary>
    /// <param name="row">Borrowed.</param>
    /// <exception cref="Codecs.CorruptDataException">The bytes are not a row of this state.</exception>
    void Restore(in RunRow row);

    /// <summary>Tells how many rows are about to be restored, before the first of them. Room is made for them at once.</summary>
    /// <param name="rows">About as many.</param>
    void Expect(long rows)
    {
    }

    /// <summary>Adds the rows that are left of the block a reader has read, as <see cref="Restore"/> does one by one.</summary>
    /// <param name="run">Borrowed.</param>
    /// <exception cref="Codecs.CorruptDataException">The bytes are not rows of this state.</exception>
    void RestoreBlock(IRunReader run)
    {
        while (run.MoveNext()) Restore(run.Row);
    }

    /// <summary>All rows were restored: makes what is derived from them. What is captured next is captured whole.</summary>
    void OnRestored();

    /// <summary>Values, elements and entries that were removed because their TTL was over.</summary>
    long Expired => 0;
}

/// <summary>The cut of a snapshot, as state sees it.</summary>
/// <param name="Id">The id of the checkpoint; grows.</param>
/// <param name="Confirmed">
/// The newest checkpoint known to be committed, the parent of this one; zero for none. Marks of deletion and older epochs that only
/// serve bases before it can be forgotten; nothing about a checkpoint after it may be.
/// </param>
/// <param name="Owned">The slice of the hash space the task owns.</param>
/// <param name="IsFull">Whether everything is to be written, whatever the base: savepoints, and the first checkpoint after a restore.</param>
/// <param name="Worn">Slices with a run of this checkpoint are written whole, changed or not, so that its packs can go (<see cref="PackWear"/>); zero for none.</param>
public readonly record struct RowsCut(long Id, long Confirmed, KeyRange Owned, bool IsFull, long Worn = 0);

/// <summary>Captured rows of one slice, to be written once, by any thread. Owns its pages until it is disposed.</summary>
public abstract class CapturedRun : IDisposable
{
    /// <summary>The slice of the hash space it speaks for.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>Whether it needs no earlier run of the slice.</summary>
    public required bool IsFull { get; init; }

    /// <summary>The snapshot it says the changes since; zero when it is full. Runs of the slice that are later than it are superseded.</summary>
    public required long Base { get; init; }

    /// <summary>Rows of earlier runs with a lesser sub-key are void; <see cref="long.MinValue"/> for none.</summary>
    public long DroppedBelow { get; init; } = long.MinValue;

    /// <summary>Sorts, encodes and writes the rows.</summary>
    public abstract ValueTask WriteAsync(IRunWriter writer, CancellationToken cancellationToken);

    /// <summary>Gives the pages back. Idempotent; also after a failure or without having been written.</summary>
    public abstract void Dispose();
}
