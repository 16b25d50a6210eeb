using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Whole jobs over a store: what is committed equals what a loop would have written, whatever ends the job when.</summary>
public sealed class DurableJobTests
{
    const int Keys = 50;
    const int Records = 20_000;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();
    readonly List<string> _told = [];

    [Fact]
    public async Task Run_ToTheEnd_CommitsEverythingAndIsFinished()
    {
        JobResult result = await Start(Records).Completion;
        Assert.Equal(JobEnding.Finished, result.Ending);
        Assert.Equal(Expected(Records), _table.Visible);

        JobResult again = await Start(Records).Completion;
        Assert.Equal(JobEnding.AlreadyEnded, again.Ending);
        Assert.Equal(Expected(Records), _table.Visible);
    }

    [Fact]
    public async Task Interrupt_ThenStartAgain_GoesOnAndEndsExactly()
    {
        HeldSource source = new(Records, Records / 2);
        DurableJob job = Start(Records, source);
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        job.Interrupt("test");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
        Assert.NotEmpty(_table.Visible);

        Assert.Equal(JobEnding.Finished, (await Start(Records).Completion).Ending);
        Assert.Equal(Expected(Records), _table.Visible);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    [InlineData(3, 7)]
    [InlineData(7, 3)]
    [InlineData(2, 16)]
    [InlineData(16, 2)]
    public async Task Stop_ThenStartWithAnotherParallelism_EndsExactly(int before, int after)
    {
        HeldSource source = new(Records, Records / 2);
        DurableJob job = Start(Records, source, parallelism: before);
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => Start(Records).Completion);
        Assert.Contains("latest-savepoint", refused.Message, StringComparison.Ordinal);

        JobResult end = await Start(Records, parallelism: after, from: new StartFrom.LatestSavepoint()).Completion;
        Assert.Equal(JobEnding.Finished, end.Ending);
        Assert.Equal(Expected(Records), _table.Visible);
    }

    [Fact]
    public async Task Failure_OfUserCode_RestartsFromTheNewestCheckpoint()
    {
        int left = 3;
        DurableJob job = Start(Records, failing: n => n == Records * 3 / 4 && Interlocked.Decrement(ref left) >= 0);
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal(Expected(Records), _table.Visible);
        Assert.Contains(_told, static line => line.Contains("restarting in", StringComparison.Ordinal));
    }

    DurableJob Start(
        int records, HeldSource? source = null, int parallelism = 2, StartFrom? from = null, Func<int, bool>? failing = null)
    {
        Dataflow flow = new("counts");
        flow.Source("numbers", source ?? new HeldSource(records, heldAt: -1)).WithParallelism(1)
            .Select(n => failing?.Invoke(n) == true ? throw new InvalidOperationException($"poisoned by {n}") : n).WithParallelism(1)
            .KeyBy(static n => n % Keys)
            .Reduce("sum", static (a, b) => a + b)
            .Select(static n => $"{n}")
            .Sink("out", new ModelSink(_table));
        DurableOptions durable = new()
        {
            Store = _store,
            OpenStore = (address, _) => new(_store.Under(address["memory://".Length..])),
            SavepointRoot = "memory://savepoints",
            Checkpoints = new() { Interval = TimeSpan.FromMilliseconds(20) },
            Restart = new Millrace.Runtime.Jobs.RestartPolicy.FixedDelay { Attempts = 10, Delay = TimeSpan.Zero },
            From = from ?? new StartFrom.Unsaid(),
            Tell = line =>
            {
                lock (_told) _told.Add(line);
            },
        };
        return EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = parallelism, Threads = 2 }, durable);
    }

    static List<string> Expected(int records)
    {
        int[] sums = new int[Keys];
        return [.. Enumerable.Range(0, records).Select(n => $"{sums[n % Keys] += n}").Order(StringComparer.Ordinal)];
    }
}
