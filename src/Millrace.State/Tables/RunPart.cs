using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Millrace.State.Codecs;
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

    /// <summary>Asks the memory for a row that is written soon.</summary>
    public abstract void Prefetch(int index);

    /// <summary>Encodes a row and writes it.</summary>
    /// <param name="index">The row.</param>
    /// <param name="scratch">Where it is encoded.</param>
    /// <param name="writer">Receives it.</param>
    public abstract void Write(int index, ByteBuffer scratch, IRunWriter writer);

    /// <summary>Gives the memory back. Idempotent.</summary>
    public abstract void Dispose();
}

/// <summary>Rows that are copies of slots.</summary>
sealed class SlotPart<TKey, TValue>(string name, RowPages<TableSlot<TKey, TValue>> pages, RowFormat<TKey, TValue> format, bool areMarks) : RunPart
{
    public override int Count { get; } = pages.Count;

    public override void List(Span<ulong> order, uint start, int first)
    {
        for (int i = 0; i < order.Length; i++)
        {
            ref TableSlot<TKey, TValue> slot = ref pages[i];
            order[i] = ((ulong)(format.HashOf(slot.Hash, slot.Key) - start) << 32) | (uint)(first + i);
        }
    }

    public override unsafe void Prefetch(int index)
    {
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref pages[index]));
    }

    public override void Write(int index, ByteBuffer scratch, IRunWriter writer)
    {
        ref TableSlot<TKey, TValue> slot = ref pages[index];
        scratch.Clear();
        CodecWriter row = new(scratch);
        int keyEnd, subEnd;
        try
        {
            format.WriteKey(ref row, slot.Key);
            keyEnd = scratch.Length + row.Pending;
            format.WriteSub(ref row, slot.Key, pages.TagOf(index));
            subEnd = scratch.Length + row.Pending;
            format.WriteValue(ref row, in slot.Value);
            row.Flush();
        }
        catch (UnencodableValueException e)
        {
            throw new UnencodableValueException($"The state '{name}' of the key {slot.Key} cannot be stored: {e.Message}");
        }

        uint hash = format.HashOf(slot.Hash, slot.Key);
        ReadOnlySpan<byte> bytes = scratch.Written;
        if (areMarks) writer.AddDeleted(hash, bytes[..keyEnd], bytes[keyEnd..subEnd]);
        else writer.Add(hash, bytes[..keyEnd], bytes[keyEnd..subEnd], bytes[subEnd..]);
    }

    public override void Dispose() => pages.Dispose();
}

/// <summary>Rows that were encoded when they were captured.</summary>
sealed class EncodedPart(EncodedRows rows, bool areMarks) : RunPart
{
    public override int Count { get; } = rows.Count;

    public override void List(Span<ulong> order, uint start, int first)
    {
        for (int i = 0; i < order.Length; i++) order[i] = ((ulong)(rows[i].Hash - start) << 32) | (uint)(first + i);
    }

    public override void Prefetch(int index)
    {
    }

    public override void Write(int index, ByteBuffer scratch, IRunWriter writer)
    {
        EncodedRow row = rows[index];
        ReadOnlySpan<byte> bytes = rows.BytesOf(row);
        int keyEnd = row.KeyEnd - row.Start, subEnd = row.SubEnd - row.Start;
        if (areMarks) writer.AddDeleted(row.Hash, bytes[..keyEnd], bytes[keyEnd..subEnd]);
        else writer.Add(row.Hash, bytes[..keyEnd], bytes[keyEnd..subEnd], bytes[subEnd..]);
    }

    public override void Dispose() => rows.Dispose();
}
