namespace Millrace;

/// <summary>
/// What a generator makes a record from: the index, and chance that depends on the index and the seed alone. A value of its own per
/// record: drawing changes it, so pass it by reference to helpers that draw.
/// </summary>
/// <remarks>The draws are SplitMix64 (Steele, Lea and Flood, 2014): stable over versions and machines, not for secrets.</remarks>
public struct GeneratorRecord
{
    const ulong Golden = 0x9E3779B97F4A7C15;
    ulong _state;

    internal GeneratorRecord(long seed, long index)
    {
        Index = index;
        // Mixed once, so that neighbouring indexes do not draw overlapping runs of one sequence.
        _state = Mix(Mix((ulong)seed + Golden) ^ ((ulong)index * 0xD1342543DE82EF95));
    }

    /// <summary>The index of the record, from zero.</summary>
    public long Index { get; }

    /// <summary>The next 64 bits of chance.</summary>
    public ulong NextUInt64() => Mix(_state += Golden);

    /// <summary>A number from zero to below <paramref name="end"/>, all equally likely.</summary>
    /// <param name="end">One or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> is less than one.</exception>
    public long NextInt64(long end)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(end, 1);
        // The bias of a 128-bit product is below end / 2^64: no draw is ever repeated, so each costs the same.
        return (long)Math.BigMul(NextUInt64(), (ulong)end, out _);
    }

    /// <summary>A number from zero to below <paramref name="end"/>, all equally likely.</summary>
    /// <param name="end">One or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="end"/> is less than one.</exception>
    public int NextInt32(int end) => (int)NextInt64(end);

    /// <summary>A number from zero to below one.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
