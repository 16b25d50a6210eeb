using Millrace.Engine;
using Millrace.Runtime.Planning;

namespace Millrace.Tests.Runtime.Planning;

public sealed class PlannerTests
{
    [Theory]
    [InlineData("plain", "numbers > Where-2 > Select-3 > out")]
    [InlineData("unchained", "numbers | Where-2 | Select-3 | out")]
    [InlineData("DisableChaining", "numbers | Where-2 | Select-3 > out")]
    [InlineData("StartNewChain", "numbers | Where-2 > Select-3 > out")]
    [InlineData("Blocking", "numbers | Where-2! | Select-3 > out")]
    [InlineData("WithParallelism", "numbers | Where-2 | Select-3 > out")]
    [InlineData("sink DisableChaining", "numbers > Where-2 > Select-3 | out")]
    [InlineData("sink Blocking", "numbers > Where-2 > Select-3 | out!")]
    [InlineData("sink WithParallelism", "numbers > Where-2 > Select-3 | out")]
    [InlineData("Rebalance", "numbers > Where-2 | Select-3 > out")]
    [InlineData("Rescale", "numbers > Where-2 | Select-3 > out")]
    [InlineData("Broadcast", "numbers > Where-2 | Select-3 > out")]
    [InlineData("Union", "numbers > Where-2 | Select-3 > out")]
    public void Chains_OfASetting_AreCutWhereItSays(string setting, string expected) => Assert.Equal(expected, Chains(setting, 2));

    [Theory]
    [InlineData("Rebalance")]
    [InlineData("Rescale")]
    [InlineData("Broadcast")]
    public void Chains_AtParallelismOne_NeedNoRepartitioning(string setting) => Assert.Equal("numbers > Where-2 > Select-3 > out", Chains(setting, 1));

    [Theory]
    [InlineData(1, "numbers > sum > out")]
    [InlineData(3, "numbers | sum > out")]
    public void Chains_OfAKeyedOperator_BeginWithIt(int parallelism, string expected) =>
        Assert.Equal(expected, Text(Plan(static flow => flow.Source("numbers", Numbers).KeyBy(static n => n).Sum("sum", static n => n).Sink("out", DiscardSink.Of<KeyValue<int, int>>()), parallelism)));

    [Theory]
    [InlineData(2, 2, PartitionKind.Forward, 2)]
    [InlineData(2, 3, PartitionKind.Rebalance, 6)]
    [InlineData(1, 4, PartitionKind.Rebalance, 4)]
    public void Edge_Forward_BecomesRebalanceBetweenParallelisms(int from, int to, PartitionKind kind, int channels)
    {
        PlanEdge edge = Assert.Single(Plan(flow => flow.Source("numbers", Numbers).WithParallelism(from).DisableChaining().Sink("out", Discard).WithParallelism(to)).Edges);
        Assert.Equal((kind, channels), (edge.Kind, edge.ChannelCount));
    }

    [Fact]
    public void Targets_OfRescale_CoverEveryReceiverContiguouslyAndEvenly()
    {
        for (int senders = 1; senders <= 12; senders++)
        {
            for (int receivers = 1; receivers <= 12; receivers++)
            {
                PlanEdge edge = Plan(flow => flow.Source("numbers", Numbers).WithParallelism(senders).DisableChaining().Rescale().Sink("out", Discard).WithParallelism(receivers)).Edges[0];
                var targets = Enumerable.Range(0, senders).Select(edge.Targets).ToArray();
                Assert.All(targets, t => Assert.InRange(t.First + t.Count, 1, receivers));
                Assert.Equal(Enumerable.Range(0, receivers), targets.SelectMany(static t => Enumerable.Range(t.First, t.Count)).Distinct());
                Assert.Equal(edge.ChannelCount, targets.Sum(static t => t.Count));
                Assert.InRange(targets.Max(static t => t.Count) - targets.Min(static t => t.Count), 0, 1);
                int[] perReceiver = [.. Enumerable.Range(0, receivers).Select(r => targets.Count(t => r >= t.First && r < t.First + t.Count))];
                Assert.InRange(perReceiver.Max() - perReceiver.Min(), 0, 1);
            }
        }
    }

