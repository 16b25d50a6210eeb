using System.Numerics;

namespace Millrace.State.Tables;

/// <summary>
/// Sorts 64-bit entries by some of their bits; entries equal in these keep their order. Few are sorted digit by digit, lowest first. Many are dealt by their
/// highest bits first, into heaps that the near caches hold: entries that come nearly in order, as those of a table do, are then never far from where they go.
/// </summary>
static class RadixSort
{
    const int DigitBits = 11;

    /// <summary>Entries of a heap, as a power of two: enough for what is done once per heap to vanish.</summary>
    const int HeapBits = 10;

    /// <summary>Entries that the near caches do not hold twice.</summary>
    const int ManyMin = 1 << 15;

    /// <summary>Sorts.</summary>
    /// <param name="items">The entries; used up.</param>
    /// <param name="other">As much room again.</param>
    /// <param name="count">How many entries there are.</param>
    /// <param name="shift">The lowest bit to sort by.</param>
    /// <param name="bits">How many bits to sort by: 1 to 32.</param>
    /// <returns>Whether the result is in <paramref name="other"/>.</returns>
    public static bool Sort(ulong[] items, ulong[] other, int count, int shift, int bits)
    {
        Span<ulong> from = items.AsSpan(0, count), to = other.AsSpan(0, count);
        int top = Math.Min(Math.Min(DigitBits, bits - 1), BitOperations.Log2((uint)count | 1) - HeapBits);
        Span<int> digits = stackalloc int[4 << DigitBits];
        if (count < ManyMin || top < 1) return SortDigits(from, to, shift, bits, digits);

        Span<int> ends = stackalloc int[1 << DigitBits];
        Deal(from, to, shift + bits - top, top, ends);
        bool isBack = false;
        for (int heap = 0, start = 0; heap < 1 << top; start = ends[heap++])
        {
            // As many digits for each heap, so all results are in the same array.
            isBack = SortDigits(to[start..ends[heap]], from[start..ends[heap]], shift, bits - top, digits);
        }

        return !isBack;
    }

    /// <returns>Whether the result is in the room.</returns>
    static bool SortDigits(Span<ulong> items, Span<ulong> room, int shift, int bits, Span<int> counts)
    {
        int digits = (bits + DigitBits - 1) / DigitBits;
        int width = (bits + digits - 1) / digits, values = 1 << width;
        // Counted in one go, so that the entries are read once less per digit.
        Span<int> all = counts[..(digits * values)];
        all.Clear();
        foreach (ulong item in items)
        {
            for (int digit = 0; digit < digits; digit++) all[(digit * values) + DigitOf(item, shift + (digit * width), values)]++;
        }

        bool isInRoom = false;
        for (int digit = 0; digit < digits; digit++, shift += width)
        {
            Span<int> starts = all.Slice(digit * values, values);
            int sum = 0;
            foreach (ref int start in starts) (start, sum) = (sum, sum + start);
            Span<ulong> from = isInRoom ? room : items, to = isInRoom ? items : room;
            foreach (ulong item in from) to[starts[DigitOf(item, shift, values)]++] = item;
            isInRoom = !isInRoom;
        }

        return isInRoom;
    }

    /// <summary>Deals entries by some bits.</summary>
    /// <param name="items">The entries.</param>
    /// <param name="to">Receives them.</param>
    /// <param name="shift">The lowest bit.</param>
    /// <param name="bits">How many bits.</param>
    /// <param name="ends">Receives where each heap ends.</param>
    static void Deal(ReadOnlySpan<ulong> items, Span<ulong> to, int shift, int bits, Span<int> ends)
    {
        int values = 1 << bits;
        Span<int> next = ends[..values];
        next.Clear();
        foreach (ulong item in items) next[DigitOf(item, shift, values)]++;
        int sum = 0;
        foreach (ref int start in next) (start, sum) = (sum, sum + start);
        foreach (ulong item in items) to[next[DigitOf(item, shift, values)]++] = item;
    }

    static int DigitOf(ulong item, int shift, int values) => (int)(item >> shift) & (values - 1);
}
