using System.Buffers;

namespace Millrace.Connectors.Files;

/// <summary>
/// The bytes a part adds to one output file: encoded into a buffer, written into a hidden file of their own. Small ones are written
/// when the part is prepared. Owned by the writer's thread until sealed, then by whoever prepares the part.
/// </summary>
internal sealed class StagedFile(string path)
{
    ArrayBufferWriter<byte> _filling = new();
    FileStream? _stream;
    Task _write = Task.CompletedTask;
    long _handedOver;

    /// <summary>Where rows are encoded.</summary>
    public ArrayBufferWriter<byte> Buffer => _filling;

    /// <summary>How many bytes there are.</summary>
    public long Length => _handedOver + _filling.WrittenCount;

    /// <summary>Begins to write what was encoded, which goes on in the other buffer. The write before has ended.</summary>
    /// <param name="spare">An empty buffer; receives the full one, which is empty again when the task has completed.</param>
    public Task BeginWrite(ref ArrayBufferWriter<byte> spare)
    {
        (ArrayBufferWriter<byte> full, _filling, spare) = (_filling, spare, _filling);
        _handedOver += full.WrittenCount;
        return _write = WriteAsync(full);
    }

    /// <summary>Writes what is left, and brings all of it to disk.</summary>
    /// <exception cref="IOException">The disk refused; the message names the file.</exception>
    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _stream ??= Open();
            await _stream.WriteAsync(_filling.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
            await _stream.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            _stream.Flush(flushToDisk: true);
            await _stream.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    /// <summary>Forgets the bytes: they were never sealed.</summary>
    public async ValueTask DiscardAsync()
    {
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_stream is null) return;
        await _stream.DisposeAsync().ConfigureAwait(false);
        File.Delete(path);
    }

    async Task WriteAsync(ArrayBufferWriter<byte> full)
    {
        // Opening a file may take long, and the caller is a task's thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            _stream ??= Open();
            await _stream.WriteAsync(full.WrittenMemory).ConfigureAwait(false);
            full.ResetWrittenCount();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(e);
        }
    }

    FileStream Open()
    {
        // Without storage the hidden folder goes with a commit after which it is empty, and this part may come later.
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous);
    }

    IOException Failed(Exception e) =>
        new($"Writing '{path}' failed: {e.Message} Check the space on the disk and the permissions of the folder.", e);
}

/// <summary>A piece of a part that was sealed: what is to become of its bytes.</summary>
/// <param name="File">The bytes; null when there are none.</param>
/// <param name="Piece">Where they go.</param>
internal sealed record SealedPiece(StagedFile? File, FilePiece Piece);
