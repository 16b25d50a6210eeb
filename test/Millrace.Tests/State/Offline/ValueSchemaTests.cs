using System.Text;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Offline;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>Values read and written by their schema alone are those of the codec of the type.</summary>
public sealed class ValueSchemaTests
{
    const int Seeds = 300;

    [Fact]
    public void Decode_ThenEncode_GivesTheBytesOfTheCodec()
    {
        ValueSchema schema = ValueSchema.Of(Codec.Of<Everything>().Schema);
        for (int seed = 0; seed < Seeds; seed++)
        {
            byte[] bytes = Codec.Of<Everything>().Encode(NewEverything(new Random(seed)));
            Assert.Equal(bytes, schema.Encode(schema.Decode(bytes)));
        }
    }

    [Fact]
    public void Json_ParsedAgain_IsTheSameValue()
    {
        ValueSchema schema = ValueSchema.Of(Codec.Of<Everything>().Schema);
        for (int seed = 0; seed < Seeds; seed++)
        {
            StateValue value = schema.Decode(Codec.Of<Everything>().Encode(NewEverything(new Random(seed))));
            StateValue parsed = schema.Parse(value.ToJson());
            Assert.True(value.Equals(parsed), $"seed {seed}:\n{value}\n{parsed}");
            Assert.Equal(value.ToJson(), parsed.ToJson());
        }
    }

    [Fact]
    public void Read_RecursiveTypes_GoAsDeepAsTheirCodecs()
    {
        Chain? chain = null;
        for (int i = 0; i < CodecLimits.DepthMax; i++) chain = new(i, chain);
        ValueSchema schema = ValueSchema.Of(Codec.Of<Chain?>().Schema);
        byte[] bytes = Codec.Of<Chain?>().Encode(chain);
        Assert.Equal(bytes, schema.Encode(schema.Decode(bytes)));
        byte[] endless = new byte[1 << 20];
        Array.Fill(endless, (byte)1);
        Assert.Contains("nests deeper", Assert.Throws<CorruptDataException>(() => schema.Decode(endless)).Message, StringComparison.Ordinal);
        Same(new Tree(1, [new(2, []), new(3, null)]), """{"Value":1,"Children":[{"Value":2,"Children":[]},{"Value":3,"Children":null}]}""");
    }

    [Fact]
    public void Json_OfEveryShape_ReadsAsWritten()
    {
        Same(true, "true");
        Same((sbyte)-1, "-1");
        Same(long.MaxValue, "9223372036854775807");
        Same(Int128.MaxValue, "\"170141183460469231731687303715884105727\"");
        Same(1.50m, "1.50");
        Same(double.NaN, "\"NaN\"");
        Same(float.MaxValue, "3.4028235E+38");
        Same("Zürich \"1\" \ud800", "\"Zürich \\\"1\\\" \\ud800\"");
        Same<string?>(null, "null");
        Same(new byte[] { 1, 2, 3 }, "\"AQID\"");
        Same(new DateTime(2024, 2, 29, 12, 0, 0, DateTimeKind.Utc), "\"2024-02-29T12:00:00Z\"");
        Same(new DateTimeOffset(2024, 2, 29, 14, 0, 0, TimeSpan.FromHours(2)), "\"2024-02-29T14:00:00+02:00\"");
        Same(Timestamp.UnixEpoch + TimeSpan.FromTicks(1), "\"1970-01-01T00:00:00.0000001Z\"");
        Same(Timestamp.None, "\"none\"");
        Same(TimeSpan.FromMinutes(90), "\"01:30:00\"");
        Same(new DateOnly(2024, 2, 29), "\"2024-02-29\"");
        Same(new TimeOnly(12, 30), "\"12:30:00\"");
        Same(Color.Green, "\"Green\"");
        Same((Color)7, "7");
        Same((1, "a", (int?)null), "[1,\"a\",null]");
        Same(new Dictionary<string, int> { ["a"] = 1 }, "{\"a\":1}");
        Same(new Dictionary<Color, int> { [Color.Red] = 1 }, "{\"Red\":1}");
        Same(new Dictionary<(int, int), bool> { [(1, 2)] = true }, "[{\"key\":[1,2],\"value\":true}]");
        Same<Event>(new Event.Created("x", DateTime.UnixEpoch), "{\"$case\":\"Created\",\"Name\":\"x\",\"At\":\"1970-01-01T00:00:00Z\"}");
        Same(new Nothing(), "{}");
    }

    [Fact]
    public void KeyBytesAndHashes_AreThoseOfTheType()
    {
        Random random = new(7);
        for (int n = 0; n < 200; n++)
        {
            Everything e = NewEverything(random);
            SameKey(e.Bool);
            SameKey(e.SByte);
            SameKey(e.Byte);
            SameKey(e.Short);
            SameKey(e.UShort);
            SameKey(e.Int);
            SameKey(e.UInt);
            SameKey(e.Long);
            SameKey(e.ULong);
            SameKey(e.Big);
            SameKey(e.UBig);
            SameKey(e.Char);
            SameKey(e.Rune);
            SameKey(e.Half);
            SameKey(e.Float);
            SameKey(e.Double);
            SameKey(e.Decimal);
            SameKey(e.Text ?? "");
            SameKey(e.Guid);
            SameKey(e.Time);
            SameKey(e.At);
            SameKey(e.Span);
            SameKey(e.Date);
            SameKey(e.Clock);
            SameKey(e.Color);
            SameKey((e.Int, e.Text));
            SameKey((e.Decimal, (e.Text, (int?)null), e.Time));
            SameKey((1, 2, 3, 4, 5, 6, 7, 8, e.Text));
            SameKey(new Line(e.Text, e.Int, e.Decimal));
            SameKey(new { Zeta = e.Int, Alpha = e.Text, Nested = (Line?)(n % 2 == 0 ? null : new Line("x", 1, 2m)) });
        }

        SameKey(Timestamp.UnixEpoch);
        SameKey(-0.0);
        SameKey(1.000m);
    }

