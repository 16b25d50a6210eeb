using System.Diagnostics.CodeAnalysis;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>A map per key whose entries are kept for a time, each for itself.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="maps">The entries.</param>
sealed class ExpiringMapState<TKey, TMapKey, TValue, TOps, TMapOps>(
    string name, KeyContext<TKey> context, ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps> maps) : MapState<TMapKey, TValue>, ISnapshotState
    where TMapKey : notnull
    where TOps : struct, IKeyOps<TKey>
    where TMapOps : struct, IKeyOps<TMapKey>
{
    /// <inheritdoc/>
    public override int Count
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            return maps.Count(hash, key);
        }
    }

    /// <inheritdoc/>
    public override bool TryGet(TMapKey mapKey, [MaybeNullWhen(false)] out TValue value)
    {
        uint hash = Require(mapKey, out TKey key);
        return maps.TryGet(hash, key, mapKey, out value);
    }

    /// <inheritdoc/>
    public override void Set(TMapKey mapKey, TValue value)
    {
        uint hash = Require(mapKey, out TKey key);
        maps.Set(hash, key, mapKey, value);
    }

    /// <inheritdoc/>
    public override bool Remove(TMapKey mapKey)
    {
        uint hash = Require(mapKey, out TKey key);
        return maps.Remove(hash, key, mapKey);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        maps.Clear(hash, key);
    }

    /// <inheritdoc/>
    public override KeyValuePair<TMapKey, TValue>[] ToArray()
    {
        uint hash = context.Require(name, out TKey key);
        return maps.ToArray(hash, key);
    }

    ISnapshotRows ISnapshotState.OpenSnapshots() => maps.Open();

    uint Require(TMapKey mapKey, out TKey key)
    {
        if (mapKey is null) throw new ArgumentNullException(nameof(mapKey), $"a key of the map '{name}' is null");
        return context.Require(name, out key);
    }
}
