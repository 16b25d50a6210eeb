using System.Buffers;
using System.Runtime.CompilerServices;

namespace Millrace.State.Snapshots;

/// <summary>A block while rows are added to it. Used by one thread at a time; owns pooled memory until it is detached or disposed.</summary>
/// <param name="capacity">Bytes that will probably do.</param>
sealed class RowBlock(int capacity) : IDisposable
{
    /// <summary>Bits of the first number of a row, below the difference of hashes.</summary>
    public const int DeletedFlag = 1, SameLengthsFlag = 2, FlagBits = 2;

    byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);
    int _keyLength = -1;
    int _subLength;
    int _valueLength;

    /// <summary>Bytes so far.</summary>
    public int Length { get; private set; }

    /// <summary>Rows so far.</summary>
    public int Rows { get; private set; }

    /// <summary>The hash of the first row.</summary>
    public uint FirstHash { get; private set; }

    /// <summary>The hash of the row before, or of none: zero.</summary>
    public uint LastHash { get; private set; }

    /// <summary>The bytes so far.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Adds a row.</summary>
    public void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value)
    {
        Span<byte> room = Reserve((long)key.Length + sub.Length + value.Length);
        bool same = key.Length == _keyLength && sub.Length == _subLength && value.Length == _valueLength;
        int at = WriteVarint(room, 0, Head(hash, same ? SameLengthsFlag : 0));
        if (!same)
        {
            at = WriteVarint(room, at, (ulong)(_keyLength = key.Length));
            at = WriteVarint(room, at, (ulong)(_subLength = sub.Length));
            at = WriteVarint(room, at, (ulong)(_valueLength = value.Length));
        }

        key.CopyTo(room[at..]);
        at += key.Length;
        sub.CopyTo(room[at..]);
        at += sub.Length;
        value.CopyTo(room[at..]);
        Length += at + value.Length;
    }

    /// <summary>Adds rows as long as they ascend, are not too long, and the block is short of a length.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="bytes">What they lie in.</param>
    /// <param name="last">The hash of the row before, which may be in another block.</param>
    /// <param name="lengthMax">Once the block has so many bytes, no further row is added.</param>
    /// <returns>How many were added.</returns>
    public int Add(ReadOnlySpan<PackedRow> rows, ReadOnlySpan<byte> bytes, uint last, int lengthMax)
    {
        uint before = LastHash;
        int at = Length, i = 0;
        for (; i < rows.Length && at < lengthMax; i++)
        {
            ref readonly PackedRow row = ref rows[i];
            ReadOnlySpan<byte> body = bytes[row.Start..row.End];
            if (row.Hash < last || body.Length > PackFormat.RowBytesMax) break;
            if (_bytes.Length - at < body.Length + PackFormat.RowOverheadBytesMax)
            {
                Length = at;
                Grow(body.Length);
            }

            at = AddHead(_bytes, at, row.Hash - before, row.KeyEnd - row.Start, row.SubEnd - row.KeyEnd, row.End - row.SubEnd);
            body.CopyTo(_bytes.AsSpan(at));
            at += body.Length;
            before = last = row.Hash;
        }

        if (i > 0 && Rows == 0) FirstHash = rows[0].Hash;
        Rows += i;
        LastHash = before;
        Length = at;
        return i;
    }

    /// <summary>Adds the mark of a deletion, which has no value and leaves the length of values alone.</summary>
    public void AddDeleted(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub)
    {
        Span<byte> room = Reserve((long)key.Length + sub.Length);
        bool same = key.Length == _keyLength && sub.Length == _subLength;
        int at = WriteVarint(room, 0, Head(hash, same ? SameLengthsFlag | DeletedFlag : DeletedFlag));
        if (!same)
        {
            at = WriteVarint(room, at, (ulong)(_keyLength = key.Length));
            at = WriteVarint(room, at, (ulong)(_subLength = sub.Length));
        }

        key.CopyTo(room[at..]);
        at += key.Length;
        sub.CopyTo(room[at..]);
        Length += at + sub.Length;
    }

    /// <summary>Gives the memory to the caller, who returns it to the shared pool, and starts anew.</summary>
    public byte[] Detach()
    {
        byte[] bytes = _bytes;
        _bytes = ArrayPool<byte>.Shared.Rent(capacity);
        Clear();
        return bytes;
    }

    /// <summary>Starts anew.</summary>
    public void Clear()
    {
        Length = 0;
        Rows = 0;
        FirstHash = LastHash = 0;
        _keyLength = -1;
        _subLength = _valueLength = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        byte[] bytes = _bytes;
        _bytes = [];
        if (bytes.Length > 0) ArrayPool<byte>.Shared.Return(bytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    ulong Head(uint hash, int flags)
    {
        ulong head = ((ulong)(hash - LastHash) << FlagBits) | (uint)flags;
        if (Rows++ == 0) FirstHash = hash;
        LastHash = hash;
        return head;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    int AddHead(Span<byte> room, int at, uint ahead, int key, int sub, int value)
    {
        if (key == _keyLength && sub == _subLength && value == _valueLength) return WriteVarint(room, at, ((ulong)ahead << FlagBits) | SameLengthsFlag);
        at = WriteVarint(room, at, (ulong)ahead << FlagBits);
        at = WriteVarint(room, at, (ulong)(_keyLength = key));
        at = WriteVarint(room, at, (ulong)(_subLength = sub));
        return WriteVarint(room, at, (ulong)(_valueLength = value));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static int WriteVarint(Span<byte> room, int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7) room[at++] = (byte)(value | 0x80);
        room[at++] = (byte)value;
        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Span<byte> Reserve(long row)
    {
        if (_bytes.Length - Length < row + PackFormat.RowOverheadBytesMax) Grow(row);
        return _bytes.AsSpan(Length);
    }

    // The caller has bounded the row, so the sum is within the bounds of arrays.
    [MethodImpl(MethodImplOptions.NoInlining)]
    void Grow(long row)
    {
        ObjectDisposedException.ThrowIf(_bytes.Length == 0, this);
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)(Length + row + PackFormat.RowOverheadBytesMax));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
