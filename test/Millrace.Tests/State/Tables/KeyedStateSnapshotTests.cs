using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;
using Millrace.State.Timers;

namespace Millrace.Tests.State.Tables;

/// <summary>All kinds of state of a function, captured while it goes on, against what they held at the barrier.</summary>
public sealed class KeyedStateSnapshotTests
{
    [Theory]
    [InlineData(1, 5, 60)]
    [InlineData(2, 300, 25)]
    [InlineData(3, 4_000, 12)]
    public void Snapshots_OfEveryKindOfState_RestoreWhatWasThereAtTheBarrier(int seed, int keys, int snapshots) =>
        Play<Int32KeyOps>(seed, keys, snapshots);

    [Fact]
    public void Snapshots_OfKeysWithOneHash_RestoreWhatWasThereAtTheBarrier() => Play<CollidingOps>(4, 30, 25);

    [Fact]
    public void Schemas_OfAFunction_NameEachStateOnce()
    {
        Instance<Int32KeyOps> function = new();
        Assert.Equal(function.Rows.Count, function.Rows.Select(r => r.Schema.Name).Distinct().Count());
        Assert.All(function.Rows, r => Assert.Equal(StateLayout.Keyed, r.Schema.Layout));
        Assert.Equal(["int32"], function.Rows.Select(r => r.Schema.Key!.Text).Distinct());
    }

    [Fact]
    public void Snapshot_AfterReadingMutableElements_HasTheirChanges()
    {
        Instance<Int32KeyOps> function = new();
        function.Scope.On(1);
        function.Tallies.Add(new() { Total = 1 });
        function.TalliesByName.Set(1, new() { Total = 1 });
        function.Tally.Set(new() { Total = 1 });
        RunStore[] stores = [.. function.Rows.Select(_ => new RunStore())];
        Take(function, stores, 1, 0);
        function.Scope.On(1);
        function.Tallies[0].Total = 2;
        Assert.True(function.TalliesByName.TryGet(1, out Tally? named));
        named.Total = 3;
        Assert.True(function.Tally.TryGet(out Tally? tally));
        tally.Total = 4;
        Take(function, stores, 2, 1);
        Instance<Int32KeyOps> restored = Restore<Int32KeyOps>(stores, 2, KeyRange.Full);
        Assert.Equal(function.Dump(), restored.Dump());
        Assert.Contains("tally 1 4", restored.Dump());
    }

    [Fact]
    public void Timers_OfSeveralInstances_KeepTheirOrderAndLaterOnesFollow()
    {
        Instance<Int32KeyOps>[] before = [new(), new()];
        for (int key = 0; key < 40; key++)
        {
            Instance<Int32KeyOps> owner = before[KeyRange.InstanceOf(KeyHash.Of(key), 2)];
            owner.Scope.On(key);
            owner.Deadlines.Add(new(100));
            owner.Deadline.Set(new(100));
        }

        RunStore[] stores = [.. before[0].Rows.Select(_ => new RunStore())];
        Take(before, stores, 1, 0);
        Instance<Int32KeyOps> after = Restore<Int32KeyOps>(stores, 1, KeyRange.Full);
        after.Scope.On(1_000);
        after.Deadlines.Add(new(100));
        List<(int Key, int Timer)> fired = [.. Fire(after.Scope.State.EventTimers)];
        Assert.Equal(81, fired.Count);
        Assert.Equal(1_000, fired[^1].Key);
        foreach (Instance<Int32KeyOps> instance in before)
        {
            List<(int Key, int Timer)> alone = [.. Fire(instance.Scope.State.EventTimers)];
            Assert.Equal(alone, fired.Where(f => alone.Contains(f)));
        }
    }

    [Fact]
    public void Restore_RowOfAnotherKey_IsRefused()
    {
        Instance<Int32KeyOps> function = new();
        Assert.Throws<Millrace.State.Codecs.CorruptDataException>(() => function.Rows[0].Restore(new RunRow { Hash = 12345, Key = [2], Sub = [], Value = [2] }));
    }

    static IEnumerable<(int Key, int Timer)> Fire(TimerQueue<int> queue)
    {
        while (queue.IsDue(Timestamp.MaxValue))
        {
            if (queue.TryTake(out TimerEntry<int> due)) yield return (due.Key, due.Timer);
        }
    }

