using Millrace.State.Codecs;
using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

public sealed class UpgradeTests
{
    static class V1
    {
        internal sealed record Order(int Id, string Price);
    }

    static class V2
    {
        internal sealed record Order(int Id, int Cents);
    }

    internal sealed record OrderV1(int Id, string Price);

    internal sealed record OrderV2(int Id, int Cents) : IUpgrade<OrderV2, OrderV1>
    {
        public static OrderV2 Upgrade(OrderV1 old) => new(old.Id, int.Parse(old.Price, System.Globalization.CultureInfo.InvariantCulture));
    }

    // Read directly, Cents would be dropped and Total would be its default.
    internal sealed record Order(int Id, decimal Total = 0) : IUpgrade<Order, OrderV2>
    {
        public static Order Upgrade(OrderV2 old) => new(old.Id, old.Cents / 100m);
    }

    internal readonly record struct Money(decimal Value) : IUpgrade<Money, decimal>
    {
        public static Money Upgrade(decimal old) => new(old);
    }

    static class Paid
    {
        internal sealed record Bill(decimal Sum, decimal? Tip, List<decimal> Parts);
    }

    static class Now
    {
        internal sealed record Bill(Money Sum, Money? Tip, List<Money> Parts);
    }

    static class Past
    {
        internal sealed record Node(string Value, List<Node> Children);
    }

    // The older form has the new one inside.
    internal sealed record OldNode(string Value, List<Node> Children);

    internal sealed record Node(int Value, List<Node> Children) : IUpgrade<Node, OldNode>
    {
        public static Node Upgrade(OldNode old) => new(old.Value.Length, old.Children);
    }

    [Fact]
    public void Read_OlderFormThatHasTheNewOneInside_IsUpgradedAtEveryLevel()
    {
        Node read = Read<Past.Node, Node>(new("a", [new("bb", [new("ccc", [])]), new("dddd", [])]));
        Assert.Equal((1, 2, 3, 4), (read.Value, read.Children[0].Value, read.Children[0].Children[0].Value, read.Children[1].Value));
    }

    internal sealed record Round(int Value) : IUpgrade<Round, RoundTrip>
    {
        public static Round Upgrade(RoundTrip old) => new(old.Value);
    }

    internal sealed record RoundTrip(int Value) : IUpgrade<RoundTrip, Round>
    {
        public static RoundTrip Upgrade(Round old) => new(old.Value);
    }

    [Fact]
    public void Read_OlderForms_FollowsTheChain()
    {
        Assert.Equal(new Order(1, 2.5m), Read<V1.Order, Order>(new(1, "250")));
        Assert.Equal(new Order(1, 2.5m), Read<V2.Order, Order>(new(1, 250)));
        Assert.Equal(new Order(1, 2.5m), Read<Order, Order>(new(1, 2.5m)));
        Assert.Null(Read<V1.Order?, Order?>(null));
        Assert.Equal(["UpgradeTests.OrderV2 upgraded from UpgradeTests.OrderV1", "UpgradeTests.Order upgraded from UpgradeTests.OrderV2"], Changes<V1.Order, Order>());
    }

    [Fact]
    public void Read_MembersAndElements_AreUpgraded()
    {
        Now.Bill read = Read<Paid.Bill, Now.Bill>(new(1, 2, [3, 4]));
        Assert.Equal((new Money(1), new Money(2)), (read.Sum, read.Tip));
        Assert.Equal([new Money(3), new Money(4)], read.Parts);
        Assert.Null(Read<Paid.Bill, Now.Bill>(new(1, null, [])).Tip);
    }

    [Fact]
    public void Problems_OfSetElements_RefuseUpgrades() =>
        Assert.Contains("tells entries apart", Assert.Single(Problems<HashSet<decimal>, HashSet<Money>>()), StringComparison.Ordinal);

    [Fact]
    public void Check_OfCircle_IsRefusedWhenPlanned() => Assert.Contains(
        "in a circle, UpgradeTests.Round from UpgradeTests.RoundTrip from UpgradeTests.Round; remove one", CodecCheck.Problems(typeof(Round))[0].ToString(), StringComparison.Ordinal);
}
