using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>The entries of maps, each kept for a time. Owned by one task.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="ttl">Its time.</param>
sealed partial class ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps>(string name, KeyContext<TKey> context, RowTtl ttl) : ISweptState, IStampedRows
    where TMapKey : notnull
    where TOps : struct, IKeyOps<TKey>
    where TMapOps : struct, IKeyOps<TMapKey>
{
    bool _isFixed = true;       // Whether values that were read cannot change.
    SweepCursor _sweep;

    /// <inheritdoc/>
    public RowTtl Ttl => ttl;

    /// <inheritdoc/>
    public long RowCount => Entries.EntryCount;

    /// <inheritdoc/>
    public long Expired => ttl.Expired;

    /// <summary>All entries, also those that are over.</summary>
    public TableMapState<TKey, TMapKey, Stamped<TValue>, TOps, TMapOps> Entries { get; } = new(name, context);

    /// <summary>How many entries of a key live: goes through them.</summary>
    public int Count(uint hash, TKey key)
    {
        int left = Entries.CountOf(hash, key, out TMapKey mapKey);
        int count = left;
        for (; left > 0; left--)
        {
            ref MapRow<TMapKey, Stamped<TValue>> row = ref Entries.PeekEntry(hash, key, mapKey);
            TMapKey after = row.After;
            if (ttl.IsOver(row.Value.Stamp))
            {
                Expire(hash, key, mapKey);
                count--;
            }

            mapKey = after;
        }

        return count;
    }

    /// <summary>Reads an entry that lives, which renews it where reads do.</summary>
    public bool TryGet(uint hash, TKey key, TMapKey mapKey, [MaybeNullWhen(false)] out TValue value)
    {
        ref MapRow<TMapKey, Stamped<TValue>> row = ref Entries.PeekEntry(hash, key, mapKey);
        bool has = !Unsafe.IsNullRef(ref row);
        if (has && ttl.IsOver(row.Value.Stamp))
        {
            Expire(hash, key, mapKey);
            has = false;
        }

        value = has ? Read(hash, key, mapKey, ref row) : default;
        return has;
    }

    /// <summary>Adds or replaces an entry, which renews it. One that was over begins anew, at the end.</summary>
    public void Set(uint hash, TKey key, TMapKey mapKey, TValue value)
    {
        ref MapRow<TMapKey, Stamped<TValue>> row = ref Entries.PeekEntry(hash, key, mapKey);
        long stamp = ttl.Stamp;
        if (!Unsafe.IsNullRef(ref row))
        {
            if (ttl.IsOver(row.Value.Stamp)) Expire(hash, key, mapKey);
            else stamp = ttl.Renewed(row.Value.Stamp);
        }

        Entries.SetEntry(hash, key, mapKey, new(value, stamp));
    }

    /// <summary>Removes an entry; false when none lives.</summary>
    public bool Remove(uint hash, TKey key, TMapKey mapKey)
    {
        ref MapRow<TMapKey, Stamped<TValue>> row = ref Entries.PeekEntry(hash, key, mapKey);
        if (Unsafe.IsNullRef(ref row)) return false;
        bool isOver = ttl.IsOver(row.Value.Stamp);
        if (isOver) ttl.Expired++;
        Entries.RemoveEntry(hash, key, mapKey);
        return !isOver;
    }

    /// <summary>Removes all entries of the current key. Those that were over before are counted, as anywhere.</summary>
    public void Clear(uint hash, TKey key)
    {
        if (Count(hash, key) > 0) Entries.Clear();
    }

    /// <summary>The entries of a key that live, in order of insertion; reading renews them where reads do.</summary>
    public KeyValuePair<TMapKey, TValue>[] ToArray(uint hash, TKey key)
    {
        if (Count(hash, key) == 0) return [];
        var all = new KeyValuePair<TMapKey, TValue>[Entries.CountOf(hash, key, out TMapKey mapKey)];
        for (int at = 0; at < all.Length; at++)
        {
            ref MapRow<TMapKey, Stamped<TValue>> row = ref Entries.PeekEntry(hash, key, mapKey);
            TMapKey after = row.After;
            all[at] = new(mapKey, Read(hash, key, mapKey, ref row));
            mapKey = after;
        }

        return all;
    }

    /// <inheritdoc/>
    public bool Sweep(ref int slots)
    {
        Sweeper sweeper = new(this);
        if (!Entries.SweepEntries(ref _sweep, ref slots, ref sweeper)) return false;
        _sweep = default;
        return true;
    }

    TValue Read(uint hash, TKey key, TMapKey mapKey, ref MapRow<TMapKey, Stamped<TValue>> row)
    {
        bool renews = ttl.IsRefreshedOnRead && ttl.Renewed(row.Value.Stamp) != row.Value.Stamp;
        if (renews || !_isFixed) row = ref Entries.FindEntry(hash, key, mapKey);
        if (renews) row.Value.Stamp = ttl.Renewed(row.Value.Stamp);
        return row.Value.Value;
    }

    void Expire(uint hash, TKey key, TMapKey mapKey)
    {
        Entries.RemoveEntry(hash, key, mapKey);
        ttl.Expired++;
    }

    readonly struct Sweeper(ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps> maps) : IRowSweep<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, Stamped<TValue>>>
    {
        public bool TryRemove(ref TableSlot<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, Stamped<TValue>>> slot)
        {
            RowTtl ttl = maps.Ttl;
            long stamp = slot.Value.Value.Stamp;
            if (!ttl.IsOver(stamp))
            {
                ttl.Sweeps.Keep(ttl.Counted(stamp));
                return false;
            }

            MapRowKey<TKey, TMapKey> row = slot.Key;
            maps.Expire(default(TOps).Hash(row.Key), row.Key, row.MapKey);
            return true;
        }
    }
}
