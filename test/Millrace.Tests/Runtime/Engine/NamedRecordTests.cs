using Millrace.Runtime;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Engine;

public sealed class NamedRecordTests
{
    [Fact]
    public async Task Callback_ThatThrows_NamesTheRecordItWasGiven()
    {
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(static flow => flow
            .Source("numbers", CollectionSource.Of([1, 2, 3, 4, 5]))
            .Sink("out", CallbackSink.Of<int>(static n =>
            {
                if (n == 4) throw new InvalidOperationException("no fours");
            }))));

        Assert.Equal(("out", "4"), (failure.OperatorId, failure.Record));
    }

    [Fact]
    public async Task TimestampLambda_ThatThrows_NamesTheRecordItWasGiven()
    {
        WatermarkStrategy<int> strategy = WatermarkStrategy.Monotonous<int>(
            static n => n == 3 ? throw new InvalidOperationException("no threes") : Timestamp.FromUnixSeconds(n));
        var failure = Assert.IsType<OperatorFailedException>(await Jobs.FailureAsync(flow => flow
            .Source("numbers", CollectionSource.Of([1, 2, 3]), strategy).Sink("out", DiscardSink.Of<int>())));

        Assert.Equal(("numbers", "3"), (failure.OperatorId, failure.Record));
    }

    [Fact]
    public async Task Process_EmittingAtTheEnd_FitsIntoEventTime()
    {
        CollectionSink<WindowValue<int, long>> windows = new();
        await Jobs.RunAsync(flow => flow
            .Source("numbers", CollectionSource.Of([1, 2, 61]), WatermarkStrategy.Monotonous<int>(static n => Timestamp.FromUnixSeconds(n)))
            .Process("rest", static () => new EmitsAtTheEnd())
            .KeyBy(static n => n)
            .Window(Tumbling.Of(TimeSpan.FromMinutes(1)))
            .Count("counts")
            .Sink("out", windows));

        WindowValue<int, long> only = Assert.Single(windows.Items);
        Assert.Equal((3, Timestamp.FromUnixSeconds(60), 1L), (only.Key, only.Start, only.Value));
    }

    [Fact]
    public void Failure_BesideStuckCode_IsStillTheOneReported()
    {
        InvalidOperationException first = new("the first");
        StuckUserCodeException stuck = new([new("slow", "slow 1/1", TimeSpan.FromSeconds(10), 7)], first);

        Assert.Same(first, stuck.InnerException);
        Assert.StartsWith("the first; and then", stuck.Message, StringComparison.Ordinal);
        Assert.Contains("operator 'slow'", stuck.Message, StringComparison.Ordinal);
    }

    sealed class EmitsAtTheEnd : IProcess<int, int>
    {
        int _count;

        public void OnRecord(in Record<int> record, Output<int> output) => _count++;

        public void OnEnd(Output<int> output) => output.Emit(_count);
    }
}
