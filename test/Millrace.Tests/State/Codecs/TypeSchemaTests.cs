using System.Collections.Immutable;
using System.Text;
using Millrace.State.Codecs;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Codecs;

public sealed class TypeSchemaTests
{
    const string Prefix = "Millrace.Tests.State.Codecs.CodecSamples.";

    [Fact]
    public void Schema_OfRecord_HasItsMembersInOrder() => Assert.Equal("""
        Order?
        row Order { Id: guid, At: datetimeoffset, Lines: list<Line?>, Color: Color, Discount: int32?, Note: string, Gift: Line? }
        row Line { Product: string, Count: int32, Price: decimal }
        enum Color: int16 { Red = -1, Green = 5, Blue = 300 }
        """, TextOf<Order>());

    [Fact]
    public void Schema_OfClosedHierarchy_HasItsCases() => Assert.Equal("""
        Event
        union Event { Event.Created, Event.Ended.Badly, Event.Ended.Well, Event.Moved }
        row Event.Created { Name: string, At: datetime }
        row Event.Ended.Badly { Cause: Event }
        row Event.Ended.Well {  }
        row Event.Moved { To: Point, Why: (int32, string)? }
        row Point { X: float64, Y: float32, Z: float16 }
        """, TextOf<Event>());

    [Fact]
    public void Schema_OfRecursiveType_RefersToItself() => Assert.Equal("Tree?\nrow Tree { Value: int32, Children: list<Tree?> }", TextOf<Tree>());

    [Theory, InlineData(typeof(Everything)), InlineData(typeof(Event)), InlineData(typeof(int)), InlineData(typeof(Dictionary<string, (int, Tree)[]>))]
    public void Json_OfSchema_ReadsBack(Type type)
    {
        TypeSchema schema = Codec.Of(type).Schema;
        Assert.Equal(schema, TypeSchema.FromJson(Encoding.UTF8.GetBytes(schema.ToJson())));
    }

    [Theory, InlineData(""), InlineData("null"), InlineData("{}"), InlineData("""{"root":{"x":1},"definitions":[]}"""), InlineData("""{"root":5,"definitions":[]}""")]
    [InlineData("""{"root":"int32","root":"int64","definitions":[]}"""), InlineData("""{"root":{"list":"int32","list":"int64"},"definitions":[]}""")]
    public void FromJson_OfOtherJson_GivesTypedError(string json) =>
        Assert.Throws<CorruptDataException>(() => TypeSchema.FromJson(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(typeof(int), true), InlineData(typeof(string), true), InlineData(typeof(byte[]), false), InlineData(typeof(int[]), false)]
    [InlineData(typeof((int, string)), true), InlineData(typeof((int, int[])), false), InlineData(typeof(Line), true), InlineData(typeof(Order), true)]
    [InlineData(typeof(Plain), true), InlineData(typeof(Account), false), InlineData(typeof(Event), true), InlineData(typeof(Tree), true)]
    [InlineData(typeof(ImmutableArray<Line>), true), InlineData(typeof(ImmutableDictionary<int, List<int>>), false), InlineData(typeof(IReadOnlyList<int>), false)]
    [InlineData(typeof(Generic<int>), false), InlineData(typeof(Uri), true), InlineData(typeof(int?), true)]
    public void IsDeeplyImmutable_OfType_SaysWhetherACopyCanChange(Type type, bool expected) => Assert.Equal(expected, Codec.Of(type).IsDeeplyImmutable);

    static string TextOf<T>() => Codec.Of<T>().Schema.Text.Replace(Prefix, "", StringComparison.Ordinal);
}
