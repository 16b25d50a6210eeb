using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class Lz4BlockTests
{
    static byte[]? Compress(ReadOnlySpan<byte> source, int room)
    {
        byte[] target = new byte[room];
        return Lz4Block.TryCompress(source, target, new int[Lz4Block.TableLength], out int written) ? target[..written] : null;
    }

    static byte[] Sample(int seed)
    {
        Random random = new(seed);
        byte[] bytes = new byte[random.Next(0, random.Next(1, 150_000))];
        int period = random.Next(1, 400), letters = random.Next(1, 257);
        for (int i = 0; i < bytes.Length; i++) bytes[i] = i >= period && random.Next(20) > 0 ? bytes[i - period] : (byte)random.Next(letters);
        return bytes;
    }

    [Fact]
    public void Compress_OfAnyBytes_ComesBack() => Prop.ForAll<int>(seed =>
    {
        byte[] source = Sample(seed), back = new byte[source.Length];
        byte[] compressed = Compress(source, source.Length + (source.Length / 255) + 16)!;
        Assert.True(Lz4Block.TryDecompress(compressed, back));
        Assert.Equal(source, back);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Compress_WithoutRoom_SaysSo() => Prop.ForAll<int, byte>((seed, less) =>
    {
        byte[] source = Sample(seed), back = new byte[source.Length];
        byte[] compressed = Compress(source, source.Length + (source.Length / 255) + 16)!;
        int room = Math.Max(0, compressed.Length - 1 - less);
        Assert.Null(Compress(source, room));
    }).QuickCheckThrowOnFailure();

    // Made by the reference implementation's rules by hand: five literals, a copy of eight from five back, five literals.
    [Fact]
    public void Decompress_OfAKnownBlock_GivesItsBytes()
    {
        byte[] block = [0x54, .. "abcde"u8, 5, 0, 0x50, .. "vwxyz"u8];
        byte[] back = new byte[18];
        Assert.True(Lz4Block.TryDecompress(block, back));
        Assert.Equal("abcdeabcdeabcvwxyz", Encoding.ASCII.GetString(back));
    }

    [Fact]
    public void Decompress_OfDamagedBytes_NeverLeavesItsBounds()
    {
        Random random = new(5);
        byte[] source = Sample(7), compressed = Compress(source, source.Length * 2)!, back = new byte[source.Length + 64];
        int refused = 0;
        for (int i = 0; i < 5_000; i++)
        {
            byte[] damaged = [.. compressed[..random.Next(compressed.Length)], .. compressed[random.Next(compressed.Length)..]];
            if (damaged.Length > 0) damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            back.AsSpan(source.Length).Fill(0xee);
            if (!Lz4Block.TryDecompress(damaged, back.AsSpan(0, source.Length))) refused++;
            Assert.True(back.AsSpan(source.Length).IndexOfAnyExcept((byte)0xee) < 0);
        }

        Assert.InRange(refused, 4_000, 5_000);
    }

    [Fact]
    public void Compress_OfRepetition_IsSmall()
    {
        byte[] source = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("customer-1234;", 4_000)));
        Assert.InRange(Compress(source, source.Length)!.Length, 10, source.Length / 100);
    }
}
