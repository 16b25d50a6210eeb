using System.Collections.Immutable;
using System.ComponentModel;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using static Millrace.Tests.State.Evolution.Evolving;

namespace Millrace.Tests.State.Evolution;

public sealed class RowEvolutionTests
{
    static class V1
    {
        internal sealed record Order(int Id, int Total, string Customer, Line[] Lines, Address? To);
        internal sealed record Line(string Product, short Count, int[] Marks);
        internal readonly record struct Address(string Street);
        internal sealed record Tree(int Value, string Label, List<Tree> Children);
        internal sealed record Wide(string A, decimal B, DateTimeOffset? C, List<Line>? D, Dictionary<string, Tree>? E, Uri? F, Version? G, (int, string?) H, byte[] I, long Kept);
        internal sealed record Empty;
        internal sealed record Plain(int Value);
        internal sealed record Bag(HashSet<Line> Lines, Dictionary<Address, int> Places);
    }

    static class V2
    {
        internal sealed record Order(string Customer, long Id, [FormerName("Total")] decimal Amount, ImmutableArray<Line> Lines, Address? To, string? Note, int Version = 2)
        {
            public int Priority { get; init; } = 7;

            [DefaultValue("web")]
            public required string Channel { get; init; }
        }

        internal sealed record Line(string Product, int? Count, List<double> Marks, bool IsGift = true);
        internal sealed record Address(string Street, string? City);
        internal sealed record Tree(long Value, List<Tree> Children);
        internal sealed record Wide(long Kept);
        internal sealed record Empty(int Value = 3);
        internal sealed record Plain;
        internal sealed record Bag(HashSet<Line> Lines, Dictionary<Address, int> Places);
    }

    static class V3
    {
        internal sealed record Order(int Id, string Total, string Customer, Line[] Lines, Address To, string Note);
        internal sealed record Line(string Product, short Count, long Marks);
        internal readonly record struct Address(string Street);

        internal sealed class Plain
        {
            public required int Other { get; init; }
            [FormerName("Value")] public int A { get; init; }
            [FormerName("Value")] public int B { get; init; }
        }

        internal sealed record Bag(HashSet<Product> Lines, Dictionary<Nowhere, int> Places);

        [FormerName("Line")]
        internal sealed record Product(string Name);

        [FormerName("Address")]
        internal sealed record Nowhere;
    }

    [Fact]
    public void Read_ChangedRecord_KeepsWhatWasWritten()
    {
        V1.Order old = new(5, 250, "Ann", [new("tea", 3, [1, 2]), new("pot", -1, [])], new("Hill"));
        V2.Order read = Read<V1.Order, V2.Order>(old);
        Assert.Equal((5L, 250m, "Ann", null, 2, 7, "web"), (read.Id, read.Amount, read.Customer, read.Note, read.Version, read.Priority, read.Channel));
        Assert.Equal(new V2.Address("Hill", null), read.To);
        Assert.Equal(["tea", "pot"], read.Lines.Select(static l => l.Product));
        Assert.Equal([3, -1], read.Lines.Select(static l => l.Count));
        Assert.Equal([1.0, 2.0], read.Lines[0].Marks);
        Assert.True(read.Lines[1].IsGift);
        Assert.Null(Read<V1.Order?, V2.Order?>(null));
        Assert.Null(Read<V1.Order, V2.Order>(old with { To = null }).To);
    }

