using System.Numerics;
using System.Text;

namespace Millrace.State.Codecs;

/// <content>One method per scalar type; compiled rows find them by the name of the type.</content>
public ref partial struct CodecReader
{
    internal bool ReadBoolean()
    {
        byte value = ReadByte();
        if (value > 1) Fail("A boolean is neither 0 nor 1.");
        return value != 0;
    }

    internal sbyte ReadSByte() => (sbyte)ReadByte();
    internal ushort ReadUInt16() => (ushort)ReadVarint(ushort.MaxValue);
    internal uint ReadUInt32() => (uint)ReadVarint(uint.MaxValue);
    internal ulong ReadUInt64() => ReadVarint();
    internal long ReadInt64() => ReadZigzag();
    internal char ReadChar() => (char)ReadVarint(char.MaxValue);
    internal Half ReadHalf() => BitConverter.UInt16BitsToHalf(ReadFixed16());
    internal float ReadSingle() => BitConverter.UInt32BitsToSingle(ReadFixed32());
    internal double ReadDouble() => BitConverter.UInt64BitsToDouble(ReadFixed64());
    internal Timestamp ReadTimestamp() => new((long)ReadFixed64());
    internal TimeSpan ReadTimeSpan() => new(ReadZigzag());
    internal DateOnly ReadDateOnly() => DateOnly.FromDayNumber((int)ReadVarint((ulong)DateOnly.MaxValue.DayNumber));
    internal TimeOnly ReadTimeOnly() => new((long)ReadVarint((ulong)TimeOnly.MaxValue.Ticks));
    internal Int128 ReadInt128() => (Int128)ReadUInt128();
    internal Guid ReadGuid() => new(ReadRaw(16));

    internal short ReadInt16()
    {
        long value = ReadZigzag();
        if (value != (short)value) Fail("A number is too large for its type.");
        return (short)value;
    }

    internal int ReadInt32()
    {
        long value = ReadZigzag();
        if (value != (int)value) Fail("A number is too large for its type.");
        return (int)value;
    }

    internal UInt128 ReadUInt128()
    {
        ulong low = ReadFixed64();
        return new UInt128(ReadFixed64(), low);
    }

    internal Rune ReadRune()
    {
        if (!Rune.TryCreate((uint)ReadVarint(uint.MaxValue), out Rune value)) Fail("A rune is not a Unicode scalar value.");
        return value;
    }

    internal DateTime ReadDateTime()
    {
        ulong value = ReadFixed64();
        long ticks = (long)(value & ~(3UL << 62));
        if (value >> 62 == 3 || ticks > DateTime.MaxValue.Ticks) Fail("A time is out of range.");
        return new DateTime(ticks, (DateTimeKind)(value >> 62));
    }

    internal DateTimeOffset ReadDateTimeOffset()
    {
        const long offsetMinutesMax = 14 * 60;
        ulong utc = ReadFixed64();
        long minutes = ReadZigzag();
        if (minutes is < -offsetMinutesMax or > offsetMinutesMax || utc > (ulong)DateTime.MaxValue.Ticks) Fail("A time is out of range.");
        long local = (long)utc + (minutes * TimeSpan.TicksPerMinute);
        if (local < 0 || local > DateTime.MaxValue.Ticks) Fail("A time is out of range.");
        return new DateTimeOffset(local, TimeSpan.FromMinutes(minutes));
    }

    internal decimal ReadDecimal()
    {
        const int scaleMax = 28;
        int head = ReadByte();
        ulong low = ReadVarint();
        uint high = (head & DecimalFormat.HasHigh) != 0 ? ReadFixed32() : 0;
        int scale = head & DecimalFormat.ScaleMask;
        if (scale > scaleMax || (head & DecimalFormat.Unused) != 0 || (high == 0) == ((head & DecimalFormat.HasHigh) != 0)) Fail("A decimal is malformed.");
        return new decimal((int)low, (int)(low >> 32), (int)high, (head & DecimalFormat.Negative) != 0, (byte)scale);
    }

    internal BigInteger ReadBigInteger()
    {
        int length = (int)ReadVarint((ulong)Remaining);
        return new BigInteger(ReadRaw(length));
    }

    internal Version ReadVersion()
    {
        int parts = ReadByte();
        if (parts is < 2 or > 4) Fail("A version has other than two to four parts.");
        int major = ReadVersionPart(), minor = ReadVersionPart();
        if (parts == 2) return new Version(major, minor);
        int build = ReadVersionPart();
        return parts == 3 ? new Version(major, minor, build) : new Version(major, minor, build, ReadVersionPart());
    }

    internal Uri ReadUri()
    {
        if (!Uri.TryCreate(ReadString(), UriKind.RelativeOrAbsolute, out Uri? value)) Fail("An address is malformed.");
        return value;
    }

    internal byte[]? ReadBytes()
    {
        int length = ReadCount();
        return length < 0 ? null : ReadRaw(length).ToArray();
    }

    internal string? ReadString()
    {
        int length = ReadCount();
        if (length <= 0) return length < 0 ? null : "";
        string? value = StringFormat.Decode(ReadRaw(length));
        if (value is null) Fail("A string is not UTF-8.");
        return value;
    }

    internal void ReadEmptyRow()
    {
        if (ReadByte() != 0) Fail("A row without members is not zero.");
    }

    int ReadVersionPart() => (int)ReadVarint(int.MaxValue);
}
