using System.Numerics;
using System.Text;

namespace Millrace.State.Codecs;

/// <content>One method per scalar type; compiled rows find them as <c>Write</c> by their parameter type.</content>
public ref partial struct CodecWriter
{
    internal void Write(bool value) => WriteByte(value ? (byte)1 : (byte)0);
    internal void Write(sbyte value) => WriteByte((byte)value);
    internal void Write(byte value) => WriteByte(value);
    internal void Write(short value) => WriteZigzag(value);
    internal void Write(ushort value) => WriteVarint(value);
    internal void Write(int value) => WriteZigzag(value);
    internal void Write(uint value) => WriteVarint(value);
    internal void Write(long value) => WriteZigzag(value);
    internal void Write(ulong value) => WriteVarint(value);
    internal void Write(char value) => WriteVarint(value);
    internal void Write(Rune value) => WriteVarint((uint)value.Value);
    internal void Write(Half value) => WriteFixed16(BitConverter.HalfToUInt16Bits(value));
    internal void Write(float value) => WriteFixed32(BitConverter.SingleToUInt32Bits(value));
    internal void Write(double value) => WriteFixed64(BitConverter.DoubleToUInt64Bits(value));
    internal void Write(Timestamp value) => WriteFixed64((ulong)value.Ticks);
    internal void Write(TimeSpan value) => WriteZigzag(value.Ticks);
    internal void Write(DateOnly value) => WriteVarint((uint)value.DayNumber);
    internal void Write(TimeOnly value) => WriteVarint((ulong)value.Ticks);
    internal void Write(DateTime value) => WriteFixed64((ulong)value.Ticks | ((ulong)value.Kind << 62));
    internal void Write(Int128 value) => Write((UInt128)value);

    internal void Write(UInt128 value)
    {
        WriteFixed64((ulong)value);
        WriteFixed64((ulong)(value >> 64));
    }

    internal void Write(DateTimeOffset value)
    {
        WriteFixed64((ulong)value.UtcTicks);
        WriteZigzag(value.TotalOffsetMinutes);
    }

    internal void Write(Guid value)
    {
        value.TryWriteBytes(Reserve(16));
        _used += 16;
    }

    internal void Write(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        uint high = (uint)bits[2];
        int head = ((bits[3] >> 16) & DecimalFormat.ScaleMask) | (bits[3] < 0 ? DecimalFormat.Negative : 0) | (high != 0 ? DecimalFormat.HasHigh : 0);
        WriteByte((byte)head);
        WriteVarint((uint)bits[0] | ((ulong)(uint)bits[1] << 32));
        if (high != 0) WriteFixed32(high);
    }

    internal void Write(BigInteger value)
    {
        int length = value.GetByteCount();
        WriteVarint((uint)length);
        value.TryWriteBytes(Reserve(length), out int written);
        _used += written;
    }

    internal void Write(Version value)
    {
        int parts = value.Build < 0 ? 2 : value.Revision < 0 ? 3 : 4;
        WriteByte((byte)parts);
        WriteVarint((uint)value.Major);
        WriteVarint((uint)value.Minor);
        if (parts > 2) WriteVarint((uint)value.Build);
        if (parts > 3) WriteVarint((uint)value.Revision);
    }

    internal void Write(Uri value) => Write(value.OriginalString);

    internal void Write(byte[]? value)
    {
        WriteCount(value is null ? -1 : value.Length);
        WriteRaw(value);
    }

    internal void Write(string? value)
    {
        const int charsOfShort = 42; // 42 chars are at most 126 bytes of UTF-8, whose length plus one is one byte.
        if (value is null)
        {
            WriteByte(0);
        }
        else if (value.Length <= charsOfShort)
        {
            Span<byte> room = Reserve((charsOfShort * 3) + 1);
            int length = StringFormat.Encode(value, room[1..]);
            room[0] = (byte)(length + 1);
            _used += length + 1;
        }
        else
        {
            int length = StringFormat.ByteCount(value);
            WriteCount(length);
            Span<byte> room = Reserve(length);
            _used += StringFormat.Encode(value, room);
        }
    }
}
