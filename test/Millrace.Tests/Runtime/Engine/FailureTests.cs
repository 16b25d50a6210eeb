using Millrace.Runtime;
using Millrace.Runtime.Operators;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Engine;

public sealed class FailureTests
{
    [Theory]
    [InlineData("discover")]
    [InlineData("open")]
    [InlineData("read")]
    [InlineData("dispose")]
    [InlineData("discover by timeout")]
    [InlineData("open by timeout")]
    [InlineData("read by timeout")]
    [InlineData("dispose by timeout")]
    public async Task Source_ThatFails_EndsTheJobAndIsNamed(string stage)
    {
        ProbeSource source = new(2, 100) { FailIn = stage };
        ProbeSink<int> sink = new();
        var failure = Assert.IsType<OperatorFailedException>(
            await Jobs.FailureAsync(flow => flow.Source("numbers", source).Sink("out", sink), parallelism: 2));

        Assert.Equal("numbers", failure.OperatorId);
        Assert.Contains(stage.Split(' ')[0], failure.Message, StringComparison.Ordinal);
        Assert.Equal(source.Opened, source.Disposed);
        Assert.Equal((2, 2), (sink.Opened, sink.Disposed));
    }

    [Theory]
    [InlineData("open")]
    [InlineData("write")]
    [InlineData("complete")]
    [InlineData("dispose")]
    [InlineData("open by timeout")]
    [InlineData("complete by timeout")]
    [InlineData("dispose by timeout")]
    public async Task Sink_ThatFails_EndsTheJobAndIsNamed(string stage)
    {
        ProbeSource source = new(3, 100);
        ProbeSink<int> sink = new() { FailIn = stage };
        var failure = Assert.IsType<OperatorFailedException>(
            await Jobs.FailureAsync(flow => flow.Source("numbers", source).Sink("out", sink)));

        Assert.Equal("out", failure.OperatorId);
        Assert.Contains(stage.Split(' ')[0], failure.Message, StringComparison.Ordinal);
        Assert.Equal(source.Opened, source.Disposed);
        Assert.Equal(sink.Opened, sink.Disposed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Lambda_ThatThrowsAtRecordN_IsNamedWithSubtaskRecordAndStack(int parallelism)
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow => flow
            .Source("numbers", CollectionSource.Of(Enumerable.Range(0, 10_000).ToArray()))
            .Rebalance().Select(Explode).Sink("out", DiscardSink.Of<int>()), parallelism));

        Assert.Equal("Select-2", failure.OperatorId);
        Assert.Equal("7777", failure.Record);
        Assert.Contains($"/{parallelism}) failed on record 7777: DivideByZeroException", failure.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Explode), failure.InnerException!.StackTrace, StringComparison.Ordinal);
    }

    static int Explode(int n) => n == 7_777 ? throw new DivideByZeroException("no") : n;

    [Theory]
    [InlineData("Where")]
    [InlineData("SelectMany")]
    [InlineData("SelectMany late")]
    [InlineData("Process")]
    [InlineData("KeyBy")]
    [InlineData("Fold")]
    [InlineData("WithEventTime")]
    public async Task UserCode_OfAnyVerb_IsNamedWithItsRecord(string verb)
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow =>
        {
            DataStream<int> numbers = flow.Source("numbers", CollectionSource.Of(Enumerable.Range(0, 10_000).ToArray()));
            DataStream<int> result = verb switch
            {
                "Where" => numbers.Where(static n => Explode(n) >= 0),
                "SelectMany" => numbers.SelectMany(static n => Enumerable.Repeat(Explode(n), 2)),
                "SelectMany late" => numbers.SelectMany(static n => Enumerable.Range(0, 3).Select(i => i == 2 ? Explode(n) : n)),
                "Process" => numbers.Process("p", static () => new Exploding()),
                "KeyBy" => numbers.KeyBy(Explode).Reduce("r", static (_, n) => n),
                "Fold" => numbers.KeyBy(static n => n).Fold("f", static () => 0, static (ref int s, in Record<int> r, Output<int> o) => o.Emit(s += Explode(r.Value))),
                _ => numbers.WithEventTime(WatermarkStrategy.Monotonous<int>(static n => new(Explode(n)))),
            };
            result.Sink("out", DiscardSink.Of<int>());
        }));
        Assert.Equal("7777", failure.Record);
        Assert.IsType<DivideByZeroException>(failure.InnerException);
    }

    sealed class Exploding : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output) => output.Emit(Explode(record.Value));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Key_Null_FailsWithTheCure(int parallelism)
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow => flow
            .Source("words", CollectionSource.Of(["a", "b", null!, "c"])).KeyBy(static w => w).Count("count").Sink("out", DiscardSink.Of<KeyValue<string, long>>()), parallelism));

        Assert.Equal("count", failure.OperatorId);
        Assert.IsType<NullKeyException>(failure.InnerException);
        Assert.Contains(".Where(…) before .KeyBy(…)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Record_WhoseToStringThrows_DoesNotHideTheFailure()
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow => flow
            .Source("x", CollectionSource.Of([new Mute()])).Select(static Mute (_) => throw new InvalidOperationException("first")).Sink("out", DiscardSink.Of<Mute>())));
        Assert.Contains("first", failure.Message, StringComparison.Ordinal);
        Assert.Contains("ToString throws", failure.Record!, StringComparison.Ordinal);
    }

    sealed class Mute
    {
        public override string ToString() => throw new NotSupportedException();
    }

    [Fact]
    public async Task Failures_OfSeveralTasks_ReportTheFirstAndCloseEverythingOnce()
    {
        ProbeFunction.Counts counts = new();
        ProbeSink<int> sink = new();
        await Jobs.FailureAsync(flow => flow
            .Source("numbers", new ProbeSource(5, 10_000)).Process("probe", counts.Make).Rebalance()
            .Select(static n => n % 100 == 99 ? throw new InvalidOperationException("many") : n).Sink("out", sink), parallelism: 3);
        // One more is made while planning, and never opened.
        Assert.Equal((4, 3, 3), (counts.Made, counts.Opened, counts.Disposed));
        Assert.Equal((3, 3, 0), (sink.Opened, sink.Disposed, sink.Completed));
    }

    [Fact]
    public async Task Sum_ThatOverflows_FailsTheJob()
    {
        var failure = await Jobs.FailureAsync(flow => flow
            .Source("numbers", CollectionSource.Of([int.MaxValue, 1])).KeyBy(static _ => 0).Sum("sum", static n => n).Sink("out", DiscardSink.Of<KeyValue<int, int>>()));
        Assert.IsType<OverflowException>(failure.InnerException);
    }

    [Fact]
    public async Task Status_OfAnUnknownOperator_NamesTheOnesThereAre()
    {
        JobResult result = await Jobs.RunAsync(static flow => flow.Source("numbers", CollectionSource.Of([1])).Sink("out", DiscardSink.Of<int>()));
        Assert.Contains("'numbers', 'out'", Assert.Throws<KeyNotFoundException>(() => result.Status["nope"]).Message, StringComparison.Ordinal);
    }
}
