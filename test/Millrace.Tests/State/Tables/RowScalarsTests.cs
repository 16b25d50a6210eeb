using Millrace.State.Codecs;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

/// <summary>What is written without a codec has the bytes of the codec: snapshots do not depend on which way was taken.</summary>
public sealed class RowScalarsTests
{
    static readonly Guid Name = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");

    [Fact]
    public void Write_TypesWithoutACall_HaveTheBytesOfTheirCodecs()
    {
        Same<long>(long.MinValue, -65, -1, 0, 63, 64, 1L << 40, long.MaxValue);
        Same<int>(int.MinValue, -65, 0, 64, int.MaxValue);
        Same<ulong>(0, 127, 128, ulong.MaxValue);
        Same<uint>(0, 127, 128, uint.MaxValue);
        Same<Guid>(Guid.Empty, Name);
        Same<UInt128>(0, 1, UInt128.MaxValue, new(1, 2));
    }

    [Fact]
    public void Write_OtherTypes_GoesThroughTheirCodecs()
    {
        Same<string>("", "a word", new string('x', 300));
        Same<double>(0, -0.0, double.NaN, 1.5);
        Same<(int Left, long Right)>((1, 2), (-1, long.MinValue));
    }

    [Fact]
    public void Read_BytesCutOff_IsCorrupt() => Assert.Throws<CorruptDataException>(static () =>
    {
        CodecReader reader = new([0x80]);
        RowScalars.Read(ref reader, Codec.Of<long>());
    });

    static void Same<T>(params T[] values)
    {
        foreach (Codec<T> codec in new[] { Codec.Of<T>(), Codec.OfKey<T>() })
        {
            foreach (T value in values)
            {
                using ByteBuffer expected = new(), actual = new();
                CodecWriter byCodec = new(expected), direct = new(actual);
                codec.Write(ref byCodec, value);
                byCodec.Flush();
                RowScalars.Write(ref direct, value, codec);
                direct.Flush();
                Assert.Equal(expected.Written.ToArray(), actual.Written.ToArray());
                CodecReader reader = new(expected.Written), again = new(expected.Written);
                Assert.Equal(codec.Read(ref again), RowScalars.Read(ref reader, codec));
                Assert.Equal(0, reader.Remaining);
            }
        }
    }
}
