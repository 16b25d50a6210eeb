using System.Buffers;

namespace Millrace.State.Snapshots;

/// <summary>The rows of one run within a range, read block by block. See <see cref="IRunReader"/>.</summary>
sealed class RunReader : IRunReader
{
    readonly PackSite _site;
    readonly BlockFetcher _fetcher;
    readonly KeyRange _range;
    readonly RowCursor _cursor;
    readonly long _droppedBelow;
    readonly SubForm _subForm;
    byte[] _raw = [];

    public RunReader(PackSite site, BlockFetcher fetcher, KeyRange range, StateSchema? schema, long droppedBelow)
    {
        _site = site;
        _fetcher = fetcher;
        _range = range;
        _cursor = new RowCursor(site);
        _droppedBelow = droppedBelow;
        _subForm = schema is null ? SubForm.Zigzag : DropRule.FormOf(schema);
    }

    /// <inheritdoc/>
    public RunRow Row => _cursor.Row;

    /// <inheritdoc/>
    public async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        if (await _fetcher.NextAsync(cancellationToken).ConfigureAwait(false) is not var (block, stored)) return false;
        _cursor.Open(block, Verify(block, stored));
        return true;
    }

    /// <inheritdoc/>
    public bool MoveNext()
    {
        while (_cursor.MoveNext())
        {
            if (_range.Contains(_cursor.Hash) && (_droppedBelow == long.MinValue || !IsDropped())) return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _fetcher.DisposeAsync().ConfigureAwait(false);
        byte[] raw = _raw;
        _raw = [];
        if (raw.Length > 0) ArrayPool<byte>.Shared.Return(raw);
    }

    ReadOnlyMemory<byte> Verify(PackBlock block, ReadOnlyMemory<byte> stored)
    {
        BlockCheck.Digest(_site, block, stored.Span);
        if (block.Codec == BlockCodec.Raw) return stored;
        if (_raw.Length < block.RawLength)
        {
            if (_raw.Length > 0) ArrayPool<byte>.Shared.Return(_raw);
            _raw = [];
            _raw = ArrayPool<byte>.Shared.Rent(block.RawLength);
        }

        BlockCheck.Decompress(_site, block, stored.Span, _raw.AsSpan(0, block.RawLength));
        return _raw.AsMemory(0, block.RawLength);
    }

    bool IsDropped()
    {
        try
        {
            return DropRule.SubOf(_subForm, _cursor.Sub) < _droppedBelow;
        }
        catch (Codecs.CorruptDataException e)
        {
            throw _site.Damaged("a sub-key is not the number that its schema says", e);
        }
    }
}

/// <summary>The checks that every block passes before its rows are believed.</summary>
static class BlockCheck
{
    public static void Digest(PackSite site, PackBlock block, ReadOnlySpan<byte> stored)
    {
        if (BlockDigest.Of(stored) != block.Digest) throw site.Damaged($"the block of {block.StoredLength} bytes at byte {block.Offset} has another hash");
    }

    public static void Decompress(PackSite site, PackBlock block, ReadOnlySpan<byte> stored, Span<byte> raw)
    {
        if (!BlockCompression.TryDecompress(block.Codec, stored, raw))
        {
            throw site.Damaged($"the block at byte {block.Offset} is not {block.Codec} data of {block.RawLength} bytes");
        }
    }
}
