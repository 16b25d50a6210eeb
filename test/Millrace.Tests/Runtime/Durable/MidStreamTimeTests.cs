using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Event time that begins in mid-stream does not begin again with every start.</summary>
public sealed class MidStreamTimeTests
{
    readonly MemoryObjectStore _store = new(TimeProvider.System);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public async Task Stop_AndStartWithoutARecord_KeepsEventTime(int before, int after)
    {
        Timestamp first = await StopAsync(before, new StartFrom.Unsaid());
        Timestamp second = await StopAsync(after, new StartFrom.LatestSavepoint());

        Assert.False(first.IsNone);
        Assert.Equal(first, second);
    }

    /// <summary>Windows of the clock have the time of the clock in their snapshot; in one chain with others it is not that of the stream they all read.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Start_WithWindowsOfTheClockInTheChain_KeepsEventTimeOfTheOthers(int parallelism)
    {
        ModelTable table = new();
        HeldSource first = new(1_000, 450), second = new(1_000, -1);
        await StoredJob.StopAsync(_store, Windows(first, table), parallelism, first);
        Assert.Equal(JobEnding.Finished, (await StoredJob.Start(_store, Windows(second, table), parallelism, new StartFrom.LatestSavepoint()).Completion).Ending);

        Assert.Equal(Enumerable.Range(0, 10).Select(static n => $"window {n * 100} 100"), table.Visible.Where(static l => l.StartsWith("window", StringComparison.Ordinal)).OrderBy(static l => int.Parse(l.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(1_000, table.Visible.Where(static l => l.StartsWith("clock", StringComparison.Ordinal)).Sum(static l => int.Parse(l.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    static Dataflow Windows(HeldSource source, ModelTable table)
    {
        Dataflow flow = new("windows");
        // Every fiftieth is behind the watermark, and in a window that is still open: what is sent before it is exact, and passed on by all.
        KeyedStream<int, int> keyed = flow.Source(
            "numbers", source, WatermarkStrategy.BoundedOutOfOrderness<int>(TimeSpan.FromMilliseconds(10), static n => Timestamp.FromUnixMilliseconds(n % 50 == 49 ? n - 30 : n))).KeyBy(static _ => 0);
        DataStream<string> counts = keyed.Window(Tumbling.Of(TimeSpan.FromMilliseconds(100))).Aggregate(
            "windows", seed: static () => 0, add: static (ref int n, in Record<int> _) => n++, merge: static (a, b) => a + b, emit: static w => $"window {w.Window.Start.ToUnixMilliseconds()} {w.Value}");
        keyed.Window(Tumbling.Of(TimeSpan.FromMilliseconds(20)).InProcessingTime()).Aggregate(
            "clock", seed: static () => 0, add: static (ref int n, in Record<int> _) => n++, merge: static (a, b) => a + b, emit: static w => $"clock {w.Value}").Union(counts).Sink("out", new ModelSink(table));
        return flow;
    }

    /// <summary>The watermark of the operator in the savepoint the job is stopped with.</summary>
    async Task<Timestamp> StopAsync(int parallelism, StartFrom from)
    {
        HeldSource source = new(1_000, 500);
        Dataflow flow = new("times");
        flow.Source("numbers", source).WithParallelism(1)
            .Rebalance()
            .WithEventTime(WatermarkStrategy.BoundedOutOfOrderness<int>(TimeSpan.FromTicks(5), static n => new(n)))
            .Process<string>("pass", static _ => new Nothing())
            .Sink("out", new ModelSink(new()));
        DurableOptions durable = new()
        {
            Store = _store,
            OpenStore = (address, _) => new(_store.Under(address["memory://".Length..])),
            SavepointRoot = "memory://savepoints",
            From = from,
        };
        DurableJob job = EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = parallelism, Threads = 2 }, durable);
        await source.Reached;
        var taken = Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
        SnapshotReader reader = await SnapshotReader.OpenAsync(_store.Under("times"), taken.Snapshot.Key, taken.Snapshot.Sha256, default);
        return reader.Manifest.Operators.Single(static o => o.Verb == "WithEventTime").Watermarks.Min(static w => w.Watermark);
    }

    sealed class Nothing : IProcess<int, string>
    {
        public void OnRecord(in Record<int> record, Output<string> output)
        {
        }
    }
}
