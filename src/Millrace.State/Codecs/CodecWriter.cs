using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Millrace.State.Codecs;

/// <summary>
/// Writes encoded values to a buffer. Lives on the stack of one thread. The bytes belong to the buffer only after
/// <see cref="Flush"/>. The encodings are in <c>docs/FORMATS.md</c>, section "Row encoding".
/// </summary>
public ref partial struct CodecWriter
{
    readonly IBufferWriter<byte> _output;
    Span<byte> _free;
    int _used;
    int _depth;

    /// <summary>Starts writing at the end of a buffer.</summary>
    /// <param name="output">Borrowed; nobody else writes to it before <see cref="Flush"/>.</param>
    public CodecWriter(IBufferWriter<byte> output)
    {
        _output = output;
        _free = default;
    }

    /// <summary>The number of bytes written and not handed to the buffer yet.</summary>
    internal readonly int Pending => _used;

    /// <summary>Hands the written bytes to the buffer. Writing may go on afterwards.</summary>
    public void Flush()
    {
        if (_used > 0) _output.Advance(_used);
        _free = default;
        _used = 0;
    }

    /// <summary>Enters a value of a recursive type.</summary>
    /// <exception cref="UnencodableValueException">Deeper than <see cref="CodecLimits.DepthMax"/>.</exception>
    public void Enter()
    {
        if (++_depth <= CodecLimits.DepthMax) return;
        throw new UnencodableValueException(
            $"The value nests deeper than {CodecLimits.DepthMax} levels, or contains itself. Keep long chains in a list state instead of linking them.");
    }

    /// <summary>Leaves a value of a recursive type.</summary>
    public void Leave() => _depth--;

    /// <summary>Writes one byte.</summary>
    /// <param name="value">Any value.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteByte(byte value)
    {
        if (_used >= _free.Length) Grow(1);
        _free[_used++] = value;
    }

    /// <summary>Writes bytes as they are, without a length.</summary>
    /// <param name="bytes">Any number.</param>
    public void WriteRaw(scoped ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Reserve(bytes.Length));
        _used += bytes.Length;
    }

    /// <summary>Writes an unsigned number in groups of seven bits, lowest first, the top bit meaning "more follows": 1 to 10 bytes.</summary>
    /// <param name="value">Any value; below 128 it is one byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteVarint(ulong value)
    {
        if (value < 0x80 && _used < _free.Length) _free[_used++] = (byte)value;
        else WriteLongVarint(value);
    }

    /// <summary>Writes a signed number as a varint of 0, -1, 1, -2, 2 …: small magnitudes are short.</summary>
    /// <param name="value">Any value; -64 to 63 are one byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteZigzag(long value) => WriteVarint((ulong)((value << 1) ^ (value >> 63)));

    /// <summary>Writes two bytes, lowest first.</summary>
    /// <param name="value">Any value.</param>
    public void WriteFixed16(ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(Reserve(2), value);
        _used += 2;
    }

    /// <summary>Writes four bytes, lowest first.</summary>
    /// <param name="value">Any value.</param>
    public void WriteFixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
        _used += 4;
    }

    /// <summary>Writes eight bytes, lowest first.</summary>
    /// <param name="value">Any value.</param>
    public void WriteFixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        _used += 8;
    }

    /// <summary>Writes the count of a collection, or its absence: 0 for absent, else one more than the count.</summary>
    /// <param name="count">The elements: 0 or more; -1 for absent.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteCount(int count) => WriteVarint((ulong)(count + 1L));

    /// <summary>
    /// Room for at least <paramref name="count"/> bytes; the caller moves <see cref="_used"/>, in a statement of its own, because
    /// this may have set it to zero.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Span<byte> Reserve(int count)
    {
        if (_free.Length - _used < count) Grow(count);
        return _free[_used..];
    }

    void WriteLongVarint(ulong value)
    {
        const int varintBytesMax = 10;
        Span<byte> room = Reserve(varintBytesMax);
        int at = 0;
        for (; value >= 0x80; value >>= 7) room[at++] = (byte)(value | 0x80);
        room[at++] = (byte)value;
        _used += at;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow(int count)
    {
        Flush();
        _free = _output.GetSpan(count);
    }
}
