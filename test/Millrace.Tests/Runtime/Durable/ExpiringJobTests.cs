using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;
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
        DurableJob job = Start(After(source), after, new StartFrom.LatestSavepoint());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        source.Release();
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Enumerable.Range(0, Keys).Select(static key => Line(key, Lived(key, Records))), _table.Visible.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Plan_OfAnotherTtl_SaysWhatItDoes()
    {
        await StopBeforeAsync(1);
        StartPlan plan = await StartPlan.ReadAsync(
            After(new(Records, -1)).Build(), new() { Parallelism = 1, Threads = 2 }, Options(new StartFrom.LatestSavepoint()), TestContext.Current.CancellationToken);
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
        string key = Assert.Single(_store.Keys, static k => k.StartsWith("savepoints/", StringComparison.Ordinal) && k.EndsWith("_metadata", StringComparison.Ordinal));
        SnapshotReader reader = await SnapshotReader.OpenAsync(_store, key, null, TestContext.Current.CancellationToken);
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

    static IEnumerable<int> Lived(int key, int end) => Enumerable.Range(0, end).Where(n => n % Keys == key && n >= 400);

    static string Line(long key, IEnumerable<int> numbers)
    {
        string all = string.Join(",", numbers);
        return $"{key}: {all}; {all}; {numbers.Last()}";
    }

    static bool IsKept(int n) => n is < 200 or >= 400;

    Dataflow Before(HeldSource source) => Flow(source, static state => new FunctionBefore(state));

    Dataflow After(HeldSource source) => Flow(source, static state => new FunctionAfter(state));

    Dataflow Flow(HeldSource source, Func<StateScope, IKeyedProcess<int, int, string>> factory)
    {
        Dataflow flow = new("expiring");
        flow.Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).WithParallelism(1)
            .Where(IsKept).WithParallelism(1).KeyBy(static n => n % Keys).Process("states", factory).Sink("out", new ModelSink(_table));
        return flow;
    }

    async Task StopBeforeAsync(int parallelism)
    {
        HeldSource source = new(Records, Records / 2);
        DurableJob job = Start(Before(source), parallelism, new StartFrom.Unsaid());
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
    }

    DurableJob Start(Dataflow flow, int parallelism, StartFrom from) =>
        EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = parallelism, Threads = 2 }, Options(from));

    DurableOptions Options(StartFrom from) => new()
    {
        Store = _store,
        OpenStore = (address, _) => new(_store.Under(address["memory://".Length..])),
        SavepointRoot = "memory://savepoints",
        From = from,
        Checkpoints = new() { Interval = TimeSpan.FromHours(1) },
    };

    sealed class FunctionBefore(StateScope state) : IKeyedProcess<int, int, string>
    {
        readonly ListState<int> _recent = state.List<int>("recent", StateTtl.EventTime(new(Lifetime)));
        readonly MapState<int, short> _counts = state.Map<int, short>("counts", StateTtl.EventTime(new(Lifetime)));
        readonly ValueState<int> _last = state.Value<int>("last", StateTtl.EventTime(new(Lifetime)));
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _recent.Add(record.Value);
            _counts.Set(record.Value, 1);
            _last.Set(record.Value);
            _end.Set(Timestamp.MaxValue);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output) => output.Emit("the first version ended");
    }

    sealed class FunctionAfter(StateScope state) : IKeyedProcess<int, int, string>
    {
        readonly ListState<long> _recent = state.List<long>("recent", StateTtl.EventTime(new(100_000)));
        readonly MapState<int, int> _counts = state.Map<int, int>("counts", StateTtl.EventTime(new(100_000)));
        readonly ValueState<long> _last = state.Value<long>("last", StateTtl.EventTime(new(100_000)).RefreshedOnRead());
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _recent.Add(record.Value);
            _counts.Set(record.Value, 1);
            _last.Set(record.Value);
            _end.Set(Timestamp.MaxValue);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output) =>
            output.Emit($"{firing.Key}: {string.Join(",", _recent.ToArray())}; {string.Join(",", _counts.ToArray().Select(static e => e.Key))}; {_last.GetOr(-1)}");
    }
}
