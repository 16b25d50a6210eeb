namespace Millrace.State.Expiry;

/// <summary>
/// The row of a key that has a list whose elements have stamps: what follows the chunks, and what is known of those. Only the tail is written
/// in snapshots; the rest is derived.
/// </summary>
struct ExpiringListRow<T>
{
    /// <summary>The number of the first chunk there may be.</summary>
    public int FirstChunk;

    /// <summary>The number of the next chunk.</summary>
    public int NextChunk;

    /// <summary>Elements in chunks, also those that are over.</summary>
    public int InChunks;

    /// <summary>Elements in the tail, also those that are over.</summary>
    public int InTail;

    /// <summary>No element has an earlier stamp.</summary>
    public long Oldest;

    /// <summary>
    /// The elements after the last chunk. They are only ever appended; to take some out or renew them a new array is made. So a copy of this row
    /// shows a consistent list whatever comes later.
    /// </summary>
    public Stamped<T>[]? Tail;

    /// <summary>All elements, also those that are over.</summary>
    public readonly int Count => InChunks + InTail;

    /// <summary>The elements of the tail.</summary>
    public readonly ReadOnlySpan<Stamped<T>> TailElements => Tail.AsSpan(0, InTail);
}

/// <summary>What is done with arrays of elements.</summary>
static class StampedElements
{
    /// <summary>How many elements are over.</summary>
    public static int Over<T>(ReadOnlySpan<Stamped<T>> elements, in TtlLimit limit)
    {
        int over = 0;
        foreach (ref readonly Stamped<T> element in elements)
        {
            if (limit.IsOver(element.Stamp)) over++;
        }

        return over;
    }

    /// <summary>A copy of the elements that are not over.</summary>
    /// <param name="elements">All elements.</param>
    /// <param name="over">How many are over.</param>
    /// <param name="limit">Says which.</param>
    public static Stamped<T>[] Without<T>(ReadOnlySpan<Stamped<T>> elements, int over, in TtlLimit limit)
    {
        var rest = new Stamped<T>[elements.Length - over];
        int at = 0;
        foreach (ref readonly Stamped<T> element in elements)
        {
            if (!limit.IsOver(element.Stamp)) rest[at++] = element;
        }

        return rest;
    }

    /// <summary>A copy of the elements, renewed.</summary>
    public static Stamped<T>[] Renewed<T>(ReadOnlySpan<Stamped<T>> elements, RowTtl ttl)
    {
        Stamped<T>[] renewed = elements.ToArray();
        foreach (ref Stamped<T> element in renewed.AsSpan()) element.Stamp = ttl.Renewed(element.Stamp);
        return renewed;
    }

    /// <summary>The earliest stamp, or a bound if that is earlier.</summary>
    public static long Oldest<T>(ReadOnlySpan<Stamped<T>> elements, long bound)
    {
        foreach (ref readonly Stamped<T> element in elements) bound = Math.Min(bound, element.Stamp);
        return bound;
    }
}