    [Theory]
    [InlineData("{}", "the member 'Product' of ")]
    [InlineData("""{"Product":null,"Count":"many","Price":1}""", "it.Count: 'many' is not a value of type int32")]
    [InlineData("""{"Product":null,"Count":2147483648,"Price":1}""", "it.Count: '2147483648' is not a value of type int32")]
    [InlineData("""{"Product":null,"Count":1,"Price":true}""", "it.Price is true, which is not a value of type decimal")]
    [InlineData("""{"Product":null,"Count":1,"Price":1,"Colour":3}""", "has no member 'Colour'; it has Product, Count, Price")]
    [InlineData("[1]", "it is [1], which is not a value of type ")]
    [InlineData("{", "is not JSON")]
    public void Parse_WhatDoesNotFit_SaysWhereAndWhatIsExpected(string json, string why)
    {
        FormatException wrong = Assert.Throws<FormatException>(() => ValueSchema.Of(Codec.Of<Line>().Schema).Parse(json));
        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_WhatDoesNotFit_IsRefused()
    {
        ValueSchema line = ValueSchema.Of(Codec.Of<(int, Line)>().Schema);
        StateValue.Row row = (StateValue.Row)line.Parse("""[1,{"Product":null,"Count":1,"Price":1}]""");
        Assert.Throws<UnencodableValueException>(() => line.Encode(row.With("Item1", StateValue.Scalar.Of("one"))));
        Assert.Throws<UnencodableValueException>(() => line.Encode(row.With("Item1", StateValue.Absent)));
        Assert.Throws<UnencodableValueException>(() => line.Encode(row.With("Item1", row)));
        Assert.Throws<UnencodableValueException>(() => ValueSchema.Of(Codec.Of<byte[]>().Schema).Hash(StateValue.Scalar.Of(Array.Empty<byte>())));
        Assert.Equal("[2,{\"Product\":null,\"Count\":1,\"Price\":1}]", line.Decode(line.Encode(row.With("Item1", StateValue.Scalar.Of(2)))).ToJson());
    }

    [Fact]
    public void Equals_SetsAndMapsInAnyOrder_RowsByName()
    {
        ValueSchema set = ValueSchema.Of(Codec.Of<HashSet<int>>().Schema), list = ValueSchema.Of(Codec.Of<List<int>>().Schema);
        Assert.Equal(set.Parse("[1,2]"), set.Parse("[2,1]"));
        Assert.NotEqual(list.Parse("[1,2]"), list.Parse("[2,1]"));
        ValueSchema map = ValueSchema.Of(Codec.Of<Dictionary<string, int>>().Schema);
        Assert.Equal(map.Parse("""{"a":1,"b":2}"""), map.Parse("""{"b":2,"a":1}"""));
        ValueSchema one = ValueSchema.Of(Codec.Of(new { A = 1, B = 2L }.GetType()).Schema), other = ValueSchema.Of(Codec.Of(new { B = 1, A = 2 }.GetType()).Schema);
        Assert.Equal(one.Parse("""{"A":1,"B":2}"""), other.Parse("""{"B":2,"A":1}"""));
    }

    static void Same<T>(T value, string json)
    {
        ValueSchema schema = ValueSchema.Of(TypeSchema.FromJson(Encoding.UTF8.GetBytes(Codec.Of<T>().Schema.ToJson())));
        byte[] bytes = Codec.Of<T>().Encode(value);
        StateValue read = schema.Decode(bytes);
        Assert.Equal(json, read.ToJson());
        Assert.Equal(bytes, schema.Encode(read));
        bool isPlain = json.StartsWith('"') || json == "null";
        if (!isPlain) Assert.Equal(bytes, schema.Encode(schema.Parse(json)));
    }

    static void SameKey<T>(T key) where T : notnull
    {
        ValueSchema schema = ValueSchema.Of(Codec.OfKey<T>().Schema);
        byte[] bytes = Codec.OfKey<T>().Encode(key);
        // As it would be given by hand, which need not be its canonical form.
        StateValue plain = schema.Decode(Codec.Of<T>().Encode(key));
        Assert.Equal(KeyHash.Of(key), schema.Hash(plain));
        Assert.Equal(bytes, schema.EncodeKey(plain));
        Assert.Equal(bytes, schema.EncodeKey(schema.Decode(bytes)));
        if (!double.TryParse(plain.ToString(), out double number) || !double.IsNaN(number)) Assert.Equal(bytes, schema.EncodeKey(schema.Parse(plain.ToString())));
    }
}
