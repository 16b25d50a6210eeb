using System.Buffers;
using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// The bytes of one object before they are committed: encoded into a buffer, uploaded as the buffer fills. Small ones are uploaded when the part
/// is prepared. Owned by the writer's thread until sealed, then by whoever prepares the part.
/// </summary>
internal sealed class StagedObject(IObjectStore store, StagingRange range, int number)
{
    ArrayBufferWriter<byte> _filling = new();
    IObjectUpload? _upload;
    Task _write = Task.CompletedTask;
    long _handedOver;
    bool _isComplete;

    /// <summary>Where rows are encoded.</summary>
    public ArrayBufferWriter<byte> Buffer => _filling;

    /// <summary>How many bytes there are. For the writer, until it completes or seals the object.</summary>
    public long Length => _handedOver + _filling.WrittenCount;

    /// <summary>Where it is staged.</summary>
    public string Key => range.KeyOf(number);

    /// <summary>Begins to upload what was encoded, which goes on in the other buffer. The write before has ended.</summary>
    /// <param name="spare">An empty buffer; receives the full one, which is empty again when the task has completed.</param>
    public Task BeginWrite(ref ArrayBufferWriter<byte> spare)
    {
        (ArrayBufferWriter<byte> full, _filling, spare) = (_filling, spare, _filling);
        _handedOver += full.WrittenCount;
        return _write = WriteAsync(full);
    }

    /// <summary>Begins to stage the object, so that it takes no more memory. The write before has ended, and the object is sealed.</summary>
    public Task BeginComplete() => _write = StageAsync(CancellationToken.None);

    /// <summary>Uploads what is left; when the task completes the object survives loss of this machine.</summary>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!_isComplete) await StageAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Forgets the bytes: they were never sealed. What is staged already is deleted by the next deployment.</summary>
    public async ValueTask DiscardAsync()
    {
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_upload is not null) await _upload.DisposeAsync().ConfigureAwait(false);
    }

    async Task WriteAsync(ArrayBufferWriter<byte> full)
    {
        // A store may take long to begin, and the caller is a task's thread.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _upload ??= await store.BeginUploadAsync(range.KeyOf(number), CancellationToken.None).ConfigureAwait(false);
        await _upload.WriteAsync(full.WrittenMemory, CancellationToken.None).ConfigureAwait(false);
        full.ResetWrittenCount();
    }

    async Task StageAsync(CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        // Before there is an object, so that a crash leaves none that nobody knows of.
        await range.ReserveAsync(number, cancellationToken).ConfigureAwait(false);
        _upload ??= await store.BeginUploadAsync(range.KeyOf(number), cancellationToken).ConfigureAwait(false);
        await using (_upload.ConfigureAwait(false))
        {
            await _upload.WriteAsync(_filling.WrittenMemory, cancellationToken).ConfigureAwait(false);
            await _upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        _isComplete = true;
        // The part may wait long for its barrier.
        _filling = new();
    }
}

/// <summary>An object that was sealed: what is to become of its bytes.</summary>
/// <param name="Staged">The bytes; null when they are staged already.</param>
/// <param name="Number">Counts the objects of the writer.</param>
/// <param name="Piece">Where they go.</param>
internal sealed record SealedObject(StagedObject? Staged, int Number, ObjectPiece Piece);
