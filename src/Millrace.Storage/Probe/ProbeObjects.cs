using System.Collections.Concurrent;
using System.Text;

namespace Millrace.Storage;

/// <summary>The objects of one probe: their names, so that they can be deleted without listing, and what they should hold. Thread-safe.</summary>
sealed class ProbeObjects(IObjectStore store, string folder)
{
    readonly ConcurrentDictionary<string, bool> _keys = new(StringComparer.Ordinal);

    public IObjectStore Store => store;

    /// <summary>A key of the probe's, which will be cleared.</summary>
    public string Key(string name)
    {
        string key = $"{folder}/{name}";
        _keys.TryAdd(key, true);
        return key;
    }

    /// <summary>Bytes that tell who wrote them.</summary>
    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Many bytes, each place different from those near it, and different for every writer.</summary>
    public static byte[] Pattern(int length, int writer)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) bytes[i] = (byte)((i * 31) + (i >> 8) + (i >> 16) + (writer * 101));
        return bytes;
    }

    /// <summary>Creates an object that nobody else creates.</summary>
    public async Task CreateAsync(string key, byte[] content, CancellationToken cancellationToken)
    {
        CreateOutcome outcome = await store.CreateAsync(key, content, cancellationToken).ConfigureAwait(false);
        Require(outcome == CreateOutcome.Created, $"creating a new object was answered {outcome}");
    }

    /// <summary>Reads an object and compares.</summary>
    public async Task RequireContentAsync(string key, byte[] expected, string when, CancellationToken cancellationToken)
    {
        byte[]? found = await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        Require(found is not null, $"an object was absent {when}");
        Require(found.AsSpan().SequenceEqual(expected), $"an object held other bytes {when} ({found!.Length} bytes, expected {expected.Length})");
    }

    /// <summary>Deletes all of them.</summary>
    public async Task<string> ClearAsync(CancellationToken cancellationToken)
    {
        foreach (string[] some in _keys.Keys.Chunk(16)) await Task.WhenAll(some.Select(key => store.DeleteAsync(key, cancellationToken).AsTask())).ConfigureAwait(false);
        return $"{_keys.Count} names cleared";
    }

    public static void Require(bool holds, string seen)
    {
        if (!holds) throw new ProbeFailure(seen);
    }
}
