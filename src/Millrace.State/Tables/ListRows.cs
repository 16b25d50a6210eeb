using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>The row of a key that has a list: how long it is, and its last, unfinished chunk.</summary>
struct ListRow<T>
{
    /// <summary>Elements of the whole list; more than zero.</summary>
    public int Count;

    /// <summary>
    /// The elements after the last full chunk; null when there are none. Elements are only ever appended, so a copy of this row shows a
    /// consistent list however many are appended later.
    /// </summary>
    public T[]? Tail;
}

/// <summary>Names one full chunk of a key's list.</summary>
/// <param name="Key">The key.</param>
/// <param name="Number">From zero, in the order of the list.</param>
readonly record struct ListChunkKey<TKey>(TKey Key, int Number);

/// <summary>Operations of <see cref="ListChunkKey{TKey}"/>.</summary>
readonly struct ListChunkOps<TKey, TOps> : IKeyOps<ListChunkKey<TKey>> where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public uint Hash(ListChunkKey<TKey> key) => Hash(default(TOps).Hash(key.Key), key.Number);

    /// <summary>Where a chunk is in memory; never stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(uint keyHash, int number) => KeyHash.Finish(((ulong)keyHash << 32) | (uint)number);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(ListChunkKey<TKey> left, ListChunkKey<TKey> right) =>
        left.Number == right.Number && default(TOps).Equals(left.Key, right.Key);
}
