namespace Millrace.Storage;

/// <summary>A store that counts the calls it gets, each as one request. Thread-safe. Owns the store inside: disposes of it.</summary>
public sealed class CountingStore : IListableStore
{
    readonly IListableStore _inner;
    readonly StoreMeter _meter;
    readonly MeteredListableCalls _calls;

    /// <summary>Counts from now on.</summary>
    /// <param name="inner">The store that does it.</param>
    public CountingStore(IListableStore inner)
    {
        _meter = new StoreMeter();
        _calls = new MeteredListableCalls(inner, _meter);
        _inner = inner;
    }

    /// <inheritdoc/>
    public string Address => _inner.Address;

    /// <summary>The counts so far. Each is exact; between them calls may have come.</summary>
    public StoreCounts Counts => _meter.Counts;

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        _calls.CreateAsync(key, content, cancellationToken);

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => _calls.PutAsync(key, content, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) => _calls.TryGetAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        _calls.ReadAsync(key, offset, destination, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) => _calls.TryGetLengthAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => _calls.BeginUploadAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => _calls.DeleteAsync(key, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => _calls.ListAsync(prefix, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
