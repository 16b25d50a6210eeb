using Millrace.Runtime.Planning;

namespace Millrace.Tests.Runtime.Planning;

public sealed class OvertakingRuleTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Allows_KeyedBranchesOfASource_IntoOneSinkOrSeveral(bool isOneSink)
    {
        Assert.True(Allows(
            numbers =>
            {
                DataStream<int> sums = Sum(numbers, "sum"), others = Sum(numbers, "other");
                if (isOneSink) return [sums.Union(others)];
                return [sums, others];
            }));
    }

    [Fact]
    public void Allows_ABranchThatAlignsBesideOneByKey_WhenBothBeginAtTheSource() =>
        Assert.True(Allows(static numbers => [Sum(numbers, "sum").Union(numbers.Select(static n => n).WithParallelism(3))]));

    [Fact]
    public void Allows_ABranchThatAlignsBesideOneByKey_NotWhenBothBeginBehindTheSource() =>
        Assert.False(Allows(static numbers =>
        {
            DataStream<int> passed = numbers.Select(static n => n).WithParallelism(3);
            return [Sum(passed, "sum").Union(passed.Select(static n => n).WithParallelism(2))];
        }));

    [Fact]
    public void Allows_KeyedBranchesOfAnyChain_WhichHearOfBarriersTogether() =>
        Assert.True(Allows(static numbers =>
        {
            DataStream<int> passed = numbers.Select(static n => n).WithParallelism(3);
            return [Sum(passed, "sum").Union(Sum(passed, "other"))];
        }));

    [Fact]
    public void Allows_KeyedAfterKeyed_OneAfterTheOther() => Assert.True(Allows(static numbers => [Sum(Sum(numbers, "sum"), "again")]));

    [Fact]
    public void Allows_KeyedAfterKeyed_NotWhenBothEndInOneSink() =>
        Assert.False(Allows(static numbers =>
        {
            DataStream<int> sums = Sum(numbers, "sum");
            return [sums.Union(Sum(sums, "again"))];
        }));

    [Fact]
    public void Allows_AJobOfManyBranches_InShortTime() =>
        Assert.True(Allows(static numbers => [Enumerable.Range(0, 24).Select(n => Sum(numbers, $"sum-{n}")).Aggregate(static (some, more) => some.Union(more))]));

    static DataStream<int> Sum(DataStream<int> numbers, string id) => numbers.KeyBy(static n => n % 2).Sum(id, static n => n).Select(static s => s.Value);

    static bool Allows(Func<DataStream<int>, DataStream<int>[]> define)
    {
        Dataflow flow = new("job");
        DataStream<int>[] ends = define(flow.Source("numbers", CollectionSource.Of<int>([1, 2, 3])));
        for (int i = 0; i < ends.Length; i++) ends[i].Sink($"out-{i}", DiscardSink.Of<int>());
        return OvertakingRule.Allows(Planner.Plan(flow.Build(), 2, isChaining: true));
    }
}
