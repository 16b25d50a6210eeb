using Millrace.Runtime.Exchange;
using Millrace.State;

namespace Millrace.Runtime.Operators;

/// <summary>
/// The keys and hashes of the records an operator handles next, read and hashed in a block so that the memory of all their rows is on
/// its way before the first is used. Owned by one operator.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TOps">The key type's operations.</typeparam>
/// <param name="keyOf">Reads the key.</param>
public struct KeyBlock<TKey, T, TOps>(Func<T, TKey> keyOf) where TOps : struct, IKeyOps<TKey>
{
    /// <summary>The keys.</summary>
    public readonly TKey[] Keys = new TKey[Limits.PrefetchRecords];

    /// <summary>Their hashes.</summary>
    public readonly uint[] Hashes = new uint[Limits.PrefetchRecords];

    /// <summary>Reads the keys of up to <see cref="Limits.PrefetchRecords"/> records.</summary>
    /// <param name="input">The batch.</param>
    /// <param name="position">The first record; left at the record whose key could not be read, if one throws.</param>
    /// <returns>How many were read.</returns>
    public readonly int Load(Batch<T> input, ref int position)
    {
        int start = position;
        int count = Math.Min(input.Count - start, Limits.PrefetchRecords);
        ReadOnlySpan<T> values = input.Values.AsSpan(start, count);
        Span<TKey> keys = Keys.AsSpan(0, count);
        Span<uint> hashes = Hashes.AsSpan(0, count);
        for (int at = 0; at < values.Length; at++)
        {
            position = start + at;
            TKey key = keyOf(values[at]);
            if (key is null) throw new NullKeyException();
            keys[at] = key;
            hashes[at] = default(TOps).Hash(key);
        }

        position = start;
        return count;
    }
}

/// <summary>A record has no key.</summary>
public sealed class NullKeyException()
    : Exception("the key is null; filter such records out with .Where(…) before .KeyBy(…), or give them a key that is not null");
