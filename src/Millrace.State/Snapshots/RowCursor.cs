namespace Millrace.State.Snapshots;

/// <summary>Goes through the rows of one verified block; even so it trusts nothing. Used by one thread.</summary>
/// <param name="site">What damage is reported with.</param>
sealed class RowCursor(PackSite site)
{
    ReadOnlyMemory<byte> _raw;
    PackBlock _block;
    int _at, _left;
    int _keyAt, _keyLength, _subLength, _valueLength, _rowValueLength;
    bool _hasLengths;

    /// <summary>The hash of the row.</summary>
    public uint Hash { get; private set; }

    /// <summary>Whether the row is the mark of a deletion.</summary>
    public bool IsDeleted { get; private set; }

    /// <summary>The row. Valid until the next call.</summary>
    public RunRow Row
    {
        get
        {
            ReadOnlySpan<byte> bytes = _raw.Span[_keyAt..];
            return new RunRow
            {
                Hash = Hash,
                IsDeleted = IsDeleted,
                Key = bytes[.._keyLength],
                Sub = bytes.Slice(_keyLength, _subLength),
                Value = bytes.Slice(_keyLength + _subLength, _rowValueLength),
            };
        }
    }

    /// <summary>The sub-key of the row.</summary>
    public ReadOnlySpan<byte> Sub => _raw.Span.Slice(_keyAt + _keyLength, _subLength);

    /// <summary>Starts with a block.</summary>
    public void Open(PackBlock block, ReadOnlyMemory<byte> raw)
    {
        _raw = raw;
        _block = block;
        _left = block.Rows;
        _at = 0;
        _hasLengths = false;
        Hash = 0;
    }

    /// <summary>Moves to the next row; false after the last.</summary>
    public bool MoveNext()
    {
        ReadOnlySpan<byte> raw = _raw.Span;
        if (_left == 0)
        {
            if (_at != raw.Length || (raw.Length > 0 && Hash != _block.LastHash)) Fail("the rows of a block end elsewhere than they should");
            return false;
        }

        ulong head = ReadVarint(raw);
        uint flags = (uint)head & ((1 << RowBlock.FlagBits) - 1);
        ulong hash = Hash + (head >> RowBlock.FlagBits);
        bool isFirst = _left == _block.Rows;
        if (hash > _block.LastHash || (isFirst && hash != _block.FirstHash)) Fail("the hashes of a block are others than they should be");
        Hash = (uint)hash;
        IsDeleted = (flags & RowBlock.DeletedFlag) != 0;
        if ((flags & RowBlock.SameLengthsFlag) == 0) ReadLengths(raw);
        else if (!_hasLengths) Fail("the first row of a block has no lengths");
        _rowValueLength = IsDeleted ? 0 : _valueLength;
        _keyAt = _at;
        long end = (long)_at + _keyLength + _subLength + _rowValueLength;
        if (end > raw.Length) Fail("a row is longer than its block");
        _at = (int)end;
        _left--;
        return true;
    }

    void ReadLengths(ReadOnlySpan<byte> raw)
    {
        _keyLength = ReadLength(raw);
        _subLength = ReadLength(raw);
        if (!IsDeleted) _valueLength = ReadLength(raw);
        else if (!_hasLengths) _valueLength = 0;
        _hasLengths = true;
    }

    int ReadLength(ReadOnlySpan<byte> raw)
    {
        ulong length = ReadVarint(raw);
        if (length > (ulong)raw.Length) Fail("a row is longer than its block");
        return (int)length;
    }

    ulong ReadVarint(ReadOnlySpan<byte> raw)
    {
        int at = _at;
        if ((uint)at < (uint)raw.Length && raw[at] < 0x80)
        {
            _at = at + 1;
            return raw[at];
        }

        // No number of a row has more than 34 bits, which is five bytes.
        ulong value = 0;
        for (int shift = 0; shift < 35 && (uint)at < (uint)raw.Length; shift += 7)
        {
            byte part = raw[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part >= 0x80) continue;
            _at = at;
            return value;
        }

        Fail("a number in a row is cut off or too long");
        return 0;
    }

    [System.Diagnostics.CodeAnalysis.DoesNotReturn]
    void Fail(string what) => throw site.Damaged($"{what} (block at byte {_block.Offset})");
}
