using System.Buffers;
using System.Numerics;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>The captured rows of one slice of one state.</summary>
/// <param name="parts">Marks of deletion and rows, owned.</param>
sealed class TableRun(RunPart[] parts) : CapturedRun
{
    /// <inheritdoc/>
    public override async ValueTask WriteAsync(IRunWriter writer, CancellationToken cancellationToken)
    {
        int count = parts.Sum(p => p.Count);
        ulong[] order = ArrayPool<ulong>.Shared.Rent(count);
        ulong[] other = ArrayPool<ulong>.Shared.Rent(count);
        try
        {
            ulong[] sorted = Sort(order, other, count) ? other : order;
            using RowBatch batch = new();
            for (int at = 0; at < count || !batch.IsEmpty;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                at = WriteSome(sorted.AsSpan(0, count), at, batch, writer);
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

    int WriteSome(ReadOnlySpan<ulong> order, int at, RowBatch batch, IRunWriter writer)
    {
        while (!writer.NeedsFlush)
        {
            if (batch.IsEmpty)
            {
                if (at == order.Length) break;
                RunPart part = PartOf((uint)order[at], out uint first);
                at += part.Encode(new(order[at..], (uint)Range.Start, first), batch);
            }

            batch.WriteTo(writer);
        }

        return at;
    }

    RunPart PartOf(uint row, out uint first)
    {
        int part = 0;
        for (first = 0; row - first >= (uint)parts[part].Count; part++) first += (uint)parts[part].Count;
        return parts[part];
    }
}
