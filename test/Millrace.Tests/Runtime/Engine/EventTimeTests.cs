using Millrace.Runtime.Tasks;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Engine;

public sealed class EventTimeTests
{
    static readonly WatermarkStrategy<long> Ticks = WatermarkStrategy.Monotonous<long>(static t => new(t));

    [Fact]
    public void Watermark_OfSeveralSplits_WaitsForTheSlowest()
    {
        ScriptedSource<long> source = new(splits: 2);
        using JobHarness harness = Start(source, Ticks);
        source[0].Send(100);
        Assert.True(harness.RunUntilIdle().WatermarkOf("out").IsNone);
        source[1].Send(50);
        Assert.Equal(new Timestamp(49), harness.RunUntilIdle().WatermarkOf("out"));
        source[1].End();
        Assert.Equal(new Timestamp(99), harness.RunUntilIdle().WatermarkOf("out"));
    }

    [Fact]
    public void Watermark_ReadThatBeginsWithALateRecord_IsOfThatSplitAlone()
    {
        ScriptedSource<long> source = new(splits: 2);
        using JobHarness harness = Start(source, Ticks);
        source[0].Send(100, 200);
        source[1].Send(50);
        Assert.Equal(new Timestamp(49), harness.RunUntilIdle().WatermarkOf("out"));

        // Its watermark has to go first, so it is held back; the other split, read next, is where it was.
        source[0].Send(150);
        Assert.Equal(new Timestamp(49), harness.RunUntilIdle().WatermarkOf("out"));
        source[1].Send(60);
        Assert.Equal(new Timestamp(59), harness.RunUntilIdle().WatermarkOf("out"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Watermark_SplitsOfABoundedSource_IsHeldUntilAllAreAssigned(int parallelism)
    {
        ScriptedSource<long> source = new(splits: 3) { IsBounded = true };
        using JobHarness harness = Start(source, Ticks, parallelism);
        for (int split = 0; split < 3; split++) source[split].Send(100 + split);
        Assert.True(harness.RunUntilIdle().WatermarkOf("out").IsNone);
        source[0].End();
        if (parallelism == 1) source[1].End();
        Assert.Equal(new Timestamp(parallelism == 1 ? 101 : 100), harness.RunUntilIdle().WatermarkOf("out"));
    }

    [Fact]
    public void Split_Idle_HoldsNothingBackUntilRecordsComeAgain()
    {
        ScriptedSource<long> source = new(splits: 2);
        using JobHarness harness = Start(source, Ticks.WithIdleness(TimeSpan.FromMinutes(1)));
        source[0].Send(100);
        source[1].Send(50);
        Assert.Equal(new Timestamp(49), harness.RunUntilIdle().WatermarkOf("out"));
        harness.AdvanceTime(TimeSpan.FromSeconds(59));
        source[0].Send(200);
        Assert.Equal(new Timestamp(49), harness.RunUntilIdle().WatermarkOf("out"));
        harness.AdvanceTime(TimeSpan.FromSeconds(2));
        Assert.Equal(new Timestamp(199), harness.WatermarkOf("out"));
        source[1].Send(300);
        source[0].Send(250);
        Assert.Equal(new Timestamp(249), harness.RunUntilIdle().WatermarkOf("out"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Source_Idle_LetsOtherSourcesGoOn(bool atSource)
    {
        ScriptedSource<long> quiet = new(), busy = new();
        var strategy = Ticks.WithIdleness(TimeSpan.FromMinutes(1));
        using JobHarness harness = JobHarness.Start(flow =>
        {
            DataStream<long> first = atSource ? flow.Source("quiet", quiet, strategy) : flow.Source("quiet", quiet).WithEventTime(strategy);
            first.Union(flow.Source("busy", busy, strategy)).Select(static t => t).Sink("out", DiscardSink.Of<long>());
        });
        busy.Send(100);
        Assert.True(harness.RunUntilIdle().WatermarkOf("out").IsNone);
        harness.AdvanceTime(TimeSpan.FromSeconds(30));
        busy.Send(200);
        harness.RunUntilIdle();
        harness.AdvanceTime(TimeSpan.FromSeconds(31));
        Assert.Equal(new Timestamp(199), harness.WatermarkOf("out"));
        quiet.Send(150);
        busy.Send(300);
        Assert.Equal(new Timestamp(299), harness.RunUntilIdle().WatermarkOf("out"));
        quiet.Send(350);
        harness.RunUntilIdle();
        busy.Send(400);
        Assert.Equal(new Timestamp(349), harness.RunUntilIdle().WatermarkOf("out"));
    }

    [Fact]
    public void Reader_WithoutAnySplit_BecomesIdleToo()
    {
        ProbeSourceOfOneSplit source = new();
        using JobHarness harness = JobHarness.Start(
            flow => flow.Source("numbers", source, Ticks.WithIdleness(TimeSpan.FromMinutes(1))).KeyBy(static t => t).Reduce("last", static (_, t) => t).Sink("out", DiscardSink.Of<long>()),
            new() { Parallelism = 2 });
        source.Script.Send(100);
        harness.RunUntilIdle();
        harness.AdvanceTime(TimeSpan.FromSeconds(59));
        source.Script.Send(200);
        harness.RunUntilIdle();
        harness.AdvanceTime(TimeSpan.FromSeconds(2));
        Assert.Equal(new Timestamp(199), harness.WatermarkOf("last"));
    }

    /// <summary>An unbounded source whose discovery goes on, and has found one split.</summary>
    sealed class ProbeSourceOfOneSplit : ISource<long, ScriptedSplit>
    {
        public ScriptedSource<long> Script { get; } = new();

        public bool IsBounded => false;

        public async IAsyncEnumerable<ScriptedSplit> DiscoverAsync(
            SourceContext context, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            yield return new(0, 0);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        public ValueTask<ISplitReader<long, ScriptedSplit>> OpenAsync(ScriptedSplit split, FunctionContext context, CancellationToken cancellationToken) =>
            Script.OpenAsync(split, context, cancellationToken);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Timestamps_BeforeTheEpochAndAtTheEndsOfTheRange_Pass(int parallelism)
    {
        long[] ticks = [long.MinValue + 1, long.MinValue + 1, -5, 0, long.MaxValue - 1];
        CollectedOutput<long> output = new();
        Jobs.RunStepped(flow => flow.Source("ticks", CollectionSource.Of(ticks), Ticks).KeyBy(static t => t).Reduce("last", static (_, t) => t).Sink("out", output), parallelism);
        Assert.Equal(ticks.Select(static t => new Timestamped<long>(t, new(t))), output.All.OrderBy(static r => r.Value));
    }

    [Theory]
    [InlineData(long.MinValue, true, "has no timestamp")]
    [InlineData(long.MinValue, false, "has no timestamp")]
    [InlineData(long.MaxValue, true, "reserved for the end of input")]
    [InlineData(long.MaxValue, false, "reserved for the end of input")]
    public async Task Timestamp_None_OrTheEndOfTime_IsRefused(long ticks, bool atSource, string words)
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow =>
            (atSource ? flow.Source("ticks", CollectionSource.Of([1, ticks]), Ticks) : flow.Source("ticks", CollectionSource.Of([1, ticks])).WithEventTime(Ticks))
            .Sink("out", DiscardSink.Of<long>())));
        Assert.Equal(atSource ? "ticks" : "WithEventTime-2", failure.OperatorId);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
        Assert.Contains($"record: {ticks}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Union_OfStreamsWithAndWithoutEventTime_HasNone()
    {
        CollectedOutput<long> output = new();
        Jobs.RunStepped(flow => flow
            .Source("timed", CollectionSource.Of([1L, 2L]), Ticks).Union(flow.Source("untimed", CollectionSource.Of([3L, 4L]))).Select(static t => t).Sink("out", output));
        Assert.Equal([1, 2, 3, 4], output.All.Select(static r => r.Value).Order());
        Assert.All(output.All, static r => Assert.True(r.Timestamp.IsNone));
    }

    [Fact]
    public void Timestamps_OfTheSource_ReachTheSink()
    {
        ScriptedSource<string> source = new();
        CollectedOutput<string> output = new();
        using JobHarness harness = JobHarness.Start(flow => flow
            .Source("words", source, WatermarkStrategy.BoundedOutOfOrderness<string>(TimeSpan.Zero)).Select(static w => w.ToUpperInvariant()).DisableChaining().Sink("out", output));
        source.Send("a", TestTime.At("12:00")).Send("b", TestTime.At("12:01")).End();
        harness.RunToEnd();
        output.ExpectAt(("12:00", "A"), ("12:01", "B"));
    }

    [Fact]
    public async Task Lateness_OfASingleSplit_DoesNotDependOnWhenDiscoveryEnds()
    {
        // The watermark is held back until all splits are known: were the split read before, its late records would pass for early ones.
        TaskCompletionSource discovered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ProbeSource source = new(1, 1_000) { DiscoverAfter = discovered.Task };
        DiscardSink<int> sink = DiscardSink.Of<int>();
        using JobHarness harness = JobHarness.Start(flow => flow
            .Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new(n))).Sink("out", sink));
        harness.RunUntilIdle();
        Assert.Equal(0, source.RecordsRead);
        discovered.SetResult();
        harness.RunToEnd();
        Assert.Equal(1_000, sink.Count);
        await Task.CompletedTask;
    }

    [Fact]
    public void Splits_ThatEnded_AreClosedAtOnce()
    {
        ProbeSource source = new(200, 50);
        Jobs.RunStepped(flow => flow.Source("numbers", source).Sink("out", DiscardSink.Of<int>()));
        Assert.Equal((200, 200), (source.Opened, source.Disposed));
        Assert.InRange(source.OpenMost, 1, 2);
    }

    static JobHarness Start(ScriptedSource<long> source, WatermarkStrategy<long> strategy, int parallelism = 1) =>
        JobHarness.Start(
            flow => flow.Source("ticks", source, strategy).WithParallelism(parallelism).Rebalance().Select(static t => t).WithParallelism(1).Sink("out", DiscardSink.Of<long>()).WithParallelism(1));
}
