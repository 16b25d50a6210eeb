using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>The store under the faults of one process: tells what the process has really created and seen. Used by one thread.</summary>
/// <param name="inner">The store. Not disposed of.</param>
/// <param name="created">Told of the key of every object that was created.</param>
/// <param name="missed">Told of the key where nothing was when the process looked.</param>
/// <param name="conflicted">Told of the key where an object was that the process itself had created.</param>
sealed class WatchedStore(IListableStore inner, Action<string> created, Action<string> missed, Action<string> conflicted) : IListableStore
{
    readonly HashSet<string> _own = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <inheritdoc/>
    public async ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        CreateOutcome outcome = await inner.CreateAsync(key, content, cancellationToken).ConfigureAwait(false);
        if (outcome == CreateOutcome.Created && _own.Add(key)) created(key);
        else if (outcome == CreateOutcome.Exists && _own.Contains(key)) conflicted(key);
        return outcome;
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        byte[]? found = await inner.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        if (found is null) missed(key);
        return found;
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) => inner.PutAsync(key, content, cancellationToken);

    /// <inheritdoc/>
    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) => inner.ReadAsync(key, offset, destination, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) => inner.TryGetLengthAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => inner.BeginUploadAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(key, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken) => inner.ListAsync(prefix, cancellationToken);

    /// <summary>Does nothing: the store outlives the process.</summary>
    public ValueTask DisposeAsync() => default;
}
