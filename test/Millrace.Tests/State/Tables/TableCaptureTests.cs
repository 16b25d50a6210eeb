using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>A table is captured while it is written: what comes out is a dictionary copied at the barrier.</summary>
public sealed class TableCaptureTests
{
    [Theory]
    [InlineData(1, 200)]
    [InlineData(2, 3_000)]
    [InlineData(3, 9_000)]
    [InlineData(4, 60_000)]
    public void Capture_RandomWritesAndFailures_EqualsACopyAtTheBarrier(int seed, int keys)
    {
        TableRun run = new(seed, keys, KeyRange.Full);
        for (int i = 0; i < 40; i++) run.Snapshot();
        Assert.True(run.Confirmed > 0);
    }

    [Fact]
    public void Capture_StateThatShrinksAndGrows_ChangesBetweenWholeAndSlices()
    {
        TableRun run = new(5, 20_000, KeyRange.Full);
        HashSet<int> runCounts = [];
        for (int i = 0; i < 30; i++)
        {
            if (i % 6 == 0) run.RemoveAll();
            runCounts.Add(run.Snapshot());
        }

        Assert.Contains(1, runCounts);
        Assert.Contains(8, runCounts);
    }

    [Fact]
    public void Capture_OfASliceOfTheSpace_StaysWithinIt()
    {
        TableRun run = new(6, 40_000, KeyRange.Of(2, 7));
        for (int i = 0; i < 12; i++) run.Snapshot();
    }

    [Theory]
    [InlineData(1, 60_000, 0, 1)]
    [InlineData(2, 90_000, 1, 3)]
    [InlineData(3, 150_000, 6, 7)]
    public void Capture_OfATableThatKnowsItsHashes_EqualsACopyAtTheBarrier(int seed, int keys, int instance, int instances)
    {
        TableRun run = new(seed, keys, KeyRange.Of(instance, instances), isOwned: true);
        for (int i = 0; i < 25; i++) run.Snapshot();
        Assert.True(run.Confirmed > 0);
    }

    [Fact]
    public void Chain_HundredThirtySnapshotsWithOnePercentChurn_WritesUnderFivePercentInSevenRuns()
    {
        const int rows = 40_000, snapshots = 130;
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        RunStore store = new();
        Random random = new(7);
        for (long key = 0; key < rows; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        for (long id = 1; id <= snapshots; id++)
        {
            for (int i = 0; i < rows / 100; i++)
            {
                long key = random.Next(rows);
                table.GetOrAdd(KeyHash.Of(key), key, out _)++;
            }

            state.Begin(new(id, id - 1, KeyRange.Full, IsFull: id == 1));
            int budget = int.MaxValue;
            Assert.True(state.Capture(ref budget));
            store.Add(id, id - 1, state.Take());
            Assert.InRange(store.ChainLength(id), 1, 7);
        }

        Assert.InRange((double)store.RowsWritten / (rows * (double)snapshots), 0.01, 0.05);
        StateTable<long, long, Int64KeyOps> copy = new();
        store.Restore(snapshots, KeyRange.Full, KeyedRows.OfTable("sums", "value", copy));
        Assert.Equal(table.Rows().Select(r => (r.Key, r.Value)).Order(), copy.Rows().Select(r => (r.Key, r.Value)).Order());
    }

    [Fact]
    public void Take_NothingChanged_HasNoRuns()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        for (long key = 0; key < 20_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        Assert.Equal(8, Take(state, 1, 0).Count);
        for (long id = 2; id < 200; id++) Assert.Empty(Take(state, id, id - 1));
        table.GetOrAdd(KeyHash.Of(1), 1, out _)++;
        CapturedRun only = Assert.Single(Take(state, 200, 199));
        Assert.True(only.Range.Contains(KeyHash.Of(1)));
        Assert.Equal(1, only.Base);
    }

    [Fact]
    public void Take_OfAWornCheckpoint_WritesWholeWhatItHasOfIt()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        for (long key = 0; key < 20_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        Assert.Equal(8, Take(state, 1, 0).Count);
        table.GetOrAdd(KeyHash.Of(1), 1, out _)++;
        KeyRange changed = Assert.Single(Take(state, 2, 1)).Range;

        IReadOnlyList<CapturedRun> ofTheSecond = Take(state, 3, 2, worn: 2);
        Assert.Equal((changed, true), (Assert.Single(ofTheSecond).Range, ofTheSecond[0].IsFull));

        IReadOnlyList<CapturedRun> ofTheFirst = Take(state, 4, 3, worn: 1);
        Assert.Equal(7, ofTheFirst.Count);
        Assert.All(ofTheFirst, run => Assert.True(run.IsFull && run.Range != changed));
        Assert.Empty(Take(state, 5, 4, worn: 1));
        Assert.Empty(Take(state, 6, 5, worn: 77));
    }

    [Fact]
    public void Take_ReadingOnly_CountsAsNoChange()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        table.GetOrAdd(KeyHash.Of(1), 1, out _) = 1;
        Assert.Single(Take(state, 1, 0));
        Assert.True(table.TryGet(KeyHash.Of(1), 1, out _));
        Assert.Equal(1, table.Peek(KeyHash.Of(1), 1));
        Assert.Empty(Take(state, 2, 1));
        Assert.Equal(1, table.Find(KeyHash.Of(1), 1));
        Assert.Single(Take(state, 3, 2));
    }

