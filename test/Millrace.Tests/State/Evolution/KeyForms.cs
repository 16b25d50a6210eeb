using System.Globalization;

namespace Millrace.Tests.State.Evolution;

/// <summary>Keys, each in a form before and several after changes, and values that are close to each other.</summary>
static class KeyForms
{
    internal enum Level : byte { Low = 1, Middle = 2, High = 3 }

    internal readonly record struct Key<TA, TB, TC>(TA A, TB B, TC C);

    internal static class Wider
    {
        internal enum Level : short { Low = 1, [FormerName("Middle")] Mean = 2, High = 3, Highest = 4 }
    }

    internal static class Moved
    {
        internal enum Level : byte { Low = 11, Middle = 2, High = 3 }
    }

    internal static class Merged
    {
        internal enum Level : byte { Low = 1, [FormerName("Middle")] High = 3 }
    }

    internal static class Reordered
    {
        internal readonly record struct Key<TA, TB, TC>(TC C, TA A, TB B);
    }

    internal static class Renamed
    {
        internal readonly record struct Key<TA, TB, TC>(TA A, [FormerName("B")] TB Bb, TC C);
    }

    internal static class OtherOrder
    {
        internal readonly record struct Key<TA, TB, TC>(TA A, [FormerName("B")] TB D, TC C);
    }

    internal static class AsClass
    {
        internal sealed record Key<TA, TB, TC>([FormerName("A")] TA Aa, TC C, TB B);
    }

    internal static class More
    {
        internal readonly record struct Key<TA, TB, TC>(TA A, TB B, TC C, int D = 5);
    }

    internal static class Fewer
    {
        // The third stays an argument, so that the type is made as the others are.
        internal readonly record struct Key<TA, TB, TC>(TA A, TB B);
    }

    internal static class Derived
    {
        internal abstract record Base<TC>(TC C);

        internal sealed record Key<TA, TB, TC>(TA A, TC C, TB B) : Base<TC>(C);
    }

    /// <summary>A number: often small, or one of the ends, so that other types have it too.</summary>
    public static object Number(Type type, Random random)
    {
        if (type == typeof(Half)) return (Half)Floating(random);
        if (type == typeof(float)) return (float)Floating(random);
        if (type == typeof(double)) return random.Next(8) == 0 ? random.NextDouble() : Floating(random);
        if (type == typeof(decimal)) return random.Next(-3, 4) * (random.Next(2) == 0 ? 1m : 1.10m);
        (Int128 least, Int128 most) = Ends(type);
        Int128 number = random.Next(4) switch
        {
            0 => random.Next(2) == 0 ? least : most,
            1 => most >> random.Next(1, 127),
            _ => random.Next(-3, 4),
        };
        return Integer(type, Int128.Clamp(number, least, most));
    }

    /// <summary>Something that is not a number.</summary>
    public static object Other(Type type, Random random) => type switch
    {
        _ when type == typeof(bool) => random.Next(2) == 0,
        _ when type == typeof(char) => (char)random.Next('a', 'e'),
        // Half of a surrogate pair is a text like any other.
        _ when type == typeof(string) => random.Next(4) switch { 0 => "", 1 => $"{(char)(0xd800 + random.Next(3))}", 2 => "é", _ => new string('x', random.Next(20)) },
        _ when type == typeof(Guid) => new Guid(random.Next(3), 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)random.Next(3)),
        _ when type == typeof(DateTime) => new DateTime(random.Next(5), (DateTimeKind)random.Next(3)),
        _ when type == typeof(DateTimeOffset) => new DateTimeOffset(DateTime.UnixEpoch.Ticks + random.Next(3), TimeSpan.FromHours(random.Next(3))),
        _ when type == typeof(TimeSpan) => new TimeSpan(random.Next(-3, 4)),
        _ when type == typeof(DateOnly) => DateOnly.FromDayNumber(random.Next(5)),
        _ when type == typeof(TimeOnly) => new TimeOnly(random.Next(5)),
        _ => new Timestamp(random.Next(-3, 4)),
    };

    static double Floating(Random random) => random.Next(8) switch
    {
        0 => double.NaN,
        1 => -0.0,
        2 => double.PositiveInfinity,
        3 => BitConverter.Int64BitsToDouble(0x7ff8_0000_0000_0001 + random.Next(3)),
        _ => random.Next(-3, 4) / 4.0,
    };

    // The upper half of unsigned numbers of 128 bits is left out: what is compared here is within the range of all.
    static (Int128 Least, Int128 Most) Ends(Type type) => type switch
    {
        _ when type == typeof(sbyte) => (sbyte.MinValue, sbyte.MaxValue),
        _ when type == typeof(byte) => (0, byte.MaxValue),
        _ when type == typeof(short) => (short.MinValue, short.MaxValue),
        _ when type == typeof(ushort) => (0, ushort.MaxValue),
        _ when type == typeof(int) => (int.MinValue, int.MaxValue),
        _ when type == typeof(uint) => (0, uint.MaxValue),
        _ when type == typeof(long) => (long.MinValue, long.MaxValue),
        _ when type == typeof(ulong) => (0, ulong.MaxValue),
        _ when type == typeof(UInt128) => (0, Int128.MaxValue),
        _ => (Int128.MinValue, Int128.MaxValue),
    };

    static object Integer(Type type, Int128 number) => type switch
    {
        _ when type == typeof(Int128) => number,
        _ when type == typeof(UInt128) => (UInt128)number,
        _ => Convert.ChangeType((decimal)number, type, CultureInfo.InvariantCulture),
    };
}
