using System.Buffers;
using System.Numerics;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>The captured rows of one slice of one state.</summary>
/// <param name="parts">Marks of deletion and rows, owned.</param>
sealed class TableRun(RunPart[] parts) : CapturedRun
{
    const int AheadRows = 12;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(IRunWriter writer, CancellationToken cancellationToken)
    {
        int count = parts.Sum(p => p.Count);
        ulong[] order = ArrayPool<ulong>.Shared.Rent(count);
        ulong[] other = ArrayPool<ulong>.Shared.Rent(count);
        try
        {
            bool isInOther = Sort(order, other, count);
            using ByteBuffer scratch = new();
            for (int at = 0; at < count;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                at = WriteSome(isInOther ? other : order, at, count, scratch, writer);
                if (writer.NeedsFlush) await writer.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(order);
            ArrayPool<ulong>.Shared.Return(other);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (RunPart part in parts) part.Dispose();
    }

    bool Sort(ulong[] order, ulong[] other, int count)
    {
        int first = 0;
        foreach (RunPart part in parts)
        {
            part.List(order.AsSpan(first, part.Count), (uint)Range.Start, first);
            first += part.Count;
        }

        int bits = Range.Size <= 1 ? 1 : 64 - BitOperations.LeadingZeroCount((ulong)Range.Size - 1);
        return RadixSort.Sort(order, other, count, shift: 32, bits);
    }

    int WriteSome(ulong[] order, int at, int count, ByteBuffer scratch, IRunWriter writer)
    {
        for (; at < count && !writer.NeedsFlush; at++)
        {
            // Rows lie in the order of the table, so nearly every one is a cache miss unless it is asked for ahead of time.
            if (at + AheadRows < count)
            {
                RunPart soon = PartOf((uint)order[at + AheadRows], out int ahead);
                soon.Prefetch(ahead);
            }

            PartOf((uint)order[at], out int index).Write(index, scratch, writer);
        }

        return at;
    }

    RunPart PartOf(uint row, out int index)
    {
        index = (int)row;
        int part = 0;
        while (index >= parts[part].Count) index -= parts[part++].Count;
        return parts[part];
    }
}

/// <summary>Sorts 64-bit entries by some of their bits, digit by digit, lowest first; entries equal in these keep their order.</summary>
static class RadixSort
{
    const int DigitBits = 11, Digits = 1 << DigitBits;

    /// <summary>Sorts.</summary>
    /// <param name="items">The entries; used up.</param>
    /// <param name="other">As much room again.</param>
    /// <param name="count">How many entries there are.</param>
    /// <param name="shift">The lowest bit to sort by.</param>
    /// <param name="bits">How many bits to sort by.</param>
    /// <returns>Whether the result is in <paramref name="other"/>.</returns>
    public static bool Sort(ulong[] items, ulong[] other, int count, int shift, int bits)
    {
        int end = shift + bits;
        bool isInOther = false;
        Span<int> starts = stackalloc int[Digits];
        for (; shift < end; shift += DigitBits)
        {
            Span<ulong> from = (isInOther ? other : items).AsSpan(0, count);
            Span<ulong> to = (isInOther ? items : other).AsSpan(0, count);
            starts.Clear();
            foreach (ulong item in from) starts[(int)(item >> shift) & (Digits - 1)]++;
            int sum = 0;
            foreach (ref int start in starts) (start, sum) = (sum, sum + start);
            foreach (ulong item in from) to[starts[(int)(item >> shift) & (Digits - 1)]++] = item;
            isInOther = !isInOther;
        }

        return isInOther;
    }
}
