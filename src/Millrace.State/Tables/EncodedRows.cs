using Millrace.State.Codecs;

namespace Millrace.State.Tables;

/// <summary>Where a captured row that is encoded already lies.</summary>
readonly record struct EncodedRow(uint Hash, int Block, int Start, int KeyEnd, int SubEnd, int End);

/// <summary>
/// Captured rows whose values user code may change in place: encoded at once, because a copy of the reference would show what came later.
/// Filled by one thread, then read by another; owns its memory until it is disposed.
/// </summary>
sealed class EncodedRows : IDisposable
{
    const int BlockBytes = 1 << 18;

    readonly List<ByteBuffer> _blocks = [];
    readonly List<EncodedRow> _rows = [];

    /// <summary>How many rows there are.</summary>
    public int Count => _rows.Count;

    /// <summary>A row.</summary>
    public EncodedRow this[int index] => _rows[index];

    /// <summary>The bytes of a row: key, sub-key and value, one after the other.</summary>
    public ReadOnlySpan<byte> BytesOf(in EncodedRow row) => _blocks[row.Block].Written[row.Start..row.End];

    /// <summary>Adds a row.</summary>
    public void Add<TKey, TValue>(uint hash, RowFormat<TKey, TValue> format, ref TableSlot<TKey, TValue> slot, long tag)
    {
        if (_blocks.Count == 0 || _blocks[^1].Length >= BlockBytes) _blocks.Add(new());
        ByteBuffer block = _blocks[^1];
        int start = block.Length;
        CodecWriter writer = new(block);
        format.WriteKey(ref writer, slot.Key);
        int keyEnd = block.Length + writer.Pending;
        format.WriteSub(ref writer, slot.Key, tag);
        int subEnd = block.Length + writer.Pending;
        format.WriteValue(ref writer, in slot.Value);
        writer.Flush();
        _rows.Add(new(hash, _blocks.Count - 1, start, keyEnd, subEnd, block.Length));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ByteBuffer block in _blocks) block.Dispose();
        _blocks.Clear();
        _rows.Clear();
    }
}
