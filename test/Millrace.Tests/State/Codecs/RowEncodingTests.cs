using System.Numerics;
using System.Text;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Codecs;

/// <summary>Bytes worked out by hand from docs/FORMATS.md, section "Row encoding".</summary>
public sealed class RowEncodingTests
{
    [Fact]
    public void Numbers_AreWrittenAsDocumented()
    {
        Assert.Equal("01", Hex(true));
        Assert.Equal("ff", Hex((sbyte)-1));
        Assert.Equal("0a", Hex(5));
        Assert.Equal("01", Hex(-1L));
        Assert.Equal("ac02", Hex(300u));
        Assert.Equal("ffffffffffffffffff01", Hex(ulong.MaxValue));
        Assert.Equal("d804", Hex(Color.Blue));
        Assert.Equal("000000000000f83f", Hex(1.5));
        Assert.Equal("01000000000000000000000000000000", Hex((Int128)1));
        Assert.Equal("029601", Hex(1.50m));
        Assert.Equal("a000" + "01000000", Hex(-18446744073709551616m));
        Assert.Equal("020001", Hex(new BigInteger(256)));
    }

    [Fact]
    public void Times_AreWrittenAsDocumented()
    {
        Assert.Equal("0100000000000040", Hex(new DateTime(1, DateTimeKind.Utc)));
        Assert.Equal("0046c32300000000" + "02", Hex(new DateTimeOffset(1, 1, 1, 0, 2, 0, TimeSpan.FromMinutes(1))));
        Assert.Equal("feffffffffffffff", Hex(new Timestamp(-2)));
        Assert.Equal("03", Hex(TimeSpan.FromTicks(-2)));
        Assert.Equal("02", Hex(DateOnly.FromDayNumber(2)));
    }

    [Fact]
    public void Texts_AreWrittenAsDocumented()
    {
        Assert.Equal("00", Hex<string?>(null));
        Assert.Equal("01", Hex(""));
        Assert.Equal("03c3bc", Hex("ü"));
        Assert.Equal("04eda080", Hex("\ud800"));
        Assert.Equal("9f9a08", Hex(new Rune(0x2_0d1f)));
        Assert.Equal("33221100554477668899aabbccddeeff", Hex(new Guid("00112233-4455-6677-8899-aabbccddeeff")));
        Assert.Equal("01" + "02" + "01" + "02", Hex<Version?>(new Version(1, 2)));
        Assert.Equal("00", Hex<Version?>(null));
    }

    [Fact]
    public void Rows_AreWrittenAsDocumented()
    {
        // A class: presence byte; then string, zigzag, decimal.
        Assert.Equal("01" + "0261" + "06" + "0005", Hex<Line?>(new Line("a", 3, 5m)));
        // A tuple: bit 0 for the first member, bit 1 for the third, then the members that are present.
        Assert.Equal("02" + "08" + "00" + "02" + "0000", Hex<(int?, int, Line?)>((null, 4, new Line(null, 1, 0m))));
        Assert.Equal("0100", Hex(new Nothing()));
        Assert.Equal("0102", Hex<int?>(1));
        Assert.Equal("00", Hex<int?>(null));
    }

    [Fact]
    public void Collections_AreWrittenAsDocumented()
    {
        Assert.Equal("030204", Hex<int[]>([1, 2]));
        Assert.Equal("00", Hex<List<int>?>(null));
        Assert.Equal("020261" + "02", Hex(new Dictionary<string, int> { ["a"] = 1 }));
        // The third of four cases in ordinal order of their names is Ended.Well, a row without members.
        Assert.Equal("0300", Hex<Event>(new Event.Ended.Well()));
    }

    static string Hex<T>(T value) => Convert.ToHexStringLower(CodecTests.Bytes(value));
}
