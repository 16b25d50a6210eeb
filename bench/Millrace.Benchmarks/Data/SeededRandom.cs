namespace Millrace.Benchmarks.Data;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): the same numbers from the same seed on every machine and runtime.</summary>
/// <param name="seed">The seed.</param>
struct SeededRandom(ulong seed)
{
    ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>From zero to <paramref name="bound"/> minus one.</summary>
    public long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int other = (int)Below(i + 1);
            (items[i], items[other]) = (items[other], items[i]);
        }
    }
}
