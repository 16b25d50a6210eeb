using System.Diagnostics.CodeAnalysis;
using Millrace.Storage;

namespace Millrace.Testing.Stores;

/// <summary>
/// A store in memory. Every call takes effect at one moment, all of it, before it returns; so it is the strictest store there can be, and
/// what stands in it outlives its users: disposing does nothing, as the end of a process does nothing to a bucket. Thread-safe.
/// </summary>
/// <param name="time">Dates the objects.</param>
/// <param name="name">For the address: <c>memory://name</c>.</param>
[Experimental("MR9001")]
public sealed class MemoryObjectStore(TimeProvider time, string name = "test") : IListableStore
{
    readonly Lock _gate = new(); // Guards the objects.
    readonly SortedDictionary<string, (byte[] Content, DateTimeOffset ModifiedAt)> _objects = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string Address => $"memory://{name}";

    /// <summary>The keys of all objects, in order: for assertions, where a listing would be counted.</summary>
    public IReadOnlyList<string> Keys
    {
        get
        {
            lock (_gate) return [.. _objects.Keys];
        }
    }

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        lock (_gate) return new(_objects.TryAdd(key, (content.ToArray(), time.GetUtcNow())) ? CreateOutcome.Created : CreateOutcome.Exists);
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        lock (_gate) _objects[key] = (content.ToArray(), time.GetUtcNow());
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return new(Find(key)?.ToArray());
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ObjectKey.ValidateRange(key, offset);
        Check(key, cancellationToken);
        byte[] content = Find(key) ?? throw new ObjectMissingException(Address, key, "does not exist");
        if (!destination.IsEmpty && offset + destination.Length > content.Length)
            throw new ObjectMissingException(Address, key, $"ends at byte {content.Length}, before {offset + destination.Length}");
        if (!destination.IsEmpty) content.AsSpan((int)offset, destination.Length).CopyTo(destination.Span);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return new(Find(key)?.LongLength);
    }

    /// <inheritdoc/>
    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        return new(new Upload(this, key));
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Check(key, cancellationToken);
        lock (_gate) _objects.Remove(key);
        return default;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(prefix);
        await Task.CompletedTask.ConfigureAwait(false); // There is nothing to wait for.
        StoredObject[] found;
        lock (_gate)
        {
            found = [.. from entry in _objects
                        where entry.Key.StartsWith(prefix, StringComparison.Ordinal)
                        select new StoredObject(entry.Key, entry.Value.Content.Length, entry.Value.ModifiedAt)];
        }

        foreach (StoredObject item in found)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <summary>Does nothing.</summary>
    public ValueTask DisposeAsync() => default;

    // Contents are never changed in place, so they can be read without the lock once found.
    byte[]? Find(string key)
    {
        lock (_gate) return _objects.TryGetValue(key, out (byte[] Content, DateTimeOffset) found) ? found.Content : null;
    }

    static void Check(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        cancellationToken.ThrowIfCancellationRequested();
    }

    sealed class Upload(MemoryObjectStore store, string key) : IObjectUpload
    {
        readonly MemoryStream _content = new();
        bool _isClosed;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            cancellationToken.ThrowIfCancellationRequested();
            _content.Write(content.Span);
            return default;
        }

        public async ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            _isClosed = true;
            if (await store.CreateAsync(key, _content.ToArray(), cancellationToken).ConfigureAwait(false) != CreateOutcome.Created)
                throw new ObjectExistsException(store.Address, key);
        }

        public ValueTask DisposeAsync()
        {
            _isClosed = true;
            return default;
        }
    }
}
