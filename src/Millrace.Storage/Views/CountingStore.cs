using System.Runtime.CompilerServices;

namespace Millrace.Storage;

/// <summary>A store that counts what is asked of it. Thread-safe. Owns the store inside: disposes of it.</summary>
/// <param name="inner">The store that does it.</param>
public sealed class CountingStore(IListableStore inner) : IListableStore
{
    long _creates, _puts, _gets, _reads, _lengths, _uploads, _deletes, _lists, _bytesWritten, _bytesRead;

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <summary>The counts so far. Each is exact; between them calls may have come.</summary>
    public StoreCounts Counts => new(
        Volatile.Read(ref _creates), Volatile.Read(ref _puts), Volatile.Read(ref _gets), Volatile.Read(ref _reads), Volatile.Read(ref _lengths),
        Volatile.Read(ref _uploads), Volatile.Read(ref _deletes), Volatile.Read(ref _lists), Volatile.Read(ref _bytesWritten), Volatile.Read(ref _bytesRead));

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _creates);
        Interlocked.Add(ref _bytesWritten, content.Length);
        return inner.CreateAsync(key, content, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _puts);
        Interlocked.Add(ref _bytesWritten, content.Length);
        return inner.PutAsync(key, content, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _gets);
        byte[]? content = await inner.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytesRead, content?.Length ?? 0);
        return content;
    }

    /// <inheritdoc/>
    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        await inner.ReadAsync(key, offset, destination, cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytesRead, destination.Length);
    }

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lengths);
        return inner.TryGetLengthAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _uploads);
        return new CountedUpload(this, await inner.BeginUploadAsync(key, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _deletes);
        return inner.DeleteAsync(key, cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lists);
        await foreach (StoredObject found in inner.ListAsync(prefix, cancellationToken).ConfigureAwait(false)) yield return found;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    sealed class CountedUpload(CountingStore owner, IObjectUpload upload) : IObjectUpload
    {
        public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Interlocked.Add(ref owner._bytesWritten, content.Length);
            return upload.WriteAsync(content, cancellationToken);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => upload.CompleteAsync(cancellationToken);

        public ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
