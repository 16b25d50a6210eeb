using System.Collections.Concurrent;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>
/// A store in memory with the verbs of <see cref="IObjectStore"/> and no other: it cannot list, whoever asks. Requests can be intercepted.
/// </summary>
sealed class MemoryStore : IObjectStore
{
    readonly ConcurrentDictionary<string, int> _verbs = [];

    public ConcurrentDictionary<string, byte[]> Objects { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Called before a request takes effect, with verb and key; may wait, throw, or change the store.</summary>
    public Func<string, string, Task>? Before { get; set; }

    /// <summary>Called after a create took effect, with key and outcome; what it returns is answered.</summary>
    public Func<string, CreateOutcome, CreateOutcome>? AfterCreate { get; set; }

    public string Address => "memory://";

    public IReadOnlyDictionary<string, int> Verbs => _verbs;

    /// <summary>Another client of the same objects.</summary>
    public MemoryStore Twin() => new() { Objects = Objects };

    public async ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await CountAsync("create", key);
        CreateOutcome outcome = Objects.TryAdd(key, content.ToArray()) ? CreateOutcome.Created : CreateOutcome.Exists;
        return AfterCreate?.Invoke(key, outcome) ?? outcome;
    }

    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await CountAsync("put", key);
        Objects[key] = content.ToArray();
    }

    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        await CountAsync("get", key);
        return Objects.GetValueOrDefault(key);
    }

    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        await CountAsync("get", key);
        if (!Objects.TryGetValue(key, out byte[]? bytes)) throw new ObjectMissingException(Address, key, "does not exist");
        bytes.AsMemory((int)offset, destination.Length).CopyTo(destination);
    }

    public async ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        await CountAsync("head", key);
        return Objects.TryGetValue(key, out byte[]? bytes) ? bytes.Length : null;
    }

    public ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException("the ledger uploads nothing");

    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        await CountAsync("delete", key);
        Objects.TryRemove(key, out _);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task CountAsync(string verb, string key)
    {
        _verbs.AddOrUpdate(verb, 1, (_, count) => count + 1);
        if (Before is { } before) await before(verb, key);
    }
}
