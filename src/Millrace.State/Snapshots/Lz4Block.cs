using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Millrace.State.Snapshots;

/// <summary>
/// The LZ4 block format (lz4_Block_format.md of the LZ4 project): literals and copies of earlier bytes in turn, no entropy coding. The framework
/// has no codec that comes near its speed of reading (docs/FORMATS.md, "Pack", has the measurements).
/// </summary>
static class Lz4Block
{
    /// <summary>Entries of the table that <see cref="TryCompress"/> works with.</summary>
    public const int TableLength = 1 << TableBits;

    const int TableBits = 13, MatchMin = 4, OffsetMax = ushort.MaxValue, ShortBytes = 16;

    // The format's own rules: the last five bytes are literals, and no copy begins within the last twelve.
    const int LastLiterals = 5, MatchStartMargin = 12;

    /// <summary>Compresses a block.</summary>
    /// <param name="source">The block.</param>
    /// <param name="target">Room for the result.</param>
    /// <param name="table">Working memory of <see cref="TableLength"/> entries; its content does not matter.</param>
    /// <param name="written">The bytes of the result.</param>
    /// <returns>False when the result does not fit the room.</returns>
    public static bool TryCompress(ReadOnlySpan<byte> source, Span<byte> target, Span<int> table, out int written)
    {
        table = table[..TableLength];
        table.Clear();
        written = 0;
        int anchor = 0, at = 1;
        int lastStart = source.Length - MatchStartMargin, matchEnd = source.Length - LastLiterals;
        while (at <= lastStart)
        {
            uint word = Word(source, at);
            ref int slot = ref table[Slot(word)];
            int candidate = slot;
            slot = at;
            if (at - candidate > OffsetMax || Word(source, candidate) != word)
            {
                // Ever longer steps where nothing repeats.
                at += 1 + ((at - anchor) >> 6);
                continue;
            }

            int offset = at - candidate;
            while (at > anchor && at > offset && source[at - 1] == source[at - 1 - offset]) at--;
            int length = MatchMin + CommonLength(source, at + MatchMin, offset, matchEnd);
            if (!TryEmit(source, anchor, at - anchor, offset, length - MatchMin, target, ref written)) return false;
            at += length;
            anchor = at;
            if (at <= lastStart) table[Slot(Word(source, at - 2))] = at - 2;
        }

        return TryEmit(source, anchor, source.Length - anchor, 0, 0, target, ref written);
    }

    /// <summary>Decompresses a block.</summary>
    /// <param name="source">Any bytes: nothing is trusted.</param>
    /// <param name="target">As long as the block was.</param>
    /// <returns>Whether the bytes are a block of exactly that length.</returns>
    public static bool TryDecompress(ReadOnlySpan<byte> source, Span<byte> target)
    {
        int at = 0, made = 0;
        while (at < source.Length)
        {
            int token = source[at++];
            if (!TryReadLength(source, ref at, token >> 4, out int literals)) return false;
            if (literals > source.Length - at || literals > target.Length - made) return false;
            CopyLiterals(source, at, literals, target, made);
            at += literals;
            made += literals;
            if (at == source.Length) return made == target.Length;

            if (source.Length - at < 2) return false;
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(source[at..]);
            at += 2;
            if (!TryReadLength(source, ref at, token & 15, out int length)) return false;
            length += MatchMin;
            if (offset == 0 || offset > made || length > target.Length - made) return false;
            CopyWithin(target, made, offset, length);
            made += length;
        }

        return false;
    }

    // A copy may reach into what it makes itself: then each byte must be there before it is read.
    static void CopyWithin(Span<byte> target, int to, int offset, int length)
    {
        if (length <= ShortBytes && offset >= ShortBytes && target.Length - to >= ShortBytes) CopyShort(target, to - offset, target, to);
        else if (offset >= length) target.Slice(to - offset, length).CopyTo(target[to..]);
        else for (int end = to + length; to < end; to++) target[to] = target[to - offset];
    }

    // Most pieces are short. Sixteen bytes cost one instruction each way; what is beyond the piece is overwritten by the next.
    static void CopyLiterals(ReadOnlySpan<byte> source, int from, int length, Span<byte> target, int to)
    {
        if (length <= ShortBytes && source.Length - from >= ShortBytes && target.Length - to >= ShortBytes) CopyShort(source, from, target, to);
        else source.Slice(from, length).CopyTo(target[to..]);
    }

    // The callers have seen to it that there are sixteen bytes on either side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void CopyShort(ReadOnlySpan<byte> source, int from, Span<byte> target, int to) =>
        Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(source), (nuint)from).StoreUnsafe(ref MemoryMarshal.GetReference(target), (nuint)to);

    static bool TryReadLength(ReadOnlySpan<byte> source, ref int at, int length, out int total)
    {
        // No overflow: compressed blocks have at most 4 MiB, so the sum is at most 255 times that.
        total = length;
        if (length < 15) return true;
        byte more;
        do
        {
            if (at >= source.Length) return false;
            more = source[at++];
            total += more;
        }
        while (more == 255);
        return true;
    }

    static bool TryEmit(ReadOnlySpan<byte> source, int from, int literals, int offset, int length, Span<byte> target, ref int written)
    {
        int at = written;
        long room = 1L + (literals / 255) + 1 + literals + 2 + (length / 255) + 1;
        if (target.Length - at < room) return false;
        target[at++] = (byte)((Math.Min(literals, 15) << 4) | Math.Min(length, 15));
        if (literals >= 15) WriteLength(target, ref at, literals - 15);
        CopyLiterals(source, from, literals, target, at);
        at += literals;
        if (offset > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(target[at..], (ushort)offset);
            at += 2;
            if (length >= 15) WriteLength(target, ref at, length - 15);
        }

        written = at;
        return true;
    }

    static void WriteLength(Span<byte> target, ref int at, int rest)
    {
        for (; rest >= 255; rest -= 255) target[at++] = 255;
        target[at++] = (byte)rest;
    }

    static int CommonLength(ReadOnlySpan<byte> source, int from, int offset, int end)
    {
        int at = from;
        while (at + 8 <= end)
        {
            ulong difference = Long(source, at) ^ Long(source, at - offset);
            if (difference != 0) return at - from + (BitOperations.TrailingZeroCount(difference) >> 3);
            at += 8;
        }

        while (at < end && source[at] == source[at - offset]) at++;
        return at - from;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int Slot(uint word) => (int)((word * 2_654_435_761u) >> (32 - TableBits));

    // Unchecked: positions are before the margins that the loops above keep. Equal bytes are all that matters, and slots only of the compressor,
    // so the order of bytes in the word shows in the choice of copies alone; little-endian machines choose alike.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static uint Word(ReadOnlySpan<byte> source, int at) => Unsafe.ReadUnaligned<uint>(in Unsafe.Add(ref MemoryMarshal.GetReference(source), at));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Long(ReadOnlySpan<byte> source, int at)
    {
        ulong bytes = Unsafe.ReadUnaligned<ulong>(in Unsafe.Add(ref MemoryMarshal.GetReference(source), at));
        return BitConverter.IsLittleEndian ? bytes : BinaryPrimitives.ReverseEndianness(bytes);
    }
}
