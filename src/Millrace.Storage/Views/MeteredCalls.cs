using System.Runtime.CompilerServices;

namespace Millrace.Storage;

/// <summary>A store whose calls are counted as one request each. It does not own the store: disposing of it does nothing.</summary>
class MeteredCalls(IObjectStore inner, StoreMeter meter) : IObjectStore
{
    public string Address => inner.Address;

    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Create, content.Length);
        return inner.CreateAsync(key, content, cancellationToken);
    }

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Put, content.Length);
        return inner.PutAsync(key, content, cancellationToken);
    }

    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Get);
        byte[]? content = await inner.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        meter.Received(content?.Length ?? 0);
        return content;
    }

    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Read);
        await inner.ReadAsync(key, offset, destination, cancellationToken).ConfigureAwait(false);
        meter.Received(destination.Length);
    }

    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Length);
        return inner.TryGetLengthAsync(key, cancellationToken);
    }

    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Upload);
        return new MeteredUpload(meter, await inner.BeginUploadAsync(key, cancellationToken).ConfigureAwait(false));
    }

    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        meter.Sent(StoreRequest.Delete);
        return inner.DeleteAsync(key, cancellationToken);
    }

    public ValueTask DisposeAsync() => default;

    sealed class MeteredUpload(StoreMeter meter, IObjectUpload upload) : IObjectUpload
    {
        public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            meter.Wrote(content.Length);
            return upload.WriteAsync(content, cancellationToken);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => upload.CompleteAsync(cancellationToken);

        public ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}

/// <summary>The same, of a store that can list.</summary>
sealed class MeteredListableCalls(IListableStore inner, StoreMeter meter) : MeteredCalls(inner, meter), IListableStore
{
    readonly IListableStore _inner = inner;
    readonly StoreMeter _meter = meter;

    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        _meter.Sent(StoreRequest.List);
        await foreach (StoredObject found in _inner.ListAsync(prefix, cancellationToken).ConfigureAwait(false)) yield return found;
    }
}
