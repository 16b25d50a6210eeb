using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>All chance of a simulated world: one series from one seed. Used by one thread.</summary>
/// <param name="seed">Where the series begins.</param>
sealed class SimulatedChance(ulong seed)
{
    readonly NonceSource _series = new(seed);

    /// <summary>The next number; all 64 bits are evenly spread.</summary>
    public ulong Next() => _series.Next();

    /// <summary>A number from 0 to below <paramref name="bound"/>, which is one or more.</summary>
    public int Below(int bound) => (int)(((UInt128)Next() * (uint)bound) >> 64);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>True so many times in a thousand.</summary>
    public bool InThousand(int times) => Below(1_000) < times;

    /// <summary>A time, evenly spread.</summary>
    public TimeSpan Between(TimeSpan least, TimeSpan most) => least + TimeSpan.FromTicks((long)(((UInt128)Next() * (ulong)(most - least).Ticks) >> 64));

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>A series of its own, which goes on the same however often this one is asked.</summary>
    public SimulatedChance Fork() => new(Next());
}
