using System.Runtime.CompilerServices;
using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>
/// The store as one process sees it over a network: a call takes its time there and back, takes effect though the caller has ended
/// meanwhile, and is never answered then. Used by one thread.
/// </summary>
/// <param name="process">The process.</param>
/// <param name="inner">The store, perhaps with faults. Not disposed of.</param>
sealed class SimulatedStore(SimulatedProcess process, IListableStore inner) : IListableStore
{
    /// <inheritdoc/>
    public string Address => inner.Address;

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        byte[] copy = content.ToArray();
        return CallAsync("create", key, () => inner.CreateAsync(key, copy, CancellationToken.None), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        byte[] copy = content.ToArray();
        await CallAsync("put", key, () => Done(inner.PutAsync(key, copy, CancellationToken.None)), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) =>
        CallAsync("get", key, () => inner.TryGetAsync(key, CancellationToken.None), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        // What arrives after the caller gave up must not land in memory that is used for something else by then.
        byte[] arriving = new byte[destination.Length];
        await CallAsync("read", key, () => Done(inner.ReadAsync(key, offset, arriving, CancellationToken.None)), cancellationToken).ConfigureAwait(false);
        arriving.CopyTo(destination);
    }

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) =>
        CallAsync("length", key, () => inner.TryGetLengthAsync(key, CancellationToken.None), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) =>
        new Upload(this, key, await CallAsync("begin", key, () => inner.BeginUploadAsync(key, CancellationToken.None), cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken) =>
        await CallAsync("delete", key, () => Done(inner.DeleteAsync(key, CancellationToken.None)), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<StoredObject> all = await CallAsync("list", prefix, () => AllAsync(prefix), cancellationToken).ConfigureAwait(false);
        foreach (StoredObject found in all) yield return found;
    }

    /// <summary>Does nothing: the store outlives the process.</summary>
    public ValueTask DisposeAsync() => default;

    async ValueTask<List<StoredObject>> AllAsync(string prefix)
    {
        List<StoredObject> all = [];
        await foreach (StoredObject found in inner.ListAsync(prefix, CancellationToken.None).ConfigureAwait(false)) all.Add(found);
        return all;
    }

    async ValueTask<T> CallAsync<T>(string verb, string key, Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        await process.PassAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return await process.CallAsync($"{verb} {key}", call, isAnswerLost: false).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    static async ValueTask<bool> Done(ValueTask call)
    {
        await call.ConfigureAwait(false);
        return true;
    }

    sealed class Upload(SimulatedStore store, string key, IObjectUpload upload) : IObjectUpload
    {
        public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            byte[] copy = content.ToArray();
            await store.CallAsync("write", key, () => Done(upload.WriteAsync(copy, CancellationToken.None)), cancellationToken).ConfigureAwait(false);
        }

        public async ValueTask CompleteAsync(CancellationToken cancellationToken) =>
            await store.CallAsync("complete", key, () => Done(upload.CompleteAsync(CancellationToken.None)), cancellationToken).ConfigureAwait(false);

        // A process that has ended cleans nothing up.
        public async ValueTask DisposeAsync() => await store.CallAsync("end", key, () => Done(upload.DisposeAsync()), CancellationToken.None).ConfigureAwait(false);
    }
}
