using System.Numerics;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>A job whose state has a TTL, stopped and started as a version with another TTL and wider types; and its savepoint read without it.</summary>
public sealed class ExpiringJobTests
{
    const int Records = 900, Keys = 3, Lifetime = 150;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    public async Task Start_WithALongerTtl_HasWhatLivedAndNothingElse(int before, int after)
    {
        await StopBeforeAsync(before);
        HeldSource source = new(Records, Records - 50);
        DurableJob job = StoredJob.Start(_store, After(source), after, new StartFrom.LatestSavepoint());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        source.Release();
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Enumerable.Range(0, Keys).Select(static key => Line(key, Lived(key, Records))), _table.Visible.Order(StringComparer.Ordinal));
    }

    /// <summary>The savepoint in <c>test/golden/&lt;version&gt;/expiring</c>, written once: every later build goes on with its stamps, under another TTL.</summary>
    [Fact]
    public async Task Start_FromEveryGoldenSavepoint_HasWhatLivedAndNothingElse()
    {
        foreach (string folder in await GoldenFiles.FoldersAsync(FormatVersion.Pack, "expiring", WriteGoldenAsync))
        {
            MemoryObjectStore store = new(TimeProvider.System);
            await GoldenFiles.LoadAsync(folder, "golden/", (key, bytes) => store.PutAsync(key, bytes, CancellationToken.None));
            SnapshotReader reader = await SnapshotReader.OpenAsync(store, "golden/_metadata", null, CancellationToken.None);
            Assert.Equal(StateTtl.EventTime(new(Lifetime)), reader.State("states", "recent").Schema.Ttl);
            DurableJob job = StoredJob.Start(store, After(new(Records, -1)), 3, new StartFrom.Address("memory://golden"));
            Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
            Assert.Equal(Enumerable.Range(0, Keys).Select(static key => Line(key, Lived(key, Records))), _table.Visible.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task Plan_OfAnotherTtl_SaysWhatItDoes()
    {
        await StopBeforeAsync(1);
        StartPlan plan = await StoredJob.PlanAsync(_store, After(new(Records, -1)));
        Assert.True(plan.CanStart);
        UpgradeLine line = Assert.Single(plan.Lines, static l => l.State == "recent");
        Assert.Equal(StateFate.Changed, line.Fate);
        Assert.Contains("its TTL was 00:00:00.0000150 of event time since the last write and is 00:00:00.0100000", line.Why, StringComparison.Ordinal);
        Assert.Contains("what was over at the snapshot stays over", line.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Savepoint_ReadWithoutTheJob_HasValuesWithoutStamps()
    {
        await StopBeforeAsync(2);
        SnapshotReader reader = await SnapshotReader.OpenAsync(_store, $"{StoredJob.SavepointOf(_store)}_metadata", null, TestContext.Current.CancellationToken);
        Assert.Equal(StateTtl.EventTime(new(Lifetime)), reader.State("states", "recent").Schema.Ttl);
        await using StateSnapshot snapshot = new(reader);
        List<string> last = [], counts = [];
        await foreach (StateValue.Row row in snapshot.ReadAsync("states", "last")) last.Add(row.ToJson());
        await foreach (StateValue.Row row in snapshot.ReadAsync("states", "counts")) counts.Add(row.ToJson());
        Assert.Equal(["""{"key":0,"value":447}""", """{"key":1,"value":448}""", """{"key":2,"value":449}"""], last.Order(StringComparer.Ordinal));
        Assert.Equal(50, counts.Count);
        int elements = 0;
        await foreach (StateValue.Row _ in snapshot.ReadAsync("states", "recent")) elements++;
        Assert.Equal(50, elements);
    }

    async Task WriteGoldenAsync(string folder)
    {
        await StopBeforeAsync(2);
        string root = StoredJob.SavepointOf(_store);
        foreach (string key in _store.Keys.Where(k => k.StartsWith(root, StringComparison.Ordinal)))
            await GoldenFiles.SaveAsync(folder, key[root.Length..], (await _store.TryGetAsync(key, CancellationToken.None))!);
    }

    static IEnumerable<int> Lived(int key, int end) => Enumerable.Range(0, end).Where(n => n % Keys == key && n >= 400);

    static string Line(long key, IEnumerable<int> numbers)
    {
        string all = string.Join(",", numbers);
        return $"{key}: {all}; {all}; {numbers.Last()}";
    }

    static bool IsKept(int n) => n is < 200 or >= 400;

    Dataflow Before(HeldSource source)
    {
        StateTtl ttl = StateTtl.EventTime(new(Lifetime));
        return Flow(source, state => new Function<int, short>(state, ttl, ttl));
    }

    Dataflow After(HeldSource source)
    {
        StateTtl ttl = StateTtl.EventTime(new(100_000));
        return Flow(source, state => new Function<long, int>(state, ttl, ttl.RefreshedOnRead()));
    }

    Dataflow Flow(HeldSource source, Func<StateScope, IKeyedProcess<int, int, string>> factory)
    {
        Dataflow flow = new("expiring");
        flow.Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).WithParallelism(1)
            .Where(IsKept).WithParallelism(1).KeyBy(static n => n % Keys).Process("states", factory).Sink("out", new ModelSink(_table));
        return flow;
    }

    Task StopBeforeAsync(int parallelism)
    {
        HeldSource source = new(Records, Records / 2);
        return StoredJob.StopAsync(_store, Before(source), parallelism, source);
    }

    sealed class Function<TNumber, TCount>(StateScope state, StateTtl ttl, StateTtl last) : IKeyedProcess<int, int, string>
        where TNumber : INumber<TNumber> where TCount : INumber<TCount>
    {
        readonly ListState<TNumber> _recent = state.List<TNumber>("recent", ttl);
        readonly MapState<int, TCount> _counts = state.Map<int, TCount>("counts", ttl);
        readonly ValueState<TNumber> _last = state.Value<TNumber>("last", last);
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _recent.Add(TNumber.CreateChecked(record.Value));
            _counts.Set(record.Value, TCount.One);
            _last.Set(TNumber.CreateChecked(record.Value));
            _end.Set(Timestamp.MaxValue);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output) =>
            output.Emit($"{firing.Key}: {string.Join(",", _recent.ToArray())}; {string.Join(",", _counts.ToArray().Select(static e => e.Key))}; {_last.GetOr(TNumber.Zero)}");
    }
}
