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
