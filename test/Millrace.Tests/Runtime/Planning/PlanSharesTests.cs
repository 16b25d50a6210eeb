using Millrace.Engine;
using Millrace.Runtime.Planning;

namespace Millrace.Tests.Runtime.Planning;

public sealed class PlanSharesTests
{
    public static TheoryData<int, int> Sizes()
    {
        TheoryData<int, int> sizes = [];
        foreach (int parallelism in (int[])[1, 2, 3, 7, 16])
        {
            for (int workers = 1; workers <= Math.Min(parallelism, 5); workers++) sizes.Add(parallelism, workers);
        }

        return sizes;
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Shares_OfAnyPlan_AreEvenRangesThatHaveEveryInstanceOnce(int parallelism, int workers)
    {
        PlanModel plan = Plan(parallelism, isChaining: false);
        PlanShares shares = PlanShares.Of(plan, workers);

        foreach (PlanChain chain in plan.Chains)
        {
            int next = 0;
            for (int worker = 0; worker < workers; worker++)
            {
                (int first, int count) = shares.Of(chain, worker);
                Assert.Equal(next, first);
                Assert.InRange(count, chain.Parallelism / workers, (chain.Parallelism / workers) + 1);
                for (int i = first; i < first + count; i++) Assert.Equal(worker, shares.WorkerOf(chain, i));
                next += count;
            }

            Assert.Equal(chain.Parallelism, next);
        }
    }

    [Fact]
    public void Shares_DealtTwice_AreTheSame()
    {
        PlanShares one = PlanShares.Of(Plan(7, isChaining: true), 3), other = PlanShares.Of(Plan(7, isChaining: true), 3);

        Assert.Equal(
            one.Plan.Chains.SelectMany(c => Enumerable.Range(0, 3).Select(w => one.Of(c, w))),
            other.Plan.Chains.SelectMany(c => Enumerable.Range(0, 3).Select(w => other.Of(c, w))));
    }

    [Fact]
    public void Instances_BetweenWhichRecordsGoForward_AreTogether()
    {
        PlanModel plan = Plan(7, isChaining: false);
        PlanShares shares = PlanShares.Of(plan, 3);

        PlanEdge[] forward = [.. plan.Edges.Where(static e => e.Kind == PartitionKind.Forward)];
        Assert.NotEmpty(forward);
        Assert.DoesNotContain(forward, shares.Crosses);
        Assert.Contains(plan.Edges, shares.Crosses);
    }

    [Fact]
    public void ChainsOfOneInstance_GoToThoseWhoHaveLeast()
    {
        Dataflow flow = new("job");
        for (int i = 0; i < 4; i++) flow.Source($"in-{i}", CollectionSource.Of<int>([1])).WithParallelism(i == 0 ? 2 : 1).Sink($"out-{i}", DiscardSink.Of<int>()).WithParallelism(i == 0 ? 2 : 1);
        PlanModel plan = Planner.Plan(flow.Build(), 1, isChaining: true);
        PlanShares shares = PlanShares.Of(plan, 2);

        int[] load = [.. Enumerable.Range(0, 2).Select(w => plan.Chains.Sum(c => shares.Of(c, w).Count))];
        Assert.Equal([3, 2], load);
    }

    [Fact]
    public void ChannelsBetween_AreThoseOfThePlanThatCross()
    {
        PlanModel plan = Plan(5, isChaining: false);
        PlanShares shares = PlanShares.Of(plan, 3);

        long all = 0;
        for (int from = 0; from < 3; from++)
        {
            for (int to = 0; to < 3; to++) all += shares.ChannelsBetween(from, to);
        }

        Assert.Equal(plan.ChannelCount, all);
        Assert.True(shares.ChannelsBetween(0, 1) > 0);
    }

    [Fact]
    public void RecordsThatCannotBeSent_AreRefusedByNameWithTheCure()
    {
        Dataflow flow = new("job");
        flow.Source("numbers", CollectionSource.Of<int>([1])).Select(static n => new Opaque(() => n)).KeyBy(static o => o.Value()).Count("counts", static (key, n) => $"{key} {n}")
            .Sink("out", DiscardSink.Of<string>());
        PlanModel plan = Planner.Plan(flow.Build(), 2, isChaining: true);

        ExchangeProblems.Require(plan, 1);
        InvalidJobException refused = Assert.Throws<InvalidJobException>(() => ExchangeProblems.Require(plan, 2));
        Assert.Contains("operator 'counts': its records of type Opaque come from other workers", refused.Message, StringComparison.Ordinal);
    }

    static PlanModel Plan(int parallelism, bool isChaining)
    {
        Dataflow flow = new("job");
        flow.Source("numbers", CollectionSource.Of<int>([1, 2, 3])).WithParallelism(Math.Max(1, parallelism / 2))
            .Select(static n => n + 1).WithParallelism(Math.Max(1, parallelism / 2))
            .KeyBy(static n => n % 2).Sum("sum", static n => n).Select(static s => s.Value)
            .Sink("out", DiscardSink.Of<int>());
        return Planner.Plan(flow.Build(), parallelism, isChaining);
    }

    sealed record Opaque(Func<int> Value);
}
