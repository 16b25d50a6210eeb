using System.Security.Cryptography;

namespace Millrace.Storage;

/// <summary>
/// Numbers and names that do not repeat: temporary names, marks of a writer, the jitter of retries. A seed makes the whole series, so a
/// simulation is repeatable; processes that share a store take theirs from the system. Thread-safe.
/// </summary>
/// <param name="seed">Where the series begins.</param>
public sealed class NonceSource(UInt128 seed)
{
    readonly ulong _high = (ulong)(seed >> 64);
    ulong _state = (ulong)seed;

    /// <summary>A series no other process has: seeded with 128 bits of the system's random source.</summary>
    public static NonceSource FromSystem()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new(System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(bytes));
    }

    /// <summary>The next number of the series; all 64 bits are evenly spread.</summary>
    public ulong Next() => Mix(Interlocked.Add(ref _state, 0x9E3779B97F4A7C15));

    /// <summary>The next number as a share of the whole: at least 0, less than 1.</summary>
    public double NextShare() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>The next name: 32 lower-case hexadecimal digits.</summary>
    public string NextName() => $"{Mix(Next() ^ _high):x16}{Next():x16}";

    // The finalizer of SplitMix64 (Steele, Lea and Flood, 2014): every bit of the counter changes every bit of the result.
    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
