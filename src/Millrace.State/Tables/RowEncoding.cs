using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>The three parts of a row. A struct, so that it is compiled into the loop over rows.</summary>
interface IRowBody<TKey, TValue>
{
    /// <summary>Writes the stream's key.</summary>
    void WriteKey(ref CodecWriter writer, TKey key);

    /// <summary>Writes what tells rows of one key apart.</summary>
    void WriteSub(ref CodecWriter writer, TKey key, long tag);

    /// <summary>Writes the value.</summary>
    void WriteValue(ref CodecWriter writer, in TValue value);

    /// <summary>Whether the tag is needed, which takes a search.</summary>
    bool NeedsTag { get; }
}

/// <summary>Any format, with a call for each part.</summary>
readonly struct CalledBody<TKey, TValue>(RowFormat<TKey, TValue> format) : IRowBody<TKey, TValue>
{
    public bool NeedsTag => true;

    public void WriteKey(ref CodecWriter writer, TKey key) => format.WriteKey(ref writer, key);

    public void WriteSub(ref CodecWriter writer, TKey key, long tag) => format.WriteSub(ref writer, key, tag);

    public void WriteValue(ref CodecWriter writer, in TValue value) => format.WriteValue(ref writer, in value);
}

/// <summary>One value per key, or per key and tag, without calls where the types are common.</summary>
readonly struct ValueBody<TKey, TValue>(Codec<TKey> keys, Codec<TValue> values, bool isTagged) : IRowBody<TKey, TValue>
{
    public bool NeedsTag => isTagged;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteKey(ref CodecWriter writer, TKey key) => RowScalars.Write(ref writer, key, keys);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteSub(ref CodecWriter writer, TKey key, long tag)
    {
        if (isTagged) OrderedNumber.Write(ref writer, tag);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteValue(ref CodecWriter writer, in TValue value) => RowScalars.Write(ref writer, value, values);
}

/// <summary>The loop that encodes rows.</summary>
static class RowEncoding
{
    const int AheadRows = 16;

    /// <summary>Encodes rows of a part, as <see cref="RowFormat{TKey, TValue}.Encode"/> says.</summary>
    public static int Encode<TKey, TValue, TBody>(
        TBody body, string name, RowPages<TableSlot<TKey, TValue>> pages, in RowOrder order, RowBatch batch)
        where TBody : struct, IRowBody<TKey, TValue>
    {
        Span<PackedRow> packed = batch.Open();
        uint rows = (uint)pages.Count;
        int limit = Math.Min(packed.Length, order.Entries.Length);
        CodecWriter writer = new(batch.Bytes);
        int at = 0, i = 0;
        try
        {
            for (; i < limit && at < RowBatch.BytesMax; i++)
            {
                uint index = order.RowAt(i);
                if (index >= rows) break;
                // Rows lie in the order of the table, so nearly every one is a cache miss unless it is asked for ahead of time.
                if (i + AheadRows < order.Entries.Length) Prefetch(pages, order.RowAt(i + AheadRows), rows);
                ref TableSlot<TKey, TValue> slot = ref pages[(int)index];
                int start = at;
                body.WriteKey(ref writer, slot.Key);
                int keyEnd = batch.Bytes.Length + writer.Pending;
                body.WriteSub(ref writer, slot.Key, body.NeedsTag ? pages.TagOf((int)index) : 0);
                int subEnd = batch.Bytes.Length + writer.Pending;
                body.WriteValue(ref writer, in slot.Value);
                at = batch.Bytes.Length + writer.Pending;
                packed[i] = new(order.HashAt(i), start, keyEnd, subEnd, at);
            }

            writer.Flush();
            return i;
        }
        catch (UnencodableValueException e)
        {
            throw new UnencodableValueException($"The state '{name}' of the key {pages[(int)order.RowAt(i)].Key} cannot be stored: {e.Message}");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static unsafe void Prefetch<TRow>(RowPages<TRow> pages, uint index, uint rows)
    {
        if (Sse.IsSupported && index < rows) Sse.Prefetch0(Unsafe.AsPointer(ref pages[(int)index]));
    }
}
