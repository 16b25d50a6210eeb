using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>Captured rows of one kind, part of a run. Used by one thread at a time.</summary>
abstract class RunPart : IDisposable
{
    /// <summary>How many rows there are.</summary>
    public abstract int Count { get; }

    /// <summary>Lists the rows: the hash above, counted from the start of the range, and the number of the row below.</summary>
    /// <param name="order">Receives one entry per row.</param>
    /// <param name="start">The first hash of the range.</param>
    /// <param name="first">The number of the first row.</param>
    public abstract void List(Span<ulong> order, uint start, int first);

    /// <summary>Encodes rows, as many as a batch takes, up to the first that is of another part.</summary>
    /// <param name="order">The rows; the first is of this part.</param>
    /// <param name="batch">Empty; receives them.</param>
    /// <returns>How many; at least one.</returns>
    public abstract int Encode(in RowOrder order, RowBatch batch);

    /// <summary>Gives the memory back. Idempotent.</summary>
    public abstract void Dispose();
}

/// <summary>Rows that are copies of slots.</summary>
sealed class SlotPart<TKey, TValue>(string name, RowPages<TableSlot<TKey, TValue>> pages, RowFormat<TKey, TValue> format, bool areMarks) : RunPart
{
    public override int Count { get; } = pages.Count;

    public override void List(Span<ulong> order, uint start, int first)
    {
        int at = 0;
        for (int number = 0; number < pages.PageCount; number++)
        {
            Span<TableSlot<TKey, TValue>> page = pages.Page(number);
            if (format.HasKeyHash)
            {
                foreach (ref TableSlot<TKey, TValue> slot in page) order[at] = Entry(slot.Hash - start, first + at++);
            }
            else
            {
                foreach (ref TableSlot<TKey, TValue> slot in page) order[at] = Entry(format.HashOf(slot.Hash, slot.Key) - start, first + at++);
            }
        }
    }

    public override int Encode(in RowOrder order, RowBatch batch)
    {
        int count = format.Encode(name, pages, order, batch);
        batch.Close(count, areMarks);
        return count;
    }

    public override void Dispose() => pages.Dispose();

    static ulong Entry(uint hash, int number) => ((ulong)hash << 32) | (uint)number;
}

/// <summary>Rows that were encoded when they were captured.</summary>
sealed class EncodedPart(EncodedRows rows, bool areMarks) : RunPart
{
    public override int Count { get; } = rows.Count;

    public override void List(Span<ulong> order, uint start, int first)
    {
        for (int i = 0; i < order.Length; i++) order[i] = ((ulong)(rows[i].Hash - start) << 32) | (uint)(first + i);
    }

    public override int Encode(in RowOrder order, RowBatch batch)
    {
        Span<PackedRow> packed = batch.Open();
        int i = 0;
        for (; i < packed.Length && i < order.Entries.Length && batch.Bytes.Length < RowBatch.BytesMax; i++)
        {
            uint index = order.RowAt(i);
            if (index >= (uint)Count) break;
            EncodedRow row = rows[(int)index];
            ReadOnlySpan<byte> bytes = rows.BytesOf(row);
            int start = batch.Bytes.Length;
            bytes.CopyTo(batch.Bytes.GetSpan(bytes.Length));
            batch.Bytes.Advance(bytes.Length);
            packed[i] = new(row.Hash, start, start + row.KeyEnd - row.Start, start + row.SubEnd - row.Start, start + bytes.Length);
        }

        batch.Close(i, areMarks);
        return i;
    }

    public override void Dispose() => rows.Dispose();
}
