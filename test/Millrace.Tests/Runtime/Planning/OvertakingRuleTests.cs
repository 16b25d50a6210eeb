using Millrace.Runtime.Planning;

namespace Millrace.Tests.Runtime.Planning;

public sealed class OvertakingRuleTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void Allows_OneSinkOverSeveralChains_DoesNot(bool isOneSink, bool expected)
    {
        Dataflow flow = new("job");
        DataStream<int> numbers = flow.Source("numbers", CollectionSource.Of<int>([1, 2, 3]));
        DataStream<int> sums = numbers.KeyBy(static n => n % 2).Sum("sum", static n => n).Select(static s => s.Value);
        DataStream<int> counts = numbers.KeyBy(static n => n % 3).Sum("other", static n => n).Select(static s => s.Value);
        if (isOneSink)
        {
            sums.Union(counts).Sink("out", DiscardSink.Of<int>());
        }
        else
        {
            sums.Sink("out", DiscardSink.Of<int>());
            counts.Sink("out-1", DiscardSink.Of<int>());
        }

        Assert.Equal(expected, OvertakingRule.Allows(Planner.Plan(flow.Build(), 2, isChaining: true)));
    }
}
