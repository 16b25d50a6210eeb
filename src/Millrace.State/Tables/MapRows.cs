using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>The row of a key that has a map: how many entries, and the ends of the chain that keeps them in order of insertion.</summary>
struct MapHead<TMapKey>
{
    /// <summary>More than zero.</summary>
    public int Count;

    /// <summary>The order of the next entry.</summary>
    public long NextOrder;

    /// <summary>The oldest entry.</summary>
    public TMapKey First;

    /// <summary>The newest entry.</summary>
    public TMapKey Last;
}

/// <summary>One entry of a key's map. The chain is derived: entries sorted by <see cref="Order"/>.</summary>
struct MapRow<TMapKey, TValue>
{
    /// <summary>The value.</summary>
    public TValue Value;

    /// <summary>Grows from entry to entry of one key.</summary>
    public long Order;

    /// <summary>The entry before; meaningless for the first.</summary>
    public TMapKey Before;

    /// <summary>The entry after; meaningless for the last.</summary>
    public TMapKey After;
}

/// <summary>Names one entry of a key's map.</summary>
/// <param name="Key">The key.</param>
/// <param name="MapKey">The key within the map.</param>
readonly record struct MapRowKey<TKey, TMapKey>(TKey Key, TMapKey MapKey);

/// <summary>Operations of <see cref="MapRowKey{TKey, TMapKey}"/>.</summary>
readonly struct MapRowOps<TKey, TMapKey, TOps, TMapOps> : IKeyOps<MapRowKey<TKey, TMapKey>>
    where TOps : struct, IKeyOps<TKey>
    where TMapOps : struct, IKeyOps<TMapKey>
{
    /// <inheritdoc/>
    public uint Hash(MapRowKey<TKey, TMapKey> key) => Hash(default(TOps).Hash(key.Key), key.MapKey);

    /// <summary>Where an entry is in memory; never stored.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Hash(uint keyHash, TMapKey mapKey) => KeyHash.Finish(((ulong)keyHash << 32) | default(TMapOps).Hash(mapKey));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(MapRowKey<TKey, TMapKey> left, MapRowKey<TKey, TMapKey> right) =>
        default(TMapOps).Equals(left.MapKey, right.MapKey) && default(TOps).Equals(left.Key, right.Key);
}
