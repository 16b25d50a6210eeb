using System.Buffers;
using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>
/// Fetches blocks in order, several reads ahead. Neighbouring blocks come in one read; blocks of other runs between them are read along when they
/// are small. Used by one thread; owns what it has fetched.
/// </summary>
/// <param name="store">Borrowed.</param>
/// <param name="key">The pack, in the store.</param>
/// <param name="site">What damage is reported with.</param>
/// <param name="blocks">The blocks wanted, in ascending order of offset.</param>
sealed class BlockFetcher(IObjectStore store, string key, PackSite site, IReadOnlyList<PackBlock> blocks) : IAsyncDisposable
{
    // Four megabytes under way saturate a disk and, at 20 ms a request, give 200 MB/s from a distant store.
    const int ReadBytesMax = 1 << 20, GapBytesMax = 64 << 10, ReadsAheadMax = 4;

    readonly Queue<Fetch> _underWay = new(ReadsAheadMax);
    readonly CancellationTokenSource _stop = new();
    Fetch? _current;
    int _planned;
    int _next;

    /// <summary>The next block and its bytes, which are valid until the next call; not verified. No block after the last.</summary>
    public async ValueTask<(PackBlock Block, ReadOnlyMemory<byte> Bytes)?> NextAsync(CancellationToken cancellationToken)
    {
        if (_next == blocks.Count) return null;
        PackBlock block = blocks[_next];
        if (_current is null || block.Offset >= _current.Offset + _current.Length)
        {
            Release();
            ReadAhead();
            _current = _underWay.Dequeue();
            await ArriveAsync(_current, cancellationToken).ConfigureAwait(false);
        }

        _next++;
        return (block, _current.Bytes.AsMemory((int)(block.Offset - _current.Offset), block.StoredLength));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        Release();
        while (_underWay.TryDequeue(out Fetch? fetch))
        {
            // Only the memory matters: whether a read nobody waits for failed or was cancelled does not.
            await fetch.Read.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            ArrayPool<byte>.Shared.Return(fetch.Bytes);
        }

        _stop.Dispose();
    }

    async ValueTask ArriveAsync(Fetch fetch, CancellationToken cancellationToken)
    {
        try
        {
            await fetch.Read.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectMissingException e)
        {
            throw site.Damaged($"it {e.What}", e);
        }
    }

    void ReadAhead()
    {
        while (_planned < blocks.Count && _underWay.Count < ReadsAheadMax)
        {
            long offset = blocks[_planned].Offset, end = offset + blocks[_planned].StoredLength;
            int next = _planned + 1;
            for (; next < blocks.Count; next++)
            {
                long nextEnd = blocks[next].Offset + blocks[next].StoredLength;
                if (blocks[next].Offset - end > GapBytesMax || nextEnd - offset > ReadBytesMax) break;
                end = nextEnd;
            }

            _planned = next;
            int length = (int)(end - offset);
            byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
            _underWay.Enqueue(new Fetch(offset, length, bytes, ReadAsync(offset, bytes.AsMemory(0, length))));
        }
    }

    async Task ReadAsync(long offset, Memory<byte> bytes) => await store.ReadAsync(key, offset, bytes, _stop.Token).ConfigureAwait(false);

    void Release()
    {
        if (_current is null) return;
        Fetch done = _current;
        // A wait that was cancelled leaves a read that still writes to the memory: then the collector gets it back, not the pool.
        _current = null;
        if (done.Read.IsCompleted) ArrayPool<byte>.Shared.Return(done.Bytes);
    }

    sealed record Fetch(long Offset, int Length, byte[] Bytes, Task Read);
}
