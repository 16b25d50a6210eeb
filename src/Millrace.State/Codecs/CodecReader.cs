using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.State.Codecs;

/// <summary>
/// Reads what <see cref="CodecWriter"/> wrote, from bytes it does not trust: whatever they are, it ends with a value or a
/// <see cref="CorruptDataException"/>, in time and memory proportional to the bytes. Lives on the stack of one thread.
/// </summary>
public ref partial struct CodecReader
{
    readonly ReadOnlySpan<byte> _bytes;
    int _at;
    int _depth;

    /// <summary>Starts reading at the first byte.</summary>
    /// <param name="bytes">Borrowed; must not change while reading.</param>
    public CodecReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>The number of bytes read: 0 to the length of the bytes.</summary>
    public readonly int Position => _at;

    /// <summary>The number of bytes not read yet.</summary>
    public readonly int Remaining => _bytes.Length - _at;

    /// <summary>Asserts that everything was read: bytes left over mean that another type was written.</summary>
    /// <exception cref="CorruptDataException">Bytes are left over.</exception>
    public readonly void End()
    {
        if (Remaining > 0) Fail("There are bytes after the end of the value.");
    }

    /// <summary>Refuses the bytes.</summary>
    /// <param name="message">What is wrong, as a sentence.</param>
    /// <exception cref="CorruptDataException">Always.</exception>
    [DoesNotReturn]
    public readonly void Fail(string message) => throw new CorruptDataException(message, _at);

    /// <summary>Enters a value of a recursive type.</summary>
    /// <exception cref="CorruptDataException">Deeper than <see cref="CodecLimits.DepthMax"/> by more than a few levels, which no writer writes.</exception>
    public void Enter()
    {
        if (++_depth > CodecLimits.ReadDepthMax) Fail("The value nests deeper than any writer nests.");
    }

    /// <summary>Leaves a value of a recursive type.</summary>
    public void Leave() => _depth--;

    /// <summary>Reads one byte.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">No byte is left.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte ReadByte()
    {
        if ((uint)_at >= (uint)_bytes.Length) FailShort();
        return _bytes[_at++];
    }

    /// <summary>Reads a byte of presence bits.</summary>
    /// <param name="bits">How many of the bits are used: 1 to 8, from the lowest; the others are zero.</param>
    /// <returns>The bits.</returns>
    /// <exception cref="CorruptDataException">No byte is left, or an unused bit is set.</exception>
    public byte ReadBits(int bits)
    {
        byte value = ReadByte();
        if (value >> bits != 0) Fail("A presence bit is set for a member that does not exist.");
        return value;
    }

    /// <summary>Reads bytes as they are.</summary>
    /// <param name="count">How many: 0 or more.</param>
    /// <returns>A part of the bytes given to the constructor.</returns>
    /// <exception cref="CorruptDataException">Fewer bytes are left.</exception>
    public ReadOnlySpan<byte> ReadRaw(int count)
    {
        if (count > Remaining) FailShort();
        ReadOnlySpan<byte> taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    /// <summary>Reads what <see cref="CodecWriter.WriteVarint"/> wrote.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">Cut off, more than 64 bits, or longer than needed.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarint()
    {
        if ((uint)_at < (uint)_bytes.Length && _bytes[_at] < 0x80) return _bytes[_at++];
        return ReadLongVarint();
    }

    /// <summary>Reads a varint of at most the given value.</summary>
    /// <param name="largest">The largest value allowed.</param>
    /// <returns>0 to <paramref name="largest"/>.</returns>
    /// <exception cref="CorruptDataException">Not a varint, or larger.</exception>
    public ulong ReadVarint(ulong largest)
    {
        ulong value = ReadVarint();
        if (value > largest) Fail("A number is too large for its type.");
        return value;
    }

    /// <summary>Reads what <see cref="CodecWriter.WriteZigzag"/> wrote.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">Not a varint.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadZigzag()
    {
        ulong value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Reads two bytes, lowest first.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">Fewer bytes are left.</exception>
    public ushort ReadFixed16() => BinaryPrimitives.ReadUInt16LittleEndian(ReadRaw(2));

    /// <summary>Reads four bytes, lowest first.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">Fewer bytes are left.</exception>
    public uint ReadFixed32() => BinaryPrimitives.ReadUInt32LittleEndian(ReadRaw(4));

    /// <summary>Reads eight bytes, lowest first.</summary>
    /// <returns>Any value.</returns>
    /// <exception cref="CorruptDataException">Fewer bytes are left.</exception>
    public ulong ReadFixed64() => BinaryPrimitives.ReadUInt64LittleEndian(ReadRaw(8));

    /// <summary>Reads the count of a collection. Every element takes at least one byte, so the count is bounded by the bytes left.</summary>
    /// <returns>0 or more, or -1 when the collection is absent.</returns>
    /// <exception cref="CorruptDataException">Not a count, or more elements than bytes are left.</exception>
    public int ReadCount()
    {
        ulong value = ReadVarint();
        if (value > (ulong)Remaining + 1) Fail("A length exceeds the bytes that are left.");
        return (int)value - 1;
    }

    ulong ReadLongVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte();
            if (shift == 63 && part > 1) Fail("A number has more than 64 bits.");
            if (part == 0 && shift > 0) Fail("A number is written longer than needed.");
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }

        Fail("A number has more than 64 bits.");
        return 0;
    }

    [DoesNotReturn]
    readonly void FailShort() => Fail("The bytes end within a value.");
}
