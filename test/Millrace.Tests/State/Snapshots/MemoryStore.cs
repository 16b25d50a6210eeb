using System.Collections.Concurrent;
using Millrace.Storage;

namespace Millrace.Tests.State.Snapshots;

/// <summary>Objects in memory, which tests look at and damage.</summary>
sealed class MemoryStore : IListableStore
{
    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Reads { get; } = [];

    /// <summary>The most memory that a read asked for.</summary>
    public int LargestReadBytes { get; private set; }

    public string Address => "memory:";

    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        new(Objects.TryAdd(key, content.ToArray()) ? CreateOutcome.Created : CreateOutcome.Exists);

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        Objects[key] = content.ToArray();
        return default;
    }

    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) => new(Objects.GetValueOrDefault(key)?.ToArray());

    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        Reads.Enqueue(key);
        LargestReadBytes = Math.Max(LargestReadBytes, destination.Length);
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        if (!Objects.TryGetValue(key, out byte[]? bytes)) throw new ObjectMissingException(Address, key, "does not exist");
        if (offset + destination.Length > bytes.Length) throw new ObjectMissingException(Address, key, $"ends at byte {bytes.Length}");
        bytes.AsMemory((int)offset, destination.Length).CopyTo(destination);
    }

    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) =>
        new(Objects.TryGetValue(key, out byte[]? bytes) ? bytes.Length : null);

    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => new(new Upload(this, key));

    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        Objects.TryRemove(key, out _);
        return default;
    }

    public async IAsyncEnumerable<StoredObject> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach ((string key, byte[] bytes) in Objects.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            await Task.Yield();
            yield return new StoredObject(key, bytes.Length, default);
        }
    }

    public ValueTask DisposeAsync() => default;

    sealed class Upload(MemoryStore store, string key) : IObjectUpload
    {
        readonly MemoryStream _bytes = new();
        int _calls;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            Assert.Equal(1, Interlocked.Increment(ref _calls));
            await Task.Yield();
            _bytes.Write(content.Span);
            Interlocked.Decrement(ref _calls);
        }

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            Assert.Equal(0, _calls);
            if (!store.Objects.TryAdd(key, _bytes.ToArray())) throw new ObjectExistsException(store.Address, key);
            return default;
        }

        public ValueTask DisposeAsync() => default;
    }
}