    [Fact]
    public void Begin_AfterRestoring_WritesEverythingEvenWhenNothingIsLeft()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        state.OnRestored();
        CapturedRun run = Assert.Single(Take(state, 5, 4));
        Assert.True(run.IsFull);
        Assert.Empty(Take(state, 6, 5));
    }

    [Fact]
    public void Begin_TwoUnconfirmedThenTheEarlierConfirmed_BuildsOnThatOne()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        RunStore store = new();
        for (long key = 0; key < 20_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        store.Add(1, 0, Take(state, 1, 0));
        table.Remove(KeyHash.Of(7), 7);
        store.Add(2, 1, Take(state, 2, 1));
        table.GetOrAdd(KeyHash.Of(8), 8, out _) = 80;
        store.Add(3, 1, Take(state, 3, 1));
        table.GetOrAdd(KeyHash.Of(9), 9, out _) = 90;
        store.Add(4, 2, Take(state, 4, 2));
        StateTable<long, long, Int64KeyOps> copy = new();
        store.Restore(4, KeyRange.Full, KeyedRows.OfTable("sums", "value", copy));
        Assert.Equal(19_999, copy.Count);
        Assert.Equal(80, copy.Peek(KeyHash.Of(8), 8));
        Assert.Equal(90, copy.Peek(KeyHash.Of(9), 9));
    }

    [Fact]
    public void Remove_MoreRowsThanAreLeft_WritesTheStateWholeAndForgetsTheMarks()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        for (long key = 0; key < 30_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        Take(state, 1, 0);
        for (long key = 0; key < 20_000; key++) table.Remove(KeyHash.Of(key), key);
        Assert.InRange(table.Marks?.Count ?? 0, 0, 10_000);
        Assert.All(Take(state, 2, 1), run => Assert.True(run.IsFull));
        table.Remove(KeyHash.Of(29_000), 29_000);
        Assert.False(Assert.Single(Take(state, 3, 2)).IsFull);
    }

    [Fact]
    public void Remove_AfterTheBaseThatNeededThem_ForgetsMarks()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        for (long key = 0; key < 20_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        for (long id = 1; id < 400; id++)
        {
            for (int i = 0; i < 50; i++)
            {
                long key = (id * 50) + i;
                table.Remove(KeyHash.Of(key), key);
                table.GetOrAdd(KeyHash.Of(key + 20_000), key + 20_000, out _) = key;
            }

            Take(state, id, id - 1);
        }

        Assert.InRange(table.Marks!.Count, 50, 8_000);
    }

    [Fact]
    public void Capture_MutableValue_IsEncodedBeforeItChanges()
    {
        StateTable<long, Tally, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("tallies", "value", table);
        RunStore store = new();
        for (long key = 0; key < 3; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = new() { Total = 10 };
        state.Begin(new(1, 0, KeyRange.Full, IsFull: true));
        table.Find(KeyHash.Of(1), 1).Total = 11;
        int budget = int.MaxValue;
        Assert.True(state.Capture(ref budget));
        table.Find(KeyHash.Of(2), 2).Total = 12;
        store.Add(1, 0, state.Take());
        StateTable<long, Tally, Int64KeyOps> copy = new();
        store.Restore(1, KeyRange.Full, KeyedRows.OfTable("tallies", "value", copy));
        Assert.Equal([10L, 10L, 10L], copy.Rows().Select(r => r.Value.Total));
    }

    [Fact]
    public void Capture_SmallBudget_TakesOneSegmentAtATime()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        KeyedRows state = KeyedRows.OfTable("sums", "value", table);
        for (long key = 0; key < 200_000; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
        state.Begin(new(1, 0, KeyRange.Full, IsFull: true));
        int calls = 0;
        for (int budget = 1; !state.Capture(ref budget); budget = 1, calls++) Assert.InRange(budget, -TableLimits.SegmentSlotsMax, 0);
        Assert.Equal((table.SlotCount / TableLimits.SegmentSlotsMax) - 1, calls);
        Assert.Equal(8, state.Take().Count);
    }

    static IReadOnlyList<CapturedRun> Take(KeyedRows state, long id, long confirmed, long worn = 0)
    {
        state.Begin(new(id, confirmed, KeyRange.Full, IsFull: false, worn));
        int budget = int.MaxValue;
        Assert.True(state.Capture(ref budget));
        return state.Take();
    }

    /// <summary>A value that user code changes in place.</summary>
    public sealed class Tally
    {
        public long Total { get; set; }
    }

    /// <summary>A table beside a dictionary, written and captured at random.</summary>
    sealed class TableRun(int seed, int keys, KeyRange owned, bool isOwned = false)
    {
        readonly Random _random = new(seed);
        readonly StateTable<long, long, Int64KeyOps> _table = new();
        readonly Dictionary<long, long> _model = [];
        readonly RunStore _store = new();
        KeyedRows? _state;
        long _id;

        public long Confirmed { get; private set; }

        public void RemoveAll()
        {
            foreach (long key in _model.Keys.ToArray())
            {
                if (_random.Next(50) == 0) continue;
                Assert.True(_table.Remove(KeyHash.Of(key), key));
                _model.Remove(key);
            }
        }

        /// <summary>Takes a snapshot with writes before, during and after, checks it, and confirms it or not.</summary>
        public int Snapshot()
        {
            _state ??= Open();
            Write(_random.Next(keys / 2));
            long id = ++_id, parent = Confirmed;
            _state.Begin(new(id, parent, owned, IsFull: _random.Next(15) == 0, Worn: _random.Next(4) == 0 ? _random.NextInt64(1, id + 1) : 0));
            Dictionary<long, long> atBarrier = new(_model);
            bool isDropped = _random.Next(8) == 0;
            for (int budget = 0; !_state.Capture(ref budget); budget = _random.Next(3_000))
            {
                Write(_random.Next(300));
                if (isDropped && _random.Next(3) == 0) return -1;
            }

            Write(_random.Next(300));
            IReadOnlyList<CapturedRun> runs = _state.Take();
            Write(_random.Next(300));
            _store.Add(id, parent, runs);
            Check(id, atBarrier);
            if (_random.Next(3) > 0) Confirmed = id;
            return runs.Count;
        }

        KeyedRows Open()
        {
            KeyedRows state = KeyedRows.OfTable("sums", "value", _table);
            if (isOwned) state.Own(owned);
            return state;
        }

        void Check(long id, Dictionary<long, long> expected)
        {
            int instances = new[] { 1, 2, 3, 7 }[_random.Next(4)];
            Dictionary<long, long> restored = [];
            for (int i = 0; i < instances; i++)
            {
                StateTable<long, long, Int64KeyOps> table = new();
                _store.Restore(id, KeyRange.Of(i, instances), KeyedRows.OfTable("sums", "value", table));
                foreach ((_, long key, long value) in table.Rows()) restored.Add(key, value);
            }

            Assert.Equal(expected.Count, restored.Count);
            Assert.Equal(expected.OrderBy(r => r.Key), restored.OrderBy(r => r.Key));
            Assert.InRange(_store.ChainLength(id), 0, 7);
        }

        void Write(int operations)
        {
            for (int i = 0; i < operations; i++)
            {
                long key = _random.Next(keys);
                if (!owned.Contains(KeyHash.Of(key))) continue;
                switch (_random.Next(5))
                {
                    case 0:
                        Assert.Equal(_model.Remove(key), _table.Remove(KeyHash.Of(key), key));
                        break;
                    case 1:
                        ref long found = ref _table.Find(KeyHash.Of(key), key);
                        if (_model.ContainsKey(key)) found = _model[key] = i;
                        break;
                    case 2:
                        Add step = new(i);
                        Assert.Equal(2, _table.Update([key, key], [KeyHash.Of(key), KeyHash.Of(key)], ref step));
                        _model[key] = _model.GetValueOrDefault(key) + (2L * i);
                        break;
                    default:
                        _table.GetOrAdd(KeyHash.Of(key), key, out _) = _model[key] = _random.NextInt64();
                        break;
                }
            }
        }
    }

    readonly struct Add(long amount) : IRowStep<long, long>
    {
        public bool CanGoOn => true;

        public void Step(int index, long key, ref long value, bool isNew) => value += amount;
    }
}