    [Fact]
    public void Limits_ExceededByParallelism_AreRefusedWithChannelsMemoryAndACure()
    {
        InvalidJobException e = Assert.Throws<InvalidJobException>(static () => Plan(
            static flow => flow.Source("numbers", Numbers).KeyBy(static n => n).Sum("sum", static n => n).Sink("out", DiscardSink.Of<KeyValue<int, int>>()), 10_000));
        string message = Assert.Single(e.Problems).Message;
        Assert.Contains("100,000,000 channels", message, StringComparison.Ordinal);
        Assert.Contains("GiB", message, StringComparison.Ordinal);
        Assert.Contains("'numbers' with 10,000 instances and 'sum' with 10,000", message, StringComparison.Ordinal);
        Assert.Contains("--parallelism 256 or less", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_JustMet_AreAccepted() =>
        Assert.Equal(65_536, Plan(static flow => flow.Source("numbers", Numbers).KeyBy(static n => n).Sum("sum", static n => n).Sink("out", DiscardSink.Of<KeyValue<int, int>>()), 256).ChannelCount);

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    public void Parallelism_OfTheJobBelowOne_IsRefused(int parallelism)
    {
        InvalidJobException e = Assert.Throws<InvalidJobException>(() => Plan(static flow => flow.Source("numbers", Numbers).Sink("out", Discard), parallelism));
        Assert.Contains("--parallelism", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Order_OfLateRecordsConsumedBeforeTheirWindowIsFinished_FollowsTheData()
    {
        PlanModel plan = Plan(static flow =>
        {
            var windows = flow.Source("numbers", Numbers, WatermarkStrategy.Monotonous<int>(static n => new(n)))
                .KeyBy(static n => n).Window(Tumbling.Of(TimeSpan.FromSeconds(1))).SplitLate(out DataStream<int> late);
            late.Select(static n => -n).Sink("late", Discard);
            windows.Count("count").Sink("out", DiscardSink.Of<WindowValue<int, long>>());
        }, 2);
        List<string> order = [.. plan.Chains.SelectMany(static c => c.Nodes).Select(static n => n.Id)];
        Assert.True(order.IndexOf("count") < order.IndexOf("late"), string.Join(' ', order));
        Assert.All(plan.Edges, edge => Assert.True(edge.FromChain.Number <= edge.ToChain.Number));
    }

    [Fact]
    public void Union_WithItself_HasTwoEdgesThatDiffer()
    {
        PlanModel plan = Plan(static flow =>
        {
            DataStream<int> numbers = flow.Source("numbers", Numbers);
            numbers.Union(numbers).Sink("out", Discard);
        });
        Assert.Equal(2, plan.Edges.Distinct().Count());
    }

    [Fact(Timeout = 20_000)]
    public async Task Pipeline_LongWithoutEventTime_IsPlannedAndRunInNoTime()
    {
        CollectionSink<int> sink = new();
        await Task.Run(() => Engine.Jobs.RunAsync(flow =>
        {
            DataStream<int> stream = flow.Source("numbers", CollectionSource.Of([1]));
            for (int i = 0; i < 60; i++) stream = stream.Select(static n => n + 1);
            stream.Sink("out", sink);
        }));
        Assert.Equal([61], sink.Items);
    }

    static CollectionSource<int> Numbers => CollectionSource.Of([1, 2, 3]);

    static DiscardSink<int> Discard => DiscardSink.Of<int>();

    static PlanModel Plan(Action<Dataflow> define, int parallelism = 2, bool isChaining = true) => Planner.Plan(Engine.Jobs.Graph(define), parallelism, isChaining);

    static string Text(PlanModel plan) => string.Join(" | ", plan.Chains.Select(static c => c.Name + (c.HasOwnThread ? "!" : "")));

    static string Chains(string setting, int parallelism) => Text(Plan(flow =>
    {
        DataStream<int> numbers = flow.Source("numbers", Numbers);
        DataStream<int> stream = numbers.Where(static n => n > 0);
        stream = setting switch
        {
            "DisableChaining" => stream.DisableChaining(),
            "StartNewChain" => stream.StartNewChain(),
            "Blocking" => stream.Blocking(),
            "WithParallelism" => stream.WithParallelism(parallelism + 1),
            "Rebalance" => stream.Rebalance(),
            "Rescale" => stream.Rescale(),
            "Broadcast" => stream.Broadcast(),
            "Union" => stream.Union(numbers),
            _ => stream,
        };
        SinkHandle sink = stream.Select(static n => n).Sink("out", Discard);
        if (setting == "sink DisableChaining") sink.DisableChaining();
        if (setting == "sink Blocking") sink.Blocking();
        if (setting == "sink WithParallelism") sink.WithParallelism(parallelism + 1);
    }, parallelism, setting != "unchained"));
}
