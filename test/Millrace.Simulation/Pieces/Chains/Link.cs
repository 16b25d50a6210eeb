namespace Millrace.Simulation;

/// <summary>What goes from one operator of a chain to the next.</summary>
/// <param name="Number">What keys are made of.</param>
/// <param name="Value">Grows with the records behind it; one or more.</param>
/// <param name="At">Its event time.</param>
readonly record struct Link(int Number, long Value, Timestamp At)
{
    public static Link Of(Reading r) => new(r.Weight, r.Index + 1L, r.At);

    /// <summary>One of its own for each key and time, as far as there are numbers.</summary>
    public static int NumberOf(int key, Timestamp at) => (int)(((key * 31L) + (at.ToUnixMilliseconds() / 50)) % 97);

    /// <summary>One of two, whichever comes first.</summary>
    public static Link Merge(Link a, Link b) => new(Math.Max(a.Number, b.Number), a.Value + b.Value, a.At > b.At ? a.At : b.At);
}
