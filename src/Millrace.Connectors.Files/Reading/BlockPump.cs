using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Threading.Channels;

namespace Millrace.Connectors.Files;

/// <summary>A piece of a file's content. Its bytes are rented: whoever holds the block gives them back to the shared pool.</summary>
/// <param name="Bytes">Rented.</param>
/// <param name="Start">Where the content begins; before it is room for what is left of the block before.</param>
/// <param name="End">Where the content ends.</param>
/// <param name="IsAscii">Whether all of the content is.</param>
internal readonly record struct Block(byte[] Bytes, int Start, int End, bool IsAscii);

/// <summary>
/// Reads a stream ahead, block by block, on a loop of its own: at most two blocks wait, one is being read. Owns the stream.
/// </summary>
internal sealed class BlockPump : IAsyncDisposable
{
    /// <summary>Room before each block; the beginning of a row that ends in the block is copied there if it fits.</summary>
    public const int HeadroomBytes = 1 << 16;

    // Together with the headroom a power of two, the sizes the shared pool keeps.
    const int BlockBytes = (1 << 20) - HeadroomBytes;
    const int WaitingBlocksMax = 2;

    readonly Channel<Block> _blocks =
        Channel.CreateBounded<Block>(new BoundedChannelOptions(WaitingBlocksMax) { SingleReader = true, SingleWriter = true });

    readonly CancellationTokenSource _closed = new();
    readonly Stream _stream;
    readonly string _path;
    readonly Task _loop;
    bool _isDisposed;

    public BlockPump(Stream stream, string path)
    {
        _stream = stream;
        _path = path;
        _loop = ReadAheadAsync(_closed.Token);
    }

    /// <summary>Takes the next block, if one is there.</summary>
    public bool TryTake([MaybeNullWhen(false)] out Block block) => _blocks.Reader.TryRead(out block);

    /// <summary>Whether the stream has ended and all its blocks were taken.</summary>
    /// <exception cref="IOException">Reading failed.</exception>
    public bool IsDrained()
    {
        if (!_blocks.Reader.Completion.IsCompleted || !_loop.IsCompleted) return false;
        _loop.GetAwaiter().GetResult();
        return true;
    }

    /// <summary>Completes when there is a block, or the end.</summary>
    /// <exception cref="IOException">Reading failed.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        // The channel is completed just before the loop's task is, which carries the exception if there is one.
        if (!await _blocks.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false)) await _loop.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        await _closed.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_blocks.Reader.TryRead(out Block block)) ArrayPool<byte>.Shared.Return(block.Bytes);
        await _stream.DisposeAsync().ConfigureAwait(false);
        _closed.Dispose();
    }

    async Task ReadAheadAsync(CancellationToken closed)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        long offset = 0;
        try
        {
            while (await ReadBlockAsync(closed).ConfigureAwait(false) is { Bytes.Length: > 0 } block)
            {
                offset += block.End - block.Start;
                await _blocks.Writer.WriteAsync(block, closed).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or DecoderFallbackException)
        {
            throw new IOException($"Reading '{_path}' failed after {offset:N0} bytes: {e.Message}", e);
        }
        finally
        {
            _blocks.Writer.Complete();
        }
    }

    /// <summary>A block without bytes at the end.</summary>
    async ValueTask<Block> ReadBlockAsync(CancellationToken closed)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(HeadroomBytes + BlockBytes);
        int read = 0;
        try
        {
            read = await _stream.ReadAtLeastAsync(bytes.AsMemory(HeadroomBytes, BlockBytes), BlockBytes, throwOnEndOfStream: false, closed)
                .ConfigureAwait(false);
        }
        finally
        {
            if (read == 0) ArrayPool<byte>.Shared.Return(bytes);
        }

        return read == 0 ? new([], 0, 0, true)
            : new(bytes, HeadroomBytes, HeadroomBytes + read, Ascii.IsValid(bytes.AsSpan(HeadroomBytes, read)));
    }
}