    static void Play<TOps>(int seed, int keys, int snapshots) where TOps : struct, IKeyOps<int>
    {
        Random random = new(seed);
        Instance<TOps> function = new();
        RunStore[] stores = [.. function.Rows.Select(_ => new RunStore())];
        long confirmed = 0;
        for (long id = 1; id <= snapshots; id++)
        {
            function.Write(random, keys, random.Next(keys * 3));
            foreach (ISnapshotRows rows in function.Rows) rows.Begin(new(id, confirmed, KeyRange.Full, IsFull: random.Next(10) == 0, Worn: random.Next(4) == 0 ? random.NextInt64(1, id + 1) : 0));
            List<string> atBarrier = function.Dump();
            List<string> order = function.TimerOrder();
            for (int i = 0; i < stores.Length; i++)
            {
                for (int budget = 0; !function.Rows[i].Capture(ref budget); budget = random.Next(2_000)) function.Write(random, keys, random.Next(60));
                IReadOnlyList<CapturedRun> runs = function.Rows[i].Take();
                function.Write(random, keys, random.Next(60));
                stores[i].Add(id, confirmed, runs);
            }

            Instance<TOps> restored = Restore<TOps>(stores, id, KeyRange.Full);
            Assert.Equal(atBarrier, restored.Dump());
            Assert.Equal(order, restored.TimerOrder());
            CheckRescaled<TOps>(stores, id, new[] { 2, 3, 7 }[random.Next(3)], atBarrier);
            if (random.Next(4) > 0) confirmed = id;
            if (random.Next(8) > 0) continue;
            // A restart: whatever came after the barrier is forgotten.
            function = Restore<TOps>(stores, id, KeyRange.Full);
            confirmed = id;
        }
    }

    static void CheckRescaled<TOps>(RunStore[] stores, long id, int parallelism, List<string> expected) where TOps : struct, IKeyOps<int>
    {
        Instance<TOps>[] instances = [.. Enumerable.Range(0, parallelism).Select(i => Restore<TOps>(stores, id, KeyRange.Of(i, parallelism)))];
        Assert.Equal(expected, instances.SelectMany(i => i.Dump()).Order(StringComparer.Ordinal));
        RunStore[] merged = [.. stores.Select(_ => new RunStore())];
        Take(instances, merged, 1, 0);
        Assert.Equal(expected, Restore<TOps>(merged, 1, KeyRange.Full).Dump());
    }

    static void Take<TOps>(Instance<TOps> function, RunStore[] stores, long id, long confirmed) where TOps : struct, IKeyOps<int> =>
        Take([function], stores, id, confirmed);

    static void Take<TOps>(Instance<TOps>[] instances, RunStore[] stores, long id, long confirmed) where TOps : struct, IKeyOps<int>
    {
        for (int state = 0; state < stores.Length; state++)
        {
            List<CapturedRun> runs = [];
            for (int i = 0; i < instances.Length; i++)
            {
                ISnapshotRows rows = instances[i].Rows[state];
                rows.Begin(new(id, confirmed, KeyRange.Of(i, instances.Length), IsFull: false));
                int budget = int.MaxValue;
                Assert.True(rows.Capture(ref budget));
                runs.AddRange(rows.Take());
            }

            stores[state].Add(id, confirmed, runs);
        }
    }

    static Instance<TOps> Restore<TOps>(RunStore[] stores, long id, KeyRange range) where TOps : struct, IKeyOps<int>
    {
        Instance<TOps> function = new();
        for (int i = 0; i < stores.Length; i++) stores[i].Restore(id, range, function.Rows[i]);
        function.Scope.State.OnRestored(new(17));
        Assert.Equal(new(17), function.Scope.State.CurrentWatermark);
        return function;
    }

    /// <summary>A value that user code changes in place.</summary>
    public sealed class Tally
    {
        public long Total { get; set; }
    }

    /// <summary>One instance of a function that has every kind of state.</summary>
    sealed class Instance<TOps> where TOps : struct, IKeyOps<int>
    {
        readonly ValueState<string?> _value;
        readonly ListState<int> _list;
        readonly MapState<string, int> _map;
        readonly ReducingState<long> _sum;
        readonly AggregatingState<int, int> _all;
        readonly ProcessingTimer _clock;
        readonly ProcessingTimerSet _clocks;

        public Instance()
        {
            KeyedStateScope<int, TOps> state = Scope.State;
            _value = state.Value<string?>("value");
            Tally = state.Value<Tally>("tally");
            _list = state.List<int>("list");
            Tallies = state.List<Tally>("tallies");
            _map = state.Map<string, int>("map");
            TalliesByName = state.Map<int, Tally>("tallies by name");
            _sum = state.Reducing<long>("sum", static (a, b) => a + b);
            _all = state.Aggregating<int, List<int>, int>("all", static () => [], Append, static all => all.Count);
            Deadline = state.EventTimer("deadline");
            Deadlines = state.EventTimerSet("deadlines");
            _clock = state.ProcessingTimer("clock");
            _clocks = state.ProcessingTimerSet("clocks");
            state.Close();
        }

        public KeyedScope<int, TOps> Scope { get; } = new();

        public ValueState<Tally> Tally { get; }

        public ListState<Tally> Tallies { get; }

        public MapState<int, Tally> TalliesByName { get; }

        public EventTimer Deadline { get; }

        public EventTimerSet Deadlines { get; }

        public IReadOnlyList<ISnapshotRows> Rows => Scope.State.SnapshotRows;

        public void Write(Random random, int keys, int operations)
        {
            for (int i = 0; i < operations; i++)
            {
                Scope.On(random.Next(keys));
                if (!WriteValues(random)) WriteTimers(random, keys);
            }
        }

