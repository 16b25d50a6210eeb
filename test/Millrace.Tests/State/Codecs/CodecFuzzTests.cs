using Millrace.State.Codecs;
using static Millrace.Tests.State.Codecs.CodecSamples;

namespace Millrace.Tests.State.Codecs;

/// <summary>Damaged bytes give a value or a typed error: never another exception, a hang or a huge allocation.</summary>
public sealed class CodecFuzzTests
{
    const int Seeds = 150;

    [Fact]
    public void Read_TruncatedBytes_GivesTypedError()
    {
        foreach (int seed in Fuzzing.Seeds(Seeds / 10)) // Every length: a thousand errors a seed.
        {
            byte[] bytes = CodecTests.Bytes(NewEverything(new Random(seed)));
            for (int length = 0; length < bytes.Length; length++) Assert.NotNull(Read<Everything>(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Read_FlippedBits_GivesValueOrTypedError()
    {
        int refused = 0;
        foreach (int seed in Fuzzing.Seeds(Seeds))
        {
            byte[] bytes = CodecTests.Bytes(NewEverything(new Random(seed)));
            Random random = new(seed);
            for (int n = 0; n < 300; n++)
            {
                byte[] damaged = [.. bytes];
                for (int flips = random.Next(1, 4); flips > 0; flips--) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                if (Read<Everything>(damaged) is not null) refused++;
            }
        }

        Assert.InRange(refused, 1_000, Seeds * 300 * Fuzzing.Times);
    }

    [Fact]
    public void Read_RandomBytes_GivesValueOrTypedError()
    {
        Random random = Fuzzing.Chance(5);
        for (int n = 0; n < 20_000 * Fuzzing.Times; n++)
        {
            byte[] bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Read<Event?>(bytes);
            Read<Tree>(bytes);
            Read<Dictionary<string, List<Line>>>(bytes);
            Read<SortedDictionary<string, HashSet<(int, string)>>>(bytes);
            Read<(decimal, DateTimeOffset, Version, Uri)>(bytes);
        }
    }

    [Fact]
    public void Read_HugeCount_AllocatesLittle()
    {
        // The count claims a billion elements; the bytes are a megabyte of zeros, each an absent list.
        byte[] bytes = new byte[1 << 20];
        byte[] count = [0x81, 0x94, 0xeb, 0xdc, 0x03];
        count.CopyTo(bytes, 0);
        Read<List<List<int>>>(bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("exceeds the bytes", Read<List<List<int>>>(bytes)!.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Read_EndlessNesting_GivesTypedError()
    {
        byte[] bytes = new byte[1 << 20];
        Array.Fill(bytes, (byte)1);
        Assert.Contains("nests deeper", Read<Chain>(bytes)!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("8000", "longer than needed")]
    [InlineData("ffffffffffffffffff02", "more than 64 bits")]
    [InlineData("80808080808001", "too large")]
    [InlineData("02", "end within")]
    [InlineData("0002", "neither 0 nor 1")]
    public void Read_MalformedPair_SaysWhatIsWrong(string hex, string pattern) =>
        Assert.Matches(pattern, Read<(int, bool)>(Convert.FromHexString(hex))!.Message);

    [Fact]
    public void Read_BytesLeftOver_IsRefused() => Assert.Contains("after the end", Read<int>([2, 2])!.Message, StringComparison.Ordinal);

    [Fact]
    public void Read_ElementOfSetTwice_IsRefused()
    {
        Assert.Contains("occurs twice", Read<HashSet<int>>([3, 2, 2])!.Message, StringComparison.Ordinal);
        Assert.Contains("occurs twice", Read<Dictionary<int, int>>([3, 2, 2, 2, 2])!.Message, StringComparison.Ordinal);
    }

    static CorruptDataException? Read<T>(ReadOnlySpan<byte> bytes)
    {
        try
        {
            CodecReader reader = new(bytes);
            Codec.Of<T>().Read(ref reader);
            reader.End();
            return null;
        }
        catch (CorruptDataException e)
        {
            Assert.InRange(e.Offset, 0, bytes.Length);
            return e;
        }
    }
}