    [Fact]
    public void Changes_OfRecord_AreSaidByMember()
    {
        string[] expected =
        [
            "Order.Id widened from int32 to int64", "Order.Amount widened from int32 to decimal", "Line.Count widened from int16 to int32", "Line.Count may be absent now",
            "Line.Marks[] widened from int32 to float64", "Line.IsGift new, default True", "Address.City new, default null", "Order.Amount renamed from Total",
            "Order has its members in another order", "Order.Note new, default null", "Order.Version new, default 2", "Order.Channel new, default \"web\"", "Order.Priority new, as declared",
        ];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Changes<V1.Order, V2.Order>().Select(static c => c.Replace("RowEvolutionTests.V2.", "", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Read_RecursiveRecord_ChangesEveryLevel()
    {
        V1.Tree old = new(1, "a", [new(2, "b", []), new(3, "c", [new(4, "d", [])])]);
        V2.Tree read = Read<V1.Tree, V2.Tree>(old);
        Assert.Equal((1L, 2L, 4L), (read.Value, read.Children[0].Value, read.Children[1].Children[0].Value));
    }

    [Fact]
    public void Read_WithoutMembers_PassesOverThem()
    {
        V1.Wide full = new("x", 1.5m, DateTimeOffset.UnixEpoch, [new("tea", 1, [1])], new() { ["t"] = new(1, "a", [new(2, "b", [])]) }, new("http://h/"), new(1, 2, 3), (4, null), [1, 2], 42);
        Assert.Equal(42, Read<V1.Wide, V2.Wide>(full).Kept);
        Assert.Equal(43, Read<V1.Wide, V2.Wide>(new(null!, 0, null, null, null, null, null, default, null!, 43)).Kept);
        Assert.Equal(new V2.Empty(3), Read<V1.Empty, V2.Empty>(new()));
        Assert.Equal(new V2.Plain(), Read<V1.Plain, V2.Plain>(new(5)));
    }

    [Fact]
    public void Problems_NameMemberAndCure()
    {
        string[] problems = [.. Problems<V1.Order, V3.Order>().Select(static p => p.Replace("RowEvolutionTests.V3.", "", StringComparison.Ordinal))];
        Assert.Contains(problems, static p => p.StartsWith("Order.Total was int32 and is string; declare it as int32 again", StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.StartsWith("Line.Marks was list<int32> and is int64;", StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.StartsWith("Order.To may have been absent and cannot be any more;", StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.StartsWith("Order.Note was not written, is passed to the constructor and has no stated default; give the parameter a default value", StringComparison.Ordinal));
        problems = [.. Problems<V1.Plain, V3.Plain>()];
        Assert.Contains(problems, static p => p.Contains("is required and has no stated default; state one with [DefaultValue(…)]", StringComparison.Ordinal));
        Assert.Contains(problems, static p => p.Contains("is the former name of A and B; give it to one of them", StringComparison.Ordinal));
        Assert.Throws<IncompatibleSchemaException>(() => Codec.Of<V3.Order>().ReadingFrom(Codec.Of<V1.Order>().Schema));
    }

    [Fact]
    public void Problems_OfOtherType_AskForItsFormerName()
    {
        Assert.Contains("was a Order and is a RowEvolutionTests.V2.Address; say that the type was renamed with [FormerName(\"Order\")]", Assert.Single(Problems<V1.Order, V2.Address>()), StringComparison.Ordinal);
        Assert.Contains("was int32 and is string", Assert.Single(Problems<int, string>()), StringComparison.Ordinal);
        Assert.Contains("tuple of 2 items", Assert.Single(Problems<(int, int), (int, int, int)>()), StringComparison.Ordinal);
    }

    [Fact]
    public void Elements_OfSetsAndKeysOfMaps_StayDifferent()
    {
        Assert.NotEmpty(Changes<V1.Bag, V2.Bag>());
        string[] problems = Problems<V1.Bag, V3.Bag>();
        Assert.Contains(problems, static p => p.Contains("is gone from what tells entries apart", StringComparison.Ordinal));
        V2.Bag read = Read<V1.Bag, V2.Bag>(new([new("tea", 1, [])], new() { [new("Hill")] = 1 }));
        Assert.Equal(("tea", 1), (Assert.Single(read.Lines).Product, read.Places[new("Hill", null)]));
    }

    [Fact]
    public void Collections_ReadAsOthers()
    {
        Assert.Equal([1L, 2L], Read<HashSet<int>, List<long>>([1, 2]).Order());
        Assert.Equal([1m, 2m], Read<Queue<uint>, ImmutableArray<decimal>>(new([1, 2])));
        Assert.Equal(2L, Read<Dictionary<short, int>, SortedDictionary<long, long?>>(new() { [1] = 2 })[1]);
        Assert.Contains("was list<int32> and is set<int32>", Assert.Single(Problems<List<int>, HashSet<int>>()), StringComparison.Ordinal);
        Assert.Equal((1L, null, 2.5), Read<(int, string?, float), (long, string?, double)>((1, null, 2.5f)));
    }

    [Fact]
    public void ReadingFrom_OwnSchema_IsTheCodecItself() => Assert.Same(Codec.Of<V1.Order>(), Codec.Of<V1.Order>().ReadingFrom(TypeSchema.FromJson(System.Text.Encoding.UTF8.GetBytes(Codec.Of<V1.Order>().Schema.ToJson()))));

    [Fact]
    public void Read_ThroughResolvedCodec_AllocatesTheValuesAlone()
    {
        Codec<V2.Tree> reading = Codec.Of<V2.Tree>().ReadingFrom(Codec.Of<V1.Tree>().Schema), own = Codec.Of<V2.Tree>();
        byte[] old = Codec.Of<V1.Tree>().Encode(new(1, "a label", [new(2, "another", [])])), now = own.Encode(new(1, [new(2, [])]));
        Assert.Equal(Allocated(own, now), Allocated(reading, old));
    }

    static long Allocated<T>(Codec<T> codec, byte[] bytes)
    {
        for (int i = 0; i < 100; i++) codec.Decode(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) codec.Decode(bytes);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
