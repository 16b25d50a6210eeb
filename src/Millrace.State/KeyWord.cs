using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.State;

/// <summary>
/// The canonical 64-bit word of every scalar key type: equal values have equal words. Up to 64 bits of value are the
/// word itself, longer values are folded. Compiled composite keys find these overloads by their parameter type.
/// </summary>
internal static class KeyWord
{
    const ulong OneNaN = 0x7ff8_0000_0000_0000;

    public static ulong Of(bool value) => value ? 1UL : 0UL;
    public static ulong Of(sbyte value) => (ulong)value;
    public static ulong Of(byte value) => value;
    public static ulong Of(short value) => (ulong)value;
    public static ulong Of(ushort value) => value;
    public static ulong Of(char value) => value;
    public static ulong Of(Rune value) => (ulong)value.Value;
    public static ulong Of(int value) => (ulong)value;
    public static ulong Of(uint value) => value;
    public static ulong Of(long value) => (ulong)value;
    public static ulong Of(ulong value) => value;
    public static ulong Of(Int128 value) => Of((UInt128)value);
    public static ulong Of(UInt128 value) => KeyHash.Fold((ulong)(value >> 64), (ulong)value);
    public static ulong Of(Half value) => Of((double)value);
    public static ulong Of(float value) => Of((double)value);
    public static ulong Of(Timestamp value) => (ulong)value.Ticks;
    public static ulong Of(TimeSpan value) => (ulong)value.Ticks;
    public static ulong Of(DateOnly value) => (ulong)value.DayNumber;
    public static ulong Of(TimeOnly value) => (ulong)value.Ticks;

    /// <summary>Ticks only: <see cref="DateTime"/> compares without its kind.</summary>
    public static ulong Of(DateTime value) => (ulong)value.Ticks;

    /// <summary>Ticks in UTC: <see cref="DateTimeOffset"/> compares instants.</summary>
    public static ulong Of(DateTimeOffset value) => (ulong)value.UtcTicks;

    /// <summary>The bits, with one zero and one NaN, as <see cref="double.Equals(double)"/> has them.</summary>
    public static ulong Of(double value)
    {
        if (double.IsNaN(value)) return OneNaN;
        return value == 0 ? 0 : BitConverter.DoubleToUInt64Bits(value);
    }

    /// <summary>Coefficient, scale and sign after removing trailing zeros, because 1.0m equals 1.00m.</summary>
    public static ulong Of(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        ulong low = (uint)bits[0] | ((ulong)(uint)bits[1] << 32);
        uint high = (uint)bits[2];
        if ((low | high) == 0) return KeyHash.Fold(0, 0);
        int scale = (bits[3] >> 16) & 0xff;
        ulong sign = (ulong)(uint)bits[3] >> 31;
        if (high == 0) StripZeros(ref low, ref scale);
        else StripZeros(ref low, ref high, ref scale);
        return KeyHash.Fold(high | ((ulong)(uint)scale << 32) | (sign << 63), low);
    }

    /// <summary>The 16 bytes of <see cref="Guid.ToByteArray()"/> as two little-endian words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(Guid value)
    {
        if (!BitConverter.IsLittleEndian) return OfGuidBytes(value);
        ref ulong words = ref Unsafe.As<Guid, ulong>(ref value);
        return KeyHash.Fold(Unsafe.Add(ref words, 1), words);
    }

    /// <summary>The word of a string member; a null member is <see cref="KeyHash.NullWord"/>.</summary>
    public static ulong Of(string? value) => value is null ? KeyHash.NullWord : Of(value.AsSpan());

    /// <summary>
    /// The word of UTF-16 code units: wyhash's loop (final version 4, Wang Yi, public domain) over 64-bit words of four code
    /// units, first unit lowest. The last words overlap what came before instead of being padded; the length is in the seed.
    /// </summary>
    public static ulong Of(ReadOnlySpan<char> text)
    {
        ref char unit = ref MemoryMarshal.GetReference(text);
        int length = text.Length;
        ulong state = KeyHash.Seed ^ ((ulong)length * KeyHash.SecretLength);
        if (length < 8) return Short(ref unit, length, state);
        int at = 0;
        for (; length - at > 8; at += 8)
        {
            state = KeyHash.Multiply(Four(ref unit, at) ^ KeyHash.SecretLeft, Four(ref unit, at + 4) ^ state);
        }

        return KeyHash.Multiply(Four(ref unit, length - 8) ^ KeyHash.SecretLeft, Four(ref unit, length - 4) ^ state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Short(ref char unit, int length, ulong state)
    {
        ulong left = 0, right = 0;
        if (length >= 4)
        {
            left = Four(ref unit, 0);
            right = Four(ref unit, length - 4);
        }
        else if (length > 0)
        {
            left = unit | ((ulong)Unsafe.Add(ref unit, length >> 1) << 16) | ((ulong)Unsafe.Add(ref unit, length - 1) << 32);
        }

        return KeyHash.Multiply(left ^ KeyHash.SecretLeft, right ^ state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Four(ref char unit, int at)
    {
        ref char first = ref Unsafe.Add(ref unit, at);
        if (BitConverter.IsLittleEndian) return Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<char, byte>(ref first));
        return first | ((ulong)Unsafe.Add(ref first, 1) << 16) | ((ulong)Unsafe.Add(ref first, 2) << 32) | ((ulong)Unsafe.Add(ref first, 3) << 48);
    }

    static ulong OfGuidBytes(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes);
        ulong low = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return KeyHash.Fold(System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), low);
    }

    static void StripZeros(ref ulong coefficient, ref int scale)
    {
        // An odd number has no zero at its end; that saves half of all divisions.
        while (scale > 0 && (coefficient & 1) == 0)
        {
            (ulong quotient, ulong digit) = Math.DivRem(coefficient, 10);
            if (digit != 0) return;
            coefficient = quotient;
            scale--;
        }
    }

    static void StripZeros(ref ulong low, ref uint high, ref int scale)
    {
        UInt128 coefficient = new(high, low);
        while (scale > 0)
        {
            (UInt128 quotient, UInt128 digit) = UInt128.DivRem(coefficient, 10);
            if (digit != UInt128.Zero) break;
            coefficient = quotient;
            scale--;
        }

        low = (ulong)coefficient;
        high = (uint)(coefficient >> 64);
    }
}
