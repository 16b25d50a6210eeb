using System.Collections.Concurrent;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Storage.Probe;

/// <summary>A store that breaks the rule of one verb, each as a real one might: no condition, cached answers, wrong ranges, lost effects.</summary>
sealed class BrokenStore(IListableStore inner, StoreVerb broken) : IObjectStore
{
    readonly ConcurrentDictionary<string, bool> _askedAbsent = new();

    public string Address => "broken://";

    public async ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (broken != StoreVerb.Create) return await inner.CreateAsync(key, content, cancellationToken);
        await inner.PutAsync(key, content, cancellationToken);
        return CreateOutcome.Created;
    }

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        broken == StoreVerb.Put && _askedAbsent.ContainsKey(key) ? default : Remember(key, inner.PutAsync(key, content, cancellationToken));

    public async ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        if (broken == StoreVerb.Get && _askedAbsent.ContainsKey(key)) return null;
        byte[]? content = await inner.TryGetAsync(key, cancellationToken);
        if (content is null) _askedAbsent[key] = true;
        return content;
    }

    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        inner.ReadAsync(key, broken == StoreVerb.Read ? 0 : offset, destination, cancellationToken);

    public async ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        if (broken == StoreVerb.Length && _askedAbsent.ContainsKey(key)) return null;
        return await inner.TryGetLengthAsync(key, cancellationToken);
    }

    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        if (broken == StoreVerb.CompleteUpload) await inner.DeleteAsync(key, cancellationToken);
        return await inner.BeginUploadAsync(key, cancellationToken);
    }

    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => broken == StoreVerb.Delete ? default : inner.DeleteAsync(key, cancellationToken);

    public ValueTask DisposeAsync() => default;

    ValueTask Remember(string key, ValueTask call)
    {
        _askedAbsent[key] = true;
        return call;
    }
}
