using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Tables;

/// <summary>Snapshots of one keyed state, assembled as a manifest does: the runs of the parent that still count, and the new ones.</summary>
sealed class RunStore
{
    readonly Dictionary<long, List<StoredRun>> _manifests = new() { [0] = [] };

    /// <summary>Rows and deletions written in all.</summary>
    public long RowsWritten { get; private set; }

    /// <summary>The runs of a snapshot, oldest first.</summary>
    public IReadOnlyList<StoredRun> this[long id] => _manifests[id];

    /// <summary>Writes the runs of a snapshot and assembles it.</summary>
    public void Add(long id, long parent, IReadOnlyList<CapturedRun> runs)
    {
        List<StoredRun> added = [];
        foreach (CapturedRun run in runs)
        {
            MemoryRunWriter writer = new(run.Range);
            ValueTask writing = run.WriteAsync(writer, TestContext.Current.CancellationToken);
            Assert.True(writing.IsCompletedSuccessfully);
            run.Dispose();
            run.Dispose();
            RowsWritten += writer.Rows.Count;
            added.Add(new(id, run.Range, run.IsFull, run.Base, run.DroppedBelow, writer.Rows));
        }

        _manifests[id] = [.. _manifests[parent].Where(old => !IsSuperseded(old, added)), .. added];
    }

    /// <summary>Restores a slice of the hash space from a snapshot.</summary>
    public void Restore(long id, KeyRange range, ISnapshotRows into, RestoredFrom? from = null)
    {
        if (from is not null) into.BeginRestore(from);
        IReadOnlyList<StoredRun> runs = _manifests[id];
        for (int i = 0; i < runs.Count; i++)
        {
            foreach (StoredRow row in runs[i].Rows)
            {
                if (!range.Contains(row.Hash) || IsDropped(row, runs.Skip(i))) continue;
                into.Restore(new RunRow { Hash = row.Hash, IsDeleted = row.IsDeleted, Key = row.Key, Sub = row.Sub, Value = row.Value });
            }
        }

        into.OnRestored();
    }

    /// <summary>The longest chain over any one hash.</summary>
    public int ChainLength(long id) =>
        _manifests[id].Select(probe => _manifests[id].Count(run => run.Range.Contains((uint)probe.Range.Start))).DefaultIfEmpty().Max();

    static bool IsDropped(StoredRow row, IEnumerable<StoredRun> later) => row.Sub.Length == 8
        && later.Any(run => run.Range.Contains(row.Hash) && Number(row.Sub) < run.DroppedBelow);

    static long Number(byte[] sub) => System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(sub) ^ long.MinValue;

    static bool IsSuperseded(StoredRun old, List<StoredRun> added)
    {
        // Full runs are next to each other and in order, so that adding up what they cover tells whether they cover all of it.
        long covered = added.Where(run => run.IsFull).Sum(run => run.Range.Intersect(old.Range).Size);
        if (covered == old.Range.Size) return true;
        Assert.Equal(0, covered);
        return added.Any(run => !run.IsFull && run.Range.Contains(old.Range) && old.Snapshot > run.Base);
    }
}

/// <summary>A run as it was written.</summary>
sealed record StoredRun(long Snapshot, KeyRange Range, bool IsFull, long Base, long DroppedBelow, IReadOnlyList<StoredRow> Rows);

/// <summary>A row as it was written.</summary>
sealed record StoredRow(uint Hash, bool IsDeleted, byte[] Key, byte[] Sub, byte[] Value);

/// <summary>Keeps rows, and checks their order.</summary>
sealed class MemoryRunWriter(KeyRange range) : IRunWriter
{
    readonly List<StoredRow> _rows = [];
    int _unflushed;

    public IReadOnlyList<StoredRow> Rows => _rows;

    public bool NeedsFlush => _unflushed >= 100;

    public void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value) =>
        Add(new(hash, false, key.ToArray(), sub.ToArray(), value.ToArray()));

    public void AddDeleted(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub) => Add(new(hash, true, key.ToArray(), sub.ToArray(), []));

    public ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        _unflushed = 0;
        return ValueTask.CompletedTask;
    }

    void Add(StoredRow row)
    {
        Assert.False(NeedsFlush);
        Assert.True(range.Contains(row.Hash));
        if (_rows.Count > 0) Assert.True(_rows[^1].Hash <= row.Hash);
        _rows.Add(row);
        _unflushed++;
    }
}
