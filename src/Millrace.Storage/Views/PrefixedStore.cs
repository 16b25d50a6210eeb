using System.Runtime.CompilerServices;

namespace Millrace.Storage;

/// <summary>A store below a prefix of another. See <see cref="StoreViews.Under(IObjectStore, string)"/>.</summary>
class PrefixedStore(IObjectStore inner, string prefix) : IObjectStore
{
    public string Address => $"{inner.Address}/{prefix[..^1]}";

    /// <summary>The same place of the store with its requests counted.</summary>
    public virtual PrefixedStore Metered(StoreMeter meter) => new(inner.Metered(meter), prefix);

    /// <summary>Checks a prefix and ends it with a slash.</summary>
    public static string Folder(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        string key = prefix.EndsWith('/') ? prefix[..^1] : prefix;
        ObjectKey.Validate(key);
        return key + "/";
    }

    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.CreateAsync(Full(key), content, cancellationToken);

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        inner.PutAsync(Full(key), content, cancellationToken);

    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) => inner.TryGetAsync(Full(key), cancellationToken);

    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        inner.ReadAsync(Full(key), offset, destination, cancellationToken);

    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) => inner.TryGetLengthAsync(Full(key), cancellationToken);

    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => inner.BeginUploadAsync(Full(key), cancellationToken);

    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteAsync(Full(key), cancellationToken);

    public ValueTask DisposeAsync() => default;

    // The key is checked before the prefix is put in front: "../x" must not become a key of the store around.
    string Full(string key)
    {
        ObjectKey.Validate(key);
        return prefix + key;
    }
}

/// <summary>The same, of a store that can list.</summary>
sealed class ListablePrefixedStore(IListableStore inner, string prefix) : PrefixedStore(inner, prefix), IListableStore
{
    readonly IListableStore _inner = inner;
    readonly string _prefix = prefix;

    /// <inheritdoc/>
    public override ListablePrefixedStore Metered(StoreMeter meter) => new(_inner.Metered(meter), _prefix);

    public async IAsyncEnumerable<StoredObject> ListAsync(string keyPrefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(keyPrefix);
        await foreach (StoredObject found in _inner.ListAsync(_prefix + keyPrefix, cancellationToken).ConfigureAwait(false))
            yield return found with { Key = found.Key[_prefix.Length..] };
    }
}
