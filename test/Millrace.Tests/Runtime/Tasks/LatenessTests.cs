using System.Runtime.CompilerServices;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Tasks;

/// <summary>Whether a record is late is a matter of the order of records, and of nothing else.</summary>
public sealed class LatenessTests
{
    readonly record struct Sale(int Index, Timestamp At);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Lateness_AnyCutOfBatches_DependsOnTheOrderOfRecordsOnly(bool atSource)
    {
        for (int seed = 0; seed < 60; seed++)
        {
            Random random = new(seed);
            TimeSpan bound = TimeSpan.FromTicks(random.Next(12));
            Sale[] sales = [.. Enumerable.Range(0, random.Next(1, 400)).Select(i => new Sale(i, new(i + random.Next(-20, 20))))];
            int[] expected = [.. Late(sales, bound)];
            for (int cut = 0; cut < 4; cut++)
            {
                int[] actual = await LateDownstreamAsync(sales, bound, new Random(1000 * seed + cut), atSource);
                Assert.True(expected.SequenceEqual(actual), $"seed {seed}, cut {cut}: expected {string.Join(' ', expected)}, got {string.Join(' ', actual)}");
            }
        }
    }

    static IEnumerable<int> Late(Sale[] sales, TimeSpan bound)
    {
        long largest = long.MinValue;
        foreach (Sale sale in sales)
        {
            if (largest != long.MinValue && sale.At.Ticks < largest - bound.Ticks) yield return sale.Index;
            largest = Math.Max(largest, sale.At.Ticks);
        }
    }

    /// <summary>Runs the source's task alone and takes the place of its three consumers.</summary>
    static async Task<int[]> LateDownstreamAsync(Sale[] sales, TimeSpan bound, Random random, bool atSource)
    {
        var strategy = WatermarkStrategy.BoundedOutOfOrderness<Sale>(bound, static s => s.At);
        Dataflow flow = new("lateness");
        DataStream<Sale> stream = flow.Source("sales", new CutSource<Sale>(sales, random), atSource ? strategy : null).WithParallelism(1);
        if (!atSource) stream = stream.WithEventTime(strategy).WithParallelism(1);
        stream.KeyBy(static s => s.Index).Reduce("last", static (_, s) => s).Sink("out", DiscardSink.Of<Sale>());
        PlanModel plan = Planner.Plan(flow.Build(), 3);
        BuildContext context = new(plan, new ManualTimeProvider(), null!, CancellationToken.None) { SinkContextOf = static _ => null! };
        SteppedScheduler scheduler = new();
        Owner owner = new();
        StreamTask task = TaskBuilder.Build(context, plan.Chains[0], 0, scheduler, owner);
        PlanEdge edge = plan.Edges.Single(e => e.FromChain == plan.Chains[0]);
        Channel<Sale>[] channels = [.. Enumerable.Range(0, 3).Select(i => context.GridOf<Sale>(edge, true).Between(0, i))];
        foreach (Channel<Sale> channel in channels) channel.BindConsumer(new Nobody(), 0);
        foreach (Func<Task> discover in context.Discoveries) await discover();

        Consumers consumers = new(channels);
        task.Notify();
        while (!owner.IsEnded)
        {
            scheduler.RunOne();
            consumers.Receive(() => random.Next(3) > 0);
        }

        consumers.Receive(static () => true);
        Assert.Null(owner.Failure);
        Assert.Equal(sales.Length, consumers.Received);
        return [.. consumers.Late.Order()];
    }

    sealed class Consumers(Channel<Sale>[] channels)
    {
        readonly Timestamp[] _watermarks = [.. channels.Select(static _ => Timestamp.None)];

        public int Received { get; private set; }

        public List<int> Late { get; } = [];

        public void Receive(Func<bool> goesOn)
        {
            for (int i = 0; i < channels.Length; i++)
            {
                while (goesOn() && channels[i].TryReceive(out Batch<Sale>? batch))
                {
                    Received += batch.Count;
                    for (int at = 0; at < batch.Count; at++)
                    {
                        if (batch.Timestamps[at] <= _watermarks[i]) Late.Add(batch.Values[at].Index);
                    }

                    if (batch.Watermark > _watermarks[i]) _watermarks[i] = batch.Watermark;
                    channels[i].Return(batch);
                }
            }
        }
    }

    sealed class Nobody : IReadySet
    {
        public void MarkReady(int index) { }
    }

    sealed class Owner : ITaskOwner
    {
        public bool IsEnded { get; private set; }

        public Exception? Failure { get; private set; }

        public bool IsStopping => false;

        public void OnEnded(StreamTask task, Exception? failure) => (IsEnded, Failure) = (true, failure);
    }
}

/// <summary>A bounded source whose batches are cut anywhere.</summary>
sealed class CutSource<T>(IReadOnlyList<T> items, Random random) : ISource<T, ScriptedSplit>
{
    public bool IsBounded => true;

    public async IAsyncEnumerable<ScriptedSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        yield return new ScriptedSplit(0, 0);
    }

    public ValueTask<ISplitReader<T, ScriptedSplit>> OpenAsync(ScriptedSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new Reader(items, random));

    sealed class Reader(IReadOnlyList<T> items, Random random) : ISplitReader<T, ScriptedSplit>
    {
        int _next;

        public ScriptedSplit Position => new(0, _next);

        public ReadStatus TryRead(ref BatchWriter<T> batch)
        {
            for (int count = random.Next(40); count > 0 && _next < items.Count && batch.HasRoom; count--) batch.Add(items[_next++]);
            return _next == items.Count ? ReadStatus.Finished : ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
