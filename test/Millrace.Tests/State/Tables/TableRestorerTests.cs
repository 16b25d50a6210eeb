using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>Restoring rows block by block is restoring them one by one, faster.</summary>
public sealed class TableRestorerTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(30_000)]
    public void RestoreBlock_FullRunThenDelta_EqualsTheTableThatWasWritten(int keys)
    {
        StateTable<long, string, Int64KeyOps> table = new();
        KeyedRows rows = KeyedRows.OfTable("names", "value", table);
        RunStore store = new();
        for (long key = 0; key < keys; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = $"{key}";
        Add(rows, store, 1, 0);
        for (long key = 0; key < keys; key += 3) table.Remove(KeyHash.Of(key), key);
        for (long key = 1; key < keys; key += 3) table.GetOrAdd(KeyHash.Of(key), key, out _) += "!";
        Add(rows, store, 2, 1);

        StateTable<long, string, Int64KeyOps> copy = new();
        KeyedRows restored = KeyedRows.OfTable("names", "value", copy);
        restored.Expect(keys);
        long slots = copy.SlotCount;
        foreach (StoredRun run in store[2]) restored.RestoreBlock(new BlockReader(run.Rows));
        restored.OnRestored();
        Assert.Equal(table.Rows().OrderBy(static r => r.Key), copy.Rows().OrderBy(static r => r.Key));
        Assert.Equal(slots, copy.SlotCount);
    }

    [Fact]
    public void Reserve_ManyRows_NeitherGrowsNorWastesMuch()
    {
        const int keys = 100_000;
        StateTable<long, long, Int64KeyOps> table = new();
        table.Reserve(keys);
        long slots = table.SlotCount;
        for (long key = 0; key < keys; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        Assert.Equal(slots, table.SlotCount);
        Assert.InRange(slots, keys, 3 * keys);
        for (long key = 0; key < 3 * keys; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        Assert.Equal(Enumerable.Range(0, 3 * keys).Select(static k => (long)k), table.Rows().Select(static r => r.Key).Order());
    }

    [Fact]
    public void Reserve_TableWithRows_LeavesIt()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        table.GetOrAdd(KeyHash.Of(1L), 1, out _) = 1;
        long slots = table.SlotCount;
        table.Reserve(1_000_000);
        Assert.Equal(slots, table.SlotCount);
        Assert.Equal(1, Assert.Single(table.Rows()).Key);
    }

    static void Add(KeyedRows rows, RunStore store, long id, long parent)
    {
        rows.Begin(new(id, parent, KeyRange.Full, IsFull: parent == 0));
        int slots = int.MaxValue;
        Assert.True(rows.Capture(ref slots));
        store.Add(id, parent, rows.Take());
    }

    /// <summary>Rows as one block.</summary>
    sealed class BlockReader(IReadOnlyList<StoredRow> rows) : IRunReader
    {
        int _at = -1;

        public RunRow Row => new() { Hash = rows[_at].Hash, IsDeleted = rows[_at].IsDeleted, Key = rows[_at].Key, Sub = rows[_at].Sub, Value = rows[_at].Value };

        public ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken) => new(_at < 0);

        public bool MoveNext() => ++_at < rows.Count;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
