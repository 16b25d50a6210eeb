using System.Globalization;

namespace Millrace.State;

/// <summary>
/// A contiguous slice of the 32-bit key-hash space, from <see cref="Start"/> up to but not including <see cref="End"/>.
/// Instance i of p owns <c>Of(i, p)</c>; the slices of all instances cover the space exactly once. The default value is empty.
/// </summary>
public readonly record struct KeyRange
{
    /// <summary>The number of hashes in the whole space, and the end of the last slice: 2^32.</summary>
    public const long SpaceSize = 1L << 32;

    /// <summary>The whole space: what the only instance owns.</summary>
    public static readonly KeyRange Full = new(0, SpaceSize);

    /// <summary>Makes the slice from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    /// <param name="start">The first hash of the slice: 0 to 2^32, at most <paramref name="end"/>.</param>
    /// <param name="end">One more than the last hash of the slice: 0 to 2^32.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is outside the space, or the start is after the end.</exception>
    public KeyRange(long start, long end)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, SpaceSize);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, end);
        // One empty range, so that equality of ranges is equality of the hashes in them.
        if (start == end) return;
        Start = start;
        End = end;
    }

    /// <summary>The first hash of the slice: 0 to 2^32 - 1; zero when the slice is empty.</summary>
    public long Start { get; }

    /// <summary>One more than the last hash of the slice: 1 to 2^32; zero when the slice is empty.</summary>
    public long End { get; }

    /// <summary>How many hashes the slice has: 0 to 2^32.</summary>
    public long Size => End - Start;

    /// <summary>Whether the slice has no hash at all.</summary>
    public bool IsEmpty => End == Start;

    /// <summary>The slice that one instance owns. Sizes of slices differ by at most one hash.</summary>
    /// <param name="index">The instance: 0 to <paramref name="parallelism"/> - 1.</param>
    /// <param name="parallelism">The number of instances; at least 1.</param>
    /// <returns>Exactly the hashes for which <see cref="InstanceOf"/> gives <paramref name="index"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The parallelism is below 1, or there is no such instance.</exception>
    public static KeyRange Of(int index, int parallelism)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, parallelism);
        return new KeyRange(FirstHashOf(index, parallelism), FirstHashOf(index + 1L, parallelism));
    }

    /// <summary>The instance that owns a hash. Costs one multiplication; the arguments are not checked.</summary>
    /// <param name="hash">Any hash.</param>
    /// <param name="parallelism">The number of instances; at least 1, or the result means nothing.</param>
    /// <returns>0 to <paramref name="parallelism"/> - 1.</returns>
    public static int InstanceOf(uint hash, int parallelism) => (int)(((ulong)hash * (uint)parallelism) >> 32);

    /// <summary>Whether the slice has this hash.</summary>
    /// <param name="hash">Any hash.</param>
    /// <returns>True from <see cref="Start"/> up to but not including <see cref="End"/>.</returns>
    public bool Contains(uint hash) => hash >= Start && hash < End;

    /// <summary>Whether the slice has every hash of another one. Every slice contains the empty one.</summary>
    /// <param name="other">Any slice.</param>
    /// <returns>True when <paramref name="other"/> lies within this slice.</returns>
    public bool Contains(KeyRange other) => other.IsEmpty || (other.Start >= Start && other.End <= End);

    /// <summary>The hashes that two slices share.</summary>
    /// <param name="other">Any slice.</param>
    /// <returns>A slice; empty when nothing is shared.</returns>
    public KeyRange Intersect(KeyRange other)
    {
        long start = Math.Max(Start, other.Start);
        long end = Math.Min(End, other.End);
        return start < end ? new KeyRange(start, end) : default;
    }

    /// <summary>The slice as text, for manifests, logs and errors: nine hexadecimal digits each, for example
    /// <c>[000000000..080000000)</c>.</summary>
    /// <returns>Text that <see cref="TryParse"/> reads.</returns>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"[{Start:x9}..{End:x9})");

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    /// <param name="text">The text.</param>
    /// <param name="range">The slice, or the empty one when the text is not a slice.</param>
    /// <returns>Whether the text is a slice.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out KeyRange range)
    {
        range = default;
        if (text.Length != 22 || text[0] != '[' || text[21] != ')' || !text.Slice(10, 2).SequenceEqual("..")) return false;
        if (!TryParseBound(text.Slice(1, 9), out long start) || !TryParseBound(text.Slice(12, 9), out long end)) return false;
        if (end > SpaceSize || start > end) return false;
        range = new KeyRange(start, end);
        return true;
    }

    static bool TryParseBound(ReadOnlySpan<char> digits, out long bound) =>
        long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bound);

    // The smallest hash h with floor(h * p / 2^32) = i, which is i * 2^32 / p rounded up. At most 2^63 - 2^32 before rounding.
    static long FirstHashOf(long index, int parallelism)
    {
        ulong scaled = (ulong)index << 32;
        return (long)((scaled + (uint)parallelism - 1) / (uint)parallelism);
    }
}
