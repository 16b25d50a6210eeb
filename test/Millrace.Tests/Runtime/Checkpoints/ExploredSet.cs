using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>Hashes by which states of an exploration are told apart: 128 bits, so that two of a few million never share one.</summary>
static class Fingerprints
{
    static readonly ConcurrentDictionary<string, UInt128> s_texts = new(StringComparer.Ordinal);

    /// <summary>That of a text; computed once.</summary>
    public static UInt128 Of(string text) => s_texts.GetOrAdd(text, static t => BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(t))));

    /// <summary>One of two, in their order.</summary>
    public static UInt128 Mix(UInt128 first, UInt128 second)
    {
        ulong a = Spread((ulong)first ^ (ulong)(second >> 64), (ulong)second), b = Spread((ulong)(first >> 64) + 0x9E3779B97F4A7C15, (ulong)second ^ a);
        return new UInt128(a, b);
    }

    public static UInt128 Mix(UInt128 first, long second) => Mix(first, (UInt128)(ulong)second + 1);

    static ulong Spread(ulong left, ulong right)
    {
        ulong low = Math.BigMul(left ^ 0xA0761D6478BD642F, right ^ 0xE7037ED1A0B428DB, out ulong high) ^ high;
        low ^= low >> 32;
        low *= 0xD6E8FEB86659FD93;
        return low ^ (low >> 29);
    }
}

/// <summary>A small set that knows its fingerprint. Immutable.</summary>
/// <typeparam name="T">The element type.</typeparam>
readonly struct ExploredSet<T>
{
    readonly ImmutableArray<(T Item, UInt128 Hash)> _items;

    ExploredSet(ImmutableArray<(T, UInt128)> items, UInt128 hash)
    {
        _items = items;
        Hash = hash;
    }

    /// <summary>Nothing.</summary>
    public static ExploredSet<T> Empty { get; } = new([], 0);

    /// <summary>The same for the same elements, whatever order they came in.</summary>
    public UInt128 Hash { get; }

    public IEnumerable<T> Items => _items.Select(static i => i.Item);

    public int Count => _items.Length;

    public T this[int index] => _items[index].Item;

    public bool Contains(UInt128 hash)
    {
        foreach ((_, UInt128 own) in _items)
        {
            if (own == hash) return true;
        }

        return false;
    }

    public ExploredSet<T> With(T item, UInt128 hash) => Contains(hash) ? this : new(_items.Add((item, hash)), Hash ^ Fingerprints.Mix(hash, hash));

    public ExploredSet<T> Without(UInt128 hash)
    {
        for (int i = 0; i < _items.Length; i++)
        {
            if (_items[i].Hash == hash) return new(_items.RemoveAt(i), Hash ^ Fingerprints.Mix(hash, hash));
        }

        return this;
    }
}

/// <summary>Sets of texts.</summary>
static class ExploredTexts
{
    public static bool Has(this ExploredSet<string> set, string text) => set.Contains(Fingerprints.Of(text));

    public static ExploredSet<string> Add(this ExploredSet<string> set, string text) => set.With(text, Fingerprints.Of(text));
}
