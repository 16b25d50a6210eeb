using Millrace.State.Expiry;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <content>Entries of any key, for state that is made of maps.</content>
public sealed partial class TableMapState<TKey, TMapKey, TValue, TOps, TMapOps>
{
    /// <summary>How many entries there are, of all keys.</summary>
    internal long EntryCount => _rows.Count;

    /// <summary>An entry; a null reference when there is none. Does not count as a write. Valid until the next call.</summary>
    internal ref MapRow<TMapKey, TValue> PeekEntry(uint hash, TKey key, TMapKey mapKey) => ref Peek(hash, key, mapKey);

    /// <summary>An entry that is there. Counts as a write. Valid until the next call.</summary>
    internal ref MapRow<TMapKey, TValue> FindEntry(uint hash, TKey key, TMapKey mapKey) => ref _rows.Find(RowHash(hash, mapKey), new(key, mapKey));

    /// <summary>Adds or replaces an entry; one that is there keeps its place.</summary>
    internal void SetEntry(uint hash, TKey key, TMapKey mapKey, TValue value)
    {
        ref MapRow<TMapKey, TValue> row = ref _rows.GetOrAdd(RowHash(hash, mapKey), new(key, mapKey), out bool isNew);
        row.Value = value;
        if (isNew) Append(hash, key, mapKey, ref row);
    }

    /// <summary>Removes an entry that is there.</summary>
    internal void RemoveEntry(uint hash, TKey key, TMapKey mapKey)
    {
        ref MapRow<TMapKey, TValue> row = ref RowOf(hash, key, mapKey);
        (TMapKey before, TMapKey after) = (row.Before, row.After);
        _rows.Remove(RowHash(hash, mapKey), new(key, mapKey));
        Unlink(hash, key, mapKey, before, after);
    }

    /// <summary>How many entries a key has, and the first of them.</summary>
    internal int CountOf(uint hash, TKey key, out TMapKey first)
    {
        bool has = _heads.TryGet(hash, key, out MapHead<TMapKey> head);
        first = head.First;
        return has ? head.Count : 0;
    }

    /// <summary>Looks at more entries.</summary>
    internal bool SweepEntries<TSweep>(ref SweepCursor cursor, ref int slots, scoped ref TSweep sweep)
        where TSweep : struct, IRowSweep<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>> => _rows.Sweep(ref cursor, ref slots, ref sweep);

    /// <summary>Its face for snapshots, where values are more than they are written as.</summary>
    internal KeyedRows Open(StateSchema schema, RowFormat<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>> format, IStampedRows rows)
    {
        _isFixed = format.IsFixed;
        OneTable<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>, MapRowOps<TKey, TMapKey, TOps, TMapOps>> table = new(_rows);
        return new(schema, _rows.Clock, [new CapturedTables<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>, MapRowOps<TKey, TMapKey, TOps, TMapOps>>(schema.Name, table, format)], rows);
    }

    /// <summary>Puts a restored entry into its row; chains are made once all are there.</summary>
    internal void RestoreEntry(uint hash, TKey key, TMapKey mapKey, long order, TValue value)
    {
        ref MapRow<TMapKey, TValue> entry = ref _rows.GetOrAdd(RowHash(hash, mapKey), new(key, mapKey), out _);
        (entry.Order, entry.Value) = (order, value);
    }

    /// <summary>Takes a restored entry out again, before chains are made.</summary>
    internal void UndoEntry(uint hash, TKey key, TMapKey mapKey) => _rows.Remove(RowHash(hash, mapKey), new(key, mapKey));

    /// <summary>All restored entries are there.</summary>
    internal void ChainEntries() => ChainAll();
}
