using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.State.Snapshots;

/// <summary>
/// Writes one run of a pack: rows become blocks, compressed and hashed by the thread that adds them. Used by one thread at a time.
/// Belongs to whoever began it, who disposes of it; disposing without <see cref="CompleteAsync"/> leaves a pack that cannot be completed.
/// </summary>
public sealed class RunWriter : IRunWriter, IDisposable
{
    readonly PackWriter _pack;
    readonly RunDescription _run;
    readonly int _blockBytes;
    readonly RowBlock _block;
    readonly List<SealedBlock> _sealed = [];
    BlockCompression _compression;
    PackRun? _placed;
    uint _lastHash;
    long _rows, _deletions;
    bool _isCompleted, _isDisposed;

    internal RunWriter(PackWriter pack, RunDescription run, PackOptions options)
    {
        _pack = pack;
        _run = run;
        _blockBytes = options.BlockBytes;
        _block = new RowBlock(_blockBytes + (_blockBytes / 16) + 64);
        _compression = new BlockCompression(options.Compression);
    }

    /// <inheritdoc/>
    public bool NeedsFlush => _sealed.Count > 0;

    /// <inheritdoc/>
    /// <exception cref="SnapshotRowException">The row has more than 256 MiB.</exception>
    public void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value)
    {
        if (hash < _lastHash || _isCompleted) ThrowMisuse(hash);
        if ((long)key.Length + sub.Length + value.Length > PackFormat.RowBytesMax) ThrowTooLong((long)key.Length + sub.Length + value.Length);
        _lastHash = hash;
        _block.Add(hash, key, sub, value);
        if (_block.Length >= _blockBytes) Seal();
    }

    /// <inheritdoc/>
    /// <exception cref="SnapshotRowException">A row has more than 256 MiB.</exception>
    public int AddRows(ReadOnlySpan<PackedRow> rows, ReadOnlySpan<byte> bytes)
    {
        int added = 0;
        while (added < rows.Length && _sealed.Count == 0)
        {
            int some = _isCompleted ? 0 : _block.Add(rows[added..], bytes, _lastHash, _blockBytes);
            if (some == 0)
            {
                // A row that is too long, or out of order: what is said of one row says what is wrong.
                PackedRow row = rows[added];
                Add(row.Hash, bytes[row.Start..row.KeyEnd], bytes[row.KeyEnd..row.SubEnd], bytes[row.SubEnd..row.End]);
                some = 1;
            }

            added += some;
            _lastHash = rows[added - 1].Hash;
            if (_block.Length >= _blockBytes) Seal();
        }

        return added;
    }

    /// <inheritdoc/>
    /// <exception cref="SnapshotRowException">The row has more than 256 MiB.</exception>
    public void AddDeleted(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub)
    {
        if (hash < _lastHash || _isCompleted) ThrowMisuse(hash);
        if ((long)key.Length + sub.Length > PackFormat.RowBytesMax) ThrowTooLong((long)key.Length + sub.Length);
        _lastHash = hash;
        _deletions++;
        _block.AddDeleted(hash, key, sub);
        if (_block.Length >= _blockBytes) Seal();
    }

    /// <inheritdoc/>
    /// <exception cref="Storage.StoreUnavailableException">The store refused for longer than it is retried; the pack is lost.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_sealed.Count == 0) return;
        _placed ??= await _pack.PlaceAsync(cancellationToken).ConfigureAwait(false);
        await _placed.AppendAsync(_sealed, cancellationToken).ConfigureAwait(false);
        ReturnBlocks();
    }

    /// <summary>Sends the rest of the rows to the store. They are durable once <see cref="PackWriter.CompleteAsync"/> has completed.</summary>
    /// <returns>
    /// The entry for the manifest; <see cref="RunEntry.Pack"/> counts the packs that <see cref="PackWriter.CompleteAsync"/> returns. A run without rows
    /// that drops none is nowhere: its pack and section are <see cref="RunEntry.Nowhere"/>, and it must be reported all the same.
    /// </returns>
    /// <exception cref="Storage.StoreUnavailableException">The store refused for longer than it is retried; the pack is lost.</exception>
    public async ValueTask<RunEntry> CompleteAsync(CancellationToken cancellationToken)
    {
        Invariant.That(!_isCompleted && !_isDisposed, "a run is completed once");
        Seal();
        await FlushAsync(cancellationToken).ConfigureAwait(false);
        if (_placed is null && _run.DroppedBelow != long.MinValue) _placed = await _pack.PlaceAsync(cancellationToken).ConfigureAwait(false);
        _isCompleted = true;
        int section = _placed is null ? RunEntry.Nowhere : _placed.Complete(_run, _rows, _deletions);
        _pack.OnCompleted();
        return new RunEntry(
            _placed?.Pack ?? RunEntry.Nowhere, section, _run.Range, _run.IsFull, _run.Snapshot, _run.Base, _rows, _deletions, _placed?.Bytes ?? 0,
            _run.DroppedBelow);
    }

    /// <summary>Gives the memory back. Idempotent.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        ReturnBlocks();
        _block.Dispose();
    }

    void Seal()
    {
        if (_block.Rows == 0) return;
        uint first = _block.FirstHash, last = _block.LastHash;
        Invariant.That(_run.Range.Contains(first) && _run.Range.Contains(last), "rows of a run are within its slice");
        int rows = _block.Rows, rawLength = _block.Length;
        BlockCodec codec = _compression.Compress(_block.Written, out byte[]? stored, out int length);
        if (stored is null)
        {
            length = rawLength;
            stored = _block.Detach();
        }
        else
        {
            _block.Clear();
        }

        _rows += rows;
        PackBlock block = new(0, length, rawLength, codec, first, last, rows, BlockDigest.Of(stored.AsSpan(0, length)));
        _sealed.Add(new SealedBlock(stored, block));
    }

    void ReturnBlocks()
    {
        foreach (SealedBlock block in _sealed) ArrayPool<byte>.Shared.Return(block.Bytes);
        _sealed.Clear();
    }

    [DoesNotReturn]
    void ThrowMisuse(uint hash)
    {
        Invariant.That(!_isCompleted, "no row follows the end of a run");
        throw new InvariantBrokenException(
            $"rows of a run come in ascending order of hash: {hash:x8} after {_lastHash:x8} in state '{_run.Schema.Name}' of operator '{_run.OperatorId}'");
    }

    [DoesNotReturn]
    void ThrowTooLong(long length) => throw new SnapshotRowException(
        $"a row of state '{_run.Schema.Name}' of operator '{_run.OperatorId}' has {length:N0} bytes, and {PackFormat.RowBytesMax:N0} is the most: "
        + "keep large values in a list or map state, which has a row for each element");
}

/// <summary>A row cannot be part of a snapshot.</summary>
/// <param name="message">Which state, why, and the cure.</param>
public sealed class SnapshotRowException(string message) : Exception(message);

/// <summary>A block on its way into a pack; its offset is not known yet.</summary>
readonly record struct SealedBlock(byte[] Bytes, PackBlock Block);
