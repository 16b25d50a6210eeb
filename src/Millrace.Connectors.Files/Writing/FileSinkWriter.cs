using System.Buffers;

namespace Millrace.Connectors.Files;

/// <summary>Encodes into one buffer while the other is written. Owned by one task; never blocks in <see cref="TryWrite"/>.</summary>
internal sealed class FileSinkWriter<T> : ISinkWriter<T>
{
    const int BufferBytes = 1 << 18;

    readonly OutputFile _file;
    readonly RowEncoder<T> _encoder;
    ArrayBufferWriter<byte> _filling = new(BufferBytes + (BufferBytes / 4));
    ArrayBufferWriter<byte> _writing = new(BufferBytes + (BufferBytes / 4));
    Task _write = Task.CompletedTask;

    public FileSinkWriter(OutputFile file, RowEncoder<T> encoder)
    {
        _file = file;
        _encoder = encoder;
        encoder.Begin(_filling);
    }

    public void TryWrite(ref BatchReader<T> batch)
    {
        while (_filling.WrittenCount < BufferBytes || TryBeginWrite())
        {
            if (!batch.TryTake(out T? value)) return;
            _encoder.Encode(value, _filling);
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_write.WaitAsync(cancellationToken));

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        await _file.WriteAsync(_filling.WrittenMemory).ConfigureAwait(false);
        await _file.PublishAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _file.DisposeAsync().ConfigureAwait(false);
    }

    bool TryBeginWrite()
    {
        if (!_write.IsCompleted) return false;
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        (_filling, _writing) = (_writing, _filling);
        _filling.ResetWrittenCount();
        _write = _file.WriteAsync(_writing.WrittenMemory);
        return true;
    }
}
