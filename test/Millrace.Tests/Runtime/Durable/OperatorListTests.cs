using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Lists of functions that are not keyed, through a stop and a start with another parallelism.</summary>
public sealed class OperatorListTests
{
    const int Records = 1_000;

    readonly MemoryObjectStore _store = new(TimeProvider.System);
    readonly ModelTable _table = new();

    [Theory]
    [InlineData(3, 3)]
    [InlineData(3, 2)]
    [InlineData(2, 5)]
    [InlineData(1, 4)]
    public async Task Lists_AfterAStop_AreDealtByTheirRules(int before, int after)
    {
        HeldSource source = new(Records, Records / 2);
        DurableJob job = Start(before, source);
        await source.Reached;
        Assert.IsType<CheckpointAnswer.Taken>(await job.StopAsync(isDrain: false, null));
        Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);

        DurableJob again = Start(after, new(Records, heldAt: -1), new StartFrom.LatestSavepoint());
        Assert.Equal(JobEnding.Finished, (await again.Completion).Ending);

        string[] lines = [.. _table.Visible];
        // Each record is in one instance's list, whichever that was; every instance has what all had at the stop; broadcast lists are alike.
        Assert.Equal(Enumerable.Range(0, Records), lines.Where(static l => l.StartsWith("split ", StringComparison.Ordinal)).Select(static l => int.Parse(l[6..], null)).Order());
        Assert.Equal([$"{before}"], lines.Where(static l => l.StartsWith("union ", StringComparison.Ordinal)).Select(static l => l[6..]).Distinct());
        Assert.Equal(after, lines.Count(static l => l.StartsWith("union ", StringComparison.Ordinal)));
        Assert.Equal(["1"], lines.Where(static l => l.StartsWith("broadcast ", StringComparison.Ordinal)).Select(static l => l[10..]).Distinct());
    }

    DurableJob Start(int parallelism, HeldSource source, StartFrom? from = null)
    {
        Dataflow flow = new("lists");
        flow.Source("numbers", source).WithParallelism(1)
            .Rebalance()
            .Process<string>("lists", static scope => new Lists(scope))
            .Sink("out", new ModelSink(_table));
        DurableOptions durable = new()
        {
            Store = _store,
            OpenStore = (address, _) => new(_store.Under(address["memory://".Length..])),
            SavepointRoot = "memory://savepoints",
            From = from ?? new StartFrom.Unsaid(),
        };
        return EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = parallelism, Threads = 2 }, durable);
    }

    sealed class Lists(OperatorScope scope) : IProcess<int, string>, IOpen
    {
        readonly OperatorList<int> _split = scope.SplitList<int>("split");
        readonly OperatorList<int> _union = scope.UnionList<int>("union");
        readonly OperatorList<string> _broadcast = scope.BroadcastList<string>("broadcast");
        bool _isRestored;

        public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
        {
            _isRestored = _union.Count > 0;
            if (_isRestored) return ValueTask.CompletedTask;
            _union.Add(context.Subtask.Index);
            _broadcast.Add("same everywhere");
            return ValueTask.CompletedTask;
        }

        public void OnRecord(in Record<int> record, Output<string> output) => _split.Add(record.Value);

        public void OnEnd(Output<string> output)
        {
            foreach (int n in _split.ToArray()) output.Emit($"split {n}");
            output.Emit($"union {_union.Count}");
            output.Emit($"broadcast {_broadcast.Count}");
        }
    }
}
