using System.Buffers;
using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>One object being written in order: small pieces are gathered, and one write is under way while the next is gathered. One call at a time.</summary>
/// <param name="upload">Owned.</param>
sealed class PackUpload(IObjectUpload upload) : IAsyncDisposable
{
    const int GatherBytes = 512 << 10;

    byte[] _gathering = ArrayPool<byte>.Shared.Rent(GatherBytes);
    byte[] _sending = ArrayPool<byte>.Shared.Rent(GatherBytes);
    int _gathered;
    Task _underWay = Task.CompletedTask;

    /// <summary>Bytes so far.</summary>
    public long Length { get; private set; }

    /// <summary>Adds bytes, which are borrowed until completion.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Length += bytes.Length;
        while (bytes.Length > 0)
        {
            int count = Math.Min(bytes.Length, GatherBytes - _gathered);
            bytes.Span[..count].CopyTo(_gathering.AsSpan(_gathered));
            _gathered += count;
            bytes = bytes[count..];
            if (_gathered == GatherBytes) await SendAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Makes the object visible and durable.</summary>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await SendAsync(cancellationToken).ConfigureAwait(false);
        await _underWay.ConfigureAwait(false);
        await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A write under way uses the memory. Its failure belongs to the call that was to send the next bytes, which nobody made.
        await _underWay.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await upload.DisposeAsync().ConfigureAwait(false);
        byte[] one = _gathering, other = _sending;
        _gathering = _sending = [];
        if (one.Length == 0) return;
        ArrayPool<byte>.Shared.Return(one);
        ArrayPool<byte>.Shared.Return(other);
    }

    async ValueTask SendAsync(CancellationToken cancellationToken)
    {
        await _underWay.ConfigureAwait(false);
        (_gathering, _sending) = (_sending, _gathering);
        int count = _gathered;
        _gathered = 0;
        if (count > 0) _underWay = upload.WriteAsync(_sending.AsMemory(0, count), cancellationToken).AsTask();
    }
}
