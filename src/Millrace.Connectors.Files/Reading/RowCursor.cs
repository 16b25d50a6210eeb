using System.Buffers;
using System.Runtime.CompilerServices;

namespace Millrace.Connectors.Files;

/// <summary>What a look for the next row found.</summary>
internal enum RowStatus
{
    /// <summary>A row, or for a whole pass: rows, and maybe more of them.</summary>
    Row,

    /// <summary>The row goes on beyond the bytes at hand.</summary>
    NeedMore,

    /// <summary>The row is longer than the limit.</summary>
    TooLong,

    /// <summary>There are no more rows in the file or the range.</summary>
    Done,
}

/// <summary>
/// The bytes at hand of one file, and how far they were read. Rows are whole in memory when they are parsed: what is left of one block
/// is copied in front of the next. Owned by one reader; not thread-safe.
/// </summary>
internal sealed class RowCursor : IDisposable
{
    readonly long _rangeEnd;
    readonly int _lineBytesMax;
    long _offset;
    int _stop;
    int _scanned;
    bool _isJoined;

    /// <param name="path">For messages.</param>
    /// <param name="split">Rows that begin beyond its end are not read.</param>
    /// <param name="offset">Where in the file's content the first byte will be.</param>
    /// <param name="line">How many lines are before it; -1 when unknown.</param>
    /// <param name="lineBytesMax">How long a row may be.</param>
    public RowCursor(string path, FileSplit split, long offset, long line, int lineBytesMax)
    {
        Path = path;
        IsRange = split.IsRange;
        Line = line;
        _offset = offset;
        _rangeEnd = split.End;
        _lineBytesMax = lineBytesMax;
    }

    public string Path { get; }

    /// <summary>Rented, and the cursor's own.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Where the next row begins.</summary>
    public int At { get; private set; }

    /// <summary>Where the bytes at hand end.</summary>
    public int End { get; private set; }

    /// <summary>Whether the bytes at hand are the last of the file.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>Whether all bytes at hand are ASCII, and so are text for sure.</summary>
    public bool IsAscii { get; private set; } = true;

    /// <summary>How many lines were read, from the beginning of the file; -1 when unknown.</summary>
    public long Line { get; private set; }

    /// <summary>Where the next row begins, in the file's content.</summary>
    public long Position => _offset + At;

    /// <summary>Whether other readers read other ranges of the file.</summary>
    public bool IsRange { get; }

    public int LineBytesMax => _lineBytesMax;

    public ReadOnlySpan<byte> Span(int start, int length) => Bytes.AsSpan(start, length);

    /// <summary>Finds the next line, without moving.</summary>
    /// <param name="length">Its length without its end.</param>
    /// <param name="next">Where the line after it begins.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public RowStatus PeekLine(out int length, out int next)
    {
        length = 0;
        next = At;
        if (At >= _stop) return IsFinal || Position >= _rangeEnd ? RowStatus.Done : RowStatus.NeedMore;
        int from = At + _scanned;
        int found = Bytes.AsSpan(from, End - from).IndexOf((byte)'\n');
        if (found < 0 && !IsFinal)
        {
            // Looked through once: the bytes of a long line are not looked through again with every block.
            _scanned = End - At;
            return _scanned > _lineBytesMax ? RowStatus.TooLong : RowStatus.NeedMore;
        }

        int end = found < 0 ? End : from + found;
        next = found < 0 ? End : end + 1;
        length = end - At;
        if (length > 0 && Bytes[end - 1] == '\r') length--;
        return length > _lineBytesMax ? RowStatus.TooLong : RowStatus.Row;
    }

    /// <summary>Moves on.</summary>
    /// <param name="next">Where the next row begins.</param>
    /// <param name="lines">How many lines that is.</param>
    public void MoveTo(int next, int lines = 1)
    {
        At = next;
        _scanned = 0;
        if (Line >= 0) Line += lines;
    }

    /// <summary>Moves behind the next line end and returns true, or to the end of the bytes at hand and returns false.</summary>
    public bool TryPassLine()
    {
        int found = Bytes.AsSpan(At, End - At).IndexOf((byte)'\n');
        MoveTo(found < 0 ? End : At + found + 1, found < 0 ? 0 : 1);
        return found >= 0;
    }

    /// <summary>Declares that no more bytes come.</summary>
    public void Finish() => IsFinal = true;

    /// <summary>Takes a block over, behind what is left of the bytes at hand.</summary>
    public void Append(in Block block)
    {
        int left = End - At;
        int added = block.End - block.Start;
        IsAscii = block.IsAscii && (left == 0 || IsAscii);
        if (left <= block.Start)
        {
            Bytes.AsSpan(At, left).CopyTo(block.Bytes.AsSpan(block.Start - left));
            Rebase(block.Bytes, block.Start - left, block.End, isJoined: false);
        }
        else
        {
            Join(block, left, added);
        }

        long owned = Math.Max(0, _rangeEnd - Position);
        _stop = owned >= End - At ? End : At + (int)owned;
        if (Position == 0 && Bytes.AsSpan(At, End - At).StartsWith("\uFEFF"u8)) At += 3;
    }

    /// <summary>Gives the bytes back. The position stays.</summary>
    public void Dispose()
    {
        if (Bytes.Length > 0) ArrayPool<byte>.Shared.Return(Bytes);
        Bytes = [];
    }

    /// <summary>A row longer than a block's headroom: its bytes are gathered in an array that doubles, so that each is copied twice at most.</summary>
    void Join(in Block block, int left, int added)
    {
        if (!_isJoined || Bytes.Length - End < added)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(left + Math.Max(left, added));
            Bytes.AsSpan(At, left).CopyTo(larger);
            Rebase(larger, 0, left, isJoined: true);
        }

        block.Bytes.AsSpan(block.Start, added).CopyTo(Bytes.AsSpan(End));
        End += added;
        ArrayPool<byte>.Shared.Return(block.Bytes);
    }

    void Rebase(byte[] bytes, int at, int end, bool isJoined)
    {
        _offset += At - at;
        if (Bytes.Length > 0) ArrayPool<byte>.Shared.Return(Bytes);
        (Bytes, At, End, _isJoined) = (bytes, at, end, isJoined);
    }
}
