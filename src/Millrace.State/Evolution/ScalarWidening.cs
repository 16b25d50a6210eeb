using System.Numerics;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Which scalars hold every value of another exactly, and which of them keep the hash of a key.</summary>
internal static class ScalarWidening
{
    // Bits of the value, and whether there is one for the sign besides.
    static readonly Dictionary<string, (int Bits, bool IsSigned)> s_integers = new(StringComparer.Ordinal)
    {
        ["int8"] = (7, true), ["int16"] = (15, true), ["int32"] = (31, true), ["int64"] = (63, true), ["int128"] = (127, true),
        ["uint8"] = (8, false), ["uint16"] = (16, false), ["uint32"] = (32, false), ["uint64"] = (64, false), ["uint128"] = (128, false),
    };

    // Bits up to which every integer is exact.
    static readonly Dictionary<string, int> s_floats = new(StringComparer.Ordinal) { ["float16"] = 11, ["float32"] = 24, ["float64"] = 53 };

    static readonly Dictionary<string, Type> s_types = new Type[]
    {
        typeof(sbyte), typeof(short), typeof(int), typeof(long), typeof(Int128), typeof(byte), typeof(ushort), typeof(uint), typeof(ulong), typeof(UInt128),
        typeof(Half), typeof(float), typeof(double), typeof(decimal), typeof(BigInteger),
    }.ToDictionary(static t => ScalarEncoding.Find(t)!.Name, StringComparer.Ordinal);

    /// <summary>The numbers, as they are called in schemas.</summary>
    public static IReadOnlyCollection<string> Numbers => s_types.Keys;

    /// <summary>The type that reads a number; null for other scalars.</summary>
    public static Type? TypeOf(string name) => s_types.GetValueOrDefault(name);

    /// <summary>Whether every value of a scalar is one of another.</summary>
    public static bool IsExact(string from, string to)
    {
        if (s_floats.TryGetValue(from, out int precision)) return s_floats.TryGetValue(to, out int wider) && wider > precision;
        if (!s_integers.TryGetValue(from, out (int Bits, bool IsSigned) number)) return false;
        if (s_integers.TryGetValue(to, out (int Bits, bool IsSigned) integer)) return integer.Bits > number.Bits && (integer.IsSigned || !number.IsSigned);
        if (s_floats.TryGetValue(to, out precision)) return number.Bits <= precision;
        return to == "biginteger" || (to == "decimal" && number.Bits <= 64);
    }

    /// <summary>Whether equal numbers of both have the same hash: integers of up to 64 bits have, and floating-point numbers.</summary>
    public static bool KeepsHash(string from, string to)
    {
        if (s_floats.ContainsKey(from)) return s_floats.ContainsKey(to);
        return s_integers.TryGetValue(from, out (int Bits, bool IsSigned) a) && s_integers.TryGetValue(to, out (int Bits, bool IsSigned) b) && a.Bits <= 64 && b.Bits <= 64;
    }
}