        bool WriteValues(Random random)
        {
            int number = random.Next(1_000);
            switch (random.Next(24))
            {
                case 0 or 1: _value.Set(number % 7 == 0 ? null : $"v{number}"); break;
                case 2: _value.Clear(); break;
                case 3: Tally.Set(new() { Total = number }); break;
                case 4 when Tally.TryGet(out Tally? tally): tally.Total += number; break;
                case 5: for (int n = random.Next(random.Next(200)); n >= 0; n--) _list.Add(number + n); break;
                case 6 when number < 300: _list.Clear(); break;
                case 7 when number < 300: _list.Set([.. Enumerable.Range(number, random.Next(600))]); break;
                case 8: Tallies.Add(new() { Total = number }); break;
                case 9 when Tallies.Count > 0: Tallies[random.Next(Tallies.Count)].Total += number; break;
                case 10 or 11: _map.Set($"k{number % 9}", number); break;
                case 12: _map.Remove($"k{number % 9}"); break;
                case 13 when number < 200: _map.Clear(); break;
                case 14: TalliesByName.Set(number % 4, new() { Total = number }); break;
                case 15 when TalliesByName.TryGet(number % 4, out Tally? named): named.Total += number; break;
                case 16: _sum.Add(number); break;
                case 17 or 18: _all.Add(number); break;
                case 19 when number < 200: _sum.Clear(); _all.Clear(); Tally.Clear(); break;
                default: return false;
            }

            return true;
        }

        void WriteTimers(Random random, int keys)
        {
            Timestamp at = new(random.Next(keys));
            switch (random.Next(10))
            {
                case 0 or 1: Deadline.Set(at); break;
                case 2: Deadline.Cancel(); break;
                case 3 or 4: Deadlines.Add(at); break;
                case 5: Deadlines.Remove(at); break;
                case 6: _clock.Set(at); break;
                case 7: _clocks.Add(at); break;
                case 8 when Scope.State.ProcessingTimers.IsDue(at): Scope.State.ProcessingTimers.TryTake(out _); break;
                case 9 when Scope.State.EventTimers.IsDue(at): Scope.State.EventTimers.TryTake(out _); break;
                default: break;
            }
        }

        /// <summary>All that is in the state, as lines in order.</summary>
        public List<string> Dump() =>
        [
            .. new[]
            {
                ((TableValueState<int, string?, TOps>)_value).Rows().Select(r => $"value {r.Key} {r.Value ?? "null"}"),
                ((TableValueState<int, Tally, TOps>)Tally).Rows().Select(r => $"tally {r.Key} {r.Value.Total}"),
                ((TableListState<int, int, TOps>)_list).Rows().Select(r => $"list {r.Key} {string.Join(',', r.Values)}"),
                ((TableListState<int, Tally, TOps>)Tallies).Rows().Select(r => $"tallies {r.Key} {string.Join(',', r.Values.Select(t => t.Total))}"),
                ((TableMapState<int, string, int, TOps, StringKeyOps>)_map).Rows().Select(r => $"map {r.Key} {r.MapKey} {r.Order} {r.Value}"),
                Chains(((TableMapState<int, string, int, TOps, StringKeyOps>)_map).Rows().Select(r => r.Key)),
                ((TableMapState<int, int, Tally, TOps, Int32KeyOps>)TalliesByName).Rows().Select(r => $"tallies by name {r.Key} {r.MapKey} {r.Value.Total}"),
                ((TableReducingState<int, long, TOps>)_sum).Rows().Select(r => $"sum {r.Key} {r.Value}"),
                ((TableAggregatingState<int, int, List<int>, int, TOps>)_all).Rows().Select(r => $"all {r.Key} {string.Join(',', r.Value)}"),
                Timers(Scope.State.EventTimers), Timers(Scope.State.ProcessingTimers),
            }.SelectMany(lines => lines).Order(StringComparer.Ordinal),
        ];

        /// <summary>The timers of event time in the order they would fire.</summary>
        public List<string> TimerOrder() =>
        [
            .. Scope.State.EventTimers.Timers.SelectMany(t => t.Rows().Select(r => (r.Deadline, r.Sequence, Text: $"{t.Handle.Name} {r.Key} {r.Deadline.Ticks}")))
                .OrderBy(r => r.Deadline).ThenBy(r => r.Sequence).Select(r => r.Text),
        ];

        /// <summary>Reads maps through their chains. Materialized, because it moves to other keys.</summary>
        IEnumerable<string> Chains(IEnumerable<int> keys)
        {
            List<string> lines = [];
            foreach (int key in keys.Distinct().ToArray())
            {
                Scope.On(key);
                lines.Add($"chain {key} {_map.Count} {string.Join(',', _map.ToArray().Select(e => e.Key))}");
            }

            return lines;
        }

        static IEnumerable<string> Timers(TimerQueue<int> queue) =>
            queue.Timers.SelectMany(t => t.Rows().Select(r => $"{t.Handle.Name} {r.Key} {r.Deadline.Ticks}"));

        static List<int> Append(List<int> all, int value)
        {
            all.Add(value);
            return all;
        }
    }
}
