namespace Millrace.Storage;

/// <summary>An object of a folder that is being written in pieces, straight to its hidden file. One call at a time.</summary>
sealed class LocalUpload(LocalObjectStore store, string key, string path, HiddenFile hidden) : IObjectUpload
{
    bool _isClosed;

    public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        return store.DoAsync($"writing {key}", () => hidden.Append(content.Span), cancellationToken);
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        _isClosed = true;
        bool isOurs = await store.RunAsync($"completing {key}", () =>
        {
            hidden.Flush();
            return LocalFiles.TryPublish(hidden, path);
        }, cancellationToken).ConfigureAwait(false);
        if (!isOurs) throw new ObjectExistsException(store.Address, key);
    }

    // The hidden name is gone after completion, and removing what is not there is nothing.
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        await store.DoAsync($"leaving {key}", hidden.Dispose, CancellationToken.None).ConfigureAwait(false);
    }
}
