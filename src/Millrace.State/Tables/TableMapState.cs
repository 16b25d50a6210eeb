using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// A map per key: each entry is a row of one table, found with one probe however many entries a key has. A row per key knows their number
/// and the ends of the chain that runs through them in order of insertion, so listing and clearing touch the key's own entries only, and
/// no single key's map ever has to be moved as a whole.
/// </summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
public sealed partial class TableMapState<TKey, TMapKey, TValue, TOps, TMapOps>(string name, KeyContext<TKey> context)
    : MapState<TMapKey, TValue>, ISnapshotState
    where TMapKey : notnull
    where TOps : struct, IKeyOps<TKey>
    where TMapOps : struct, IKeyOps<TMapKey>
{
    readonly StateTable<TKey, MapHead<TMapKey>, TOps> _heads = new();
    readonly StateTable<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>, MapRowOps<TKey, TMapKey, TOps, TMapOps>> _rows = new();

    /// <inheritdoc/>
    public override int Count
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            return _heads.TryGet(hash, key, out MapHead<TMapKey> head) ? head.Count : 0;
        }
    }

    /// <inheritdoc/>
    public override bool TryGet(TMapKey mapKey, [MaybeNullWhen(false)] out TValue value)
    {
        uint hash = Require(mapKey, out TKey key);
        ref MapRow<TMapKey, TValue> row = ref Read(hash, key, mapKey);
        bool has = !Unsafe.IsNullRef(ref row);
        value = has ? row.Value : default;
        return has;
    }

    /// <inheritdoc/>
    public override void Set(TMapKey mapKey, TValue value)
    {
        uint hash = Require(mapKey, out TKey key);
        ref MapRow<TMapKey, TValue> row = ref _rows.GetOrAdd(RowHash(hash, mapKey), new(key, mapKey), out bool isNew);
        row.Value = value;
        if (isNew) Append(hash, key, mapKey, ref row);
    }

    /// <inheritdoc/>
    public override bool Remove(TMapKey mapKey)
    {
        uint hash = Require(mapKey, out TKey key);
        ref MapRow<TMapKey, TValue> row = ref Peek(hash, key, mapKey);
        if (Unsafe.IsNullRef(ref row)) return false;
        (TMapKey before, TMapKey after) = (row.Before, row.After);
        _rows.Remove(RowHash(hash, mapKey), new(key, mapKey));
        Unlink(hash, key, mapKey, before, after);
        return true;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        if (!_heads.TryGet(hash, key, out MapHead<TMapKey> head)) return;
        _heads.Remove(hash, key);
        TMapKey mapKey = head.First;
        for (int left = head.Count; left > 0; left--)
        {
            TMapKey after = RowOf(hash, key, mapKey).After;
            _rows.Remove(RowHash(hash, mapKey), new(key, mapKey));
            mapKey = after;
        }
    }

    /// <inheritdoc/>
    public override KeyValuePair<TMapKey, TValue>[] ToArray()
    {
        uint hash = context.Require(name, out TKey key);
        if (!_heads.TryGet(hash, key, out MapHead<TMapKey> head)) return [];
        var all = new KeyValuePair<TMapKey, TValue>[head.Count];
        TMapKey mapKey = head.First;
        for (int at = 0; at < all.Length; at++)
        {
            ref MapRow<TMapKey, TValue> row = ref Read(hash, key, mapKey);
            Invariant.That(!Unsafe.IsNullRef(ref row), "the chain of a map runs through its entries");
            all[at] = new(mapKey, row.Value);
            mapKey = row.After;
        }

        return all;
    }

    /// <summary>All entries of all keys: the key's hash, both keys, order of insertion within the key, and value, in the order of the table.</summary>
    internal IEnumerable<(uint Hash, TKey Key, TMapKey MapKey, long Order, TValue Value)> Rows()
    {
        foreach ((_, MapRowKey<TKey, TMapKey> key, MapRow<TMapKey, TValue> row) in _rows.Rows())
            yield return (default(TOps).Hash(key.Key), key.Key, key.MapKey, row.Order, row.Value);
    }

    /// <summary>How many rows there are, of keys and of entries.</summary>
    internal (long Keys, long Entries) RowCounts => (_heads.Count, _rows.Count);

    /// <summary>Puts a new entry at the end of the chain.</summary>
    void Append(uint hash, TKey key, TMapKey mapKey, ref MapRow<TMapKey, TValue> row)
    {
        ref MapHead<TMapKey> head = ref _heads.GetOrAdd(hash, key, out bool isFirst);
        Append(hash, key, mapKey, ref head, isFirst, ref row);
    }

    void Append(uint hash, TKey key, TMapKey mapKey, ref MapHead<TMapKey> head, bool isFirst, ref MapRow<TMapKey, TValue> row)
    {
        TMapKey before = head.Last;
        row.Order = head.NextOrder++;
        row.Before = before;
        head.Last = mapKey;
        head.Count = checked(head.Count + 1);
        if (isFirst) head.First = mapKey;
        else RowOf(hash, key, before).After = mapKey;
    }

    /// <summary>Closes the gap an entry leaves in the chain; the last one takes the key's row with it.</summary>
    void Unlink(uint hash, TKey key, TMapKey mapKey, TMapKey before, TMapKey after)
    {
        ref MapHead<TMapKey> head = ref _heads.Find(hash, key);
        Invariant.That(!Unsafe.IsNullRef(ref head), "a map with an entry has a row for its key");
        if (--head.Count == 0)
        {
            _heads.Remove(hash, key);
            return;
        }

        if (default(TMapOps).Equals(head.First, mapKey)) head.First = after;
        else if (default(TMapOps).Equals(head.Last, mapKey)) head.Last = before;
        else
        {
            RowOf(hash, key, before).After = after;
            RowOf(hash, key, after).Before = before;
        }
    }

    uint Require(TMapKey mapKey, out TKey key)
    {
        if (mapKey is null) throw new ArgumentNullException(nameof(mapKey), $"a key of the map '{name}' is null");
        return context.Require(name, out key);
    }

    static uint RowHash(uint hash, TMapKey mapKey) => MapRowOps<TKey, TMapKey, TOps, TMapOps>.Hash(hash, mapKey);

    /// <summary>An entry whose value is read: counts as a write when the value can be changed by whoever gets it.</summary>
    ref MapRow<TMapKey, TValue> Read(uint hash, TKey key, TMapKey mapKey) =>
        ref (_isFixed ? ref Peek(hash, key, mapKey) : ref _rows.Find(RowHash(hash, mapKey), new(key, mapKey)));

    /// <summary>An entry for what no snapshot has of it: whether it is there, and its links.</summary>
    ref MapRow<TMapKey, TValue> Peek(uint hash, TKey key, TMapKey mapKey) => ref _rows.Peek(RowHash(hash, mapKey), new(key, mapKey));

    ref MapRow<TMapKey, TValue> RowOf(uint hash, TKey key, TMapKey mapKey)
    {
        ref MapRow<TMapKey, TValue> row = ref Peek(hash, key, mapKey);
        Invariant.That(!Unsafe.IsNullRef(ref row), "the chain of a map runs through its entries");
        return ref row;
    }
}
