using Millrace.Runtime.Planning;

namespace Millrace.Tests.Runtime.Planning;

public sealed class PlannerLimitTests
{
    [Fact]
    public void Plan_ChainWithoutExchangeAtTenThousand_IsRefusedWithTheRemedy()
    {
        string message = Refusal(10_000, static stream => stream.Select(static x => x).Select(static x => x).Select(static x => x));

        Assert.Contains("50,000 batches", message, StringComparison.Ordinal);
        Assert.Contains("--parallelism 6553 or less", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_ParallelismBeyondAnyMachine_IsRefusedBeforeAnythingIsCounted() =>
        Assert.Contains("give 1 to 32,768", Refusal(2_000_000_000, static stream => stream), StringComparison.Ordinal);

    [Fact]
    public void Plan_TooManyBlockingTasks_IsRefused() =>
        Assert.Contains("threads for its blocking operators", Refusal(2_000, static stream => stream.Select(static x => x).Blocking()), StringComparison.Ordinal);

    [Fact]
    public void Plan_FunctionsThatCannotBeMade_AreToldTogether()
    {
        Dataflow flow = new("broken");
        DataStream<int> numbers = flow.Source("numbers", CollectionSource.Of([1]));
        numbers.Process<int>("throws", static () => throw new InvalidOperationException("no connection string")).Sink("a", DiscardSink.Of<int>());
        numbers.Process<int>("nothing", static () => null!).Sink("b", DiscardSink.Of<int>());

        InvalidJobException refusal = Assert.Throws<InvalidJobException>(() => Planner.Plan(flow.Build(), 1));

        Assert.Contains(refusal.Problems, static p => p.OperatorId == "throws" && p.Message.Contains("no connection string", StringComparison.Ordinal));
        Assert.Contains(refusal.Problems, static p => p.OperatorId == "nothing" && p.Message.Contains("returned null", StringComparison.Ordinal));
    }

    static string Refusal(int parallelism, Func<DataStream<int>, DataStream<int>> describe)
    {
        Dataflow flow = new("large");
        describe(flow.Source("numbers", CollectionSource.Of([1]))).Sink("out", DiscardSink.Of<int>());
        return Assert.Throws<InvalidJobException>(() => Planner.Plan(flow.Build(), parallelism)).Message;
    }
}
