namespace Millrace.Testing.Simulation;

/// <summary>What happened in a simulated world, in order: a hash of all of it, and the text if it was asked for. Used by one thread.</summary>
/// <param name="write">Where lines go; null to keep the hash alone.</param>
sealed class EventTrace(Action<string>? write)
{
    const ulong Prime = 0x100000001B3;
    ulong _hash = 0xCBF29CE484222325;

    /// <summary>Sixteen hexadecimal digits (FNV-1a, 64 bits) of all events so far.</summary>
    public string Hash => $"{_hash:x16}";

    /// <summary>How many events there were.</summary>
    public long Count { get; private set; }

    /// <summary>Something happened.</summary>
    /// <param name="ticks">When, in 100 ns since the world began.</param>
    /// <param name="who">The node; empty for the world.</param>
    /// <param name="what">What.</param>
    public void Add(long ticks, string who, string what)
    {
        Count++;
        Mix((ulong)ticks);
        Mix(who);
        Mix(what);
        write?.Invoke(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ticks / 10_000.0,12:0.000} ms  {who,-6} {what}"));
    }

    void Mix(ulong value) => _hash = (_hash ^ value) * Prime;

    void Mix(string text)
    {
        foreach (char c in text) Mix((ulong)c);
    }
}
