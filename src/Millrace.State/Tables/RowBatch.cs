using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>Rows encoded one after the other, on their way from a part of a run to its writer. Used by one thread; owns its memory until it is disposed.</summary>
sealed class RowBatch : IDisposable
{
    /// <summary>Enough for what is done once per batch to vanish, few enough for the rows to stay in the nearest cache.</summary>
    public const int RowsMax = 256;

    /// <summary>Once there are so many bytes, no further row is added.</summary>
    public const int BytesMax = 32 << 10;

    readonly PackedRow[] _rows = new PackedRow[RowsMax];
    int _next;
    int _count;
    bool _areMarks;

    /// <summary>Where rows are encoded.</summary>
    public ByteBuffer Bytes { get; } = new(BytesMax * 2);

    /// <summary>Whether every row was written.</summary>
    public bool IsEmpty => _next == _count;

    /// <summary>Room for rows; begins anew.</summary>
    public Span<PackedRow> Open()
    {
        Bytes.Clear();
        _next = _count = 0;
        return _rows;
    }

    /// <summary>The rows are there.</summary>
    /// <param name="count">How many.</param>
    /// <param name="areMarks">Whether they are marks of deletion.</param>
    public void Close(int count, bool areMarks)
    {
        _count = count;
        _areMarks = areMarks;
    }

    /// <summary>Writes rows, until there are no more or the writer has to be flushed.</summary>
    public void WriteTo(IRunWriter writer)
    {
        ReadOnlySpan<PackedRow> rows = _rows.AsSpan(_next, _count - _next);
        if (!_areMarks)
        {
            _next += writer.AddRows(rows, Bytes.Written);
            return;
        }

        for (; _next < _count && !writer.NeedsFlush; _next++)
        {
            ref readonly PackedRow row = ref _rows[_next];
            writer.AddDeleted(row.Hash, Bytes.Written[row.Start..row.KeyEnd], Bytes.Written[row.KeyEnd..row.SubEnd]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Bytes.Dispose();
}

/// <summary>The rows of a run in the order they are written: the hash above, counted from the start of the range, and the number of the row below.</summary>
/// <param name="entries">Sorted.</param>
/// <param name="start">The first hash of the range.</param>
/// <param name="first">The number of the first row of the part that is written.</param>
readonly ref struct RowOrder(ReadOnlySpan<ulong> entries, uint start, uint first)
{
    public readonly ReadOnlySpan<ulong> Entries = entries;

    /// <summary>The hash of the row at a position.</summary>
    public uint HashAt(int position) => (uint)(Entries[position] >> 32) + start;

    /// <summary>Which row of the part is at a position; not less than its count when it is a row of another part.</summary>
    public uint RowAt(int position) => (uint)Entries[position] - first;
}
