using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Expiry;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <content>A map in snapshots: a row per entry, with its place in the order of insertion. Heads and links are made from that.</content>
public sealed partial class TableMapState<TKey, TMapKey, TValue, TOps, TMapOps>
{
    bool _isFixed = true;       // Whether values that were read cannot change.

    ISnapshotRows ISnapshotState.OpenSnapshots()
    {
        Codec<TKey> keys = Codec.OfKey<TKey>();
        Codec<TMapKey> mapKeys = Codec.OfKey<TMapKey>();
        Codec<(long Order, TValue Value)> values = Codec.Of<(long Order, TValue Value)>();
        _isFixed = values.IsDeeplyImmutable;
        StateSchema schema = new()
        {
            Name = name, Layout = StateLayout.Keyed, Kind = "map", Key = keys.Schema, Sub = mapKeys.Schema, Value = values.Schema,
        };
        CapturedTables<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>, MapRowOps<TKey, TMapKey, TOps, TMapOps>> rows = new(
            name, new OneTable<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>, MapRowOps<TKey, TMapKey, TOps, TMapOps>>(_rows),
            new MapRowFormat<TKey, TMapKey, TValue, TOps>(keys, mapKeys, values));
        return new KeyedRows(schema, _rows.Clock, [rows], (in row) => Restore(row, keys, mapKeys, values), ChainAll)
        {
            RestoreOf = written =>
            {
                Codec<TKey> writtenKeys = keys.ReadingFrom(written.Key!, SchemaUse.Key);
                Codec<TMapKey> writtenMapKeys = mapKeys.ReadingFrom(written.Sub!, SchemaUse.Distinct);
                Codec<(long Order, TValue Value)> writtenValues = values.ReadingFrom(written.Value);
                return (in row) => Restore(row, writtenKeys, writtenMapKeys, writtenValues);
            },
            FormerlyStamped = () => FormerRows.OfMaps(name, context, this),
        };
    }

    void Restore(in RunRow row, Codec<TKey> keys, Codec<TMapKey> mapKeys, Codec<(long Order, TValue Value)> values)
    {
        TKey key = RowReader.Key<TKey, TOps>(row, keys);
        TMapKey mapKey = RowReader.Read(row.Sub, mapKeys);
        if (mapKey is null) throw new CorruptDataException($"A key of the map '{name}' is null.", 0);
        uint hash = RowHash(row.Hash, mapKey);
        if (row.IsDeleted)
        {
            _rows.Remove(hash, new(key, mapKey));
            return;
        }

        ref MapRow<TMapKey, TValue> entry = ref _rows.GetOrAdd(hash, new(key, mapKey), out _);
        (entry.Order, entry.Value) = RowReader.Read(row.Value, values);
    }

    /// <summary>Chains the entries of all keys in order of insertion.</summary>
    void ChainAll()
    {
        List<(long Order, MapRowKey<TKey, TMapKey> Key)> entries = new((int)_rows.Count);
        foreach ((_, MapRowKey<TKey, TMapKey> key, MapRow<TMapKey, TValue> row) in _rows.Rows()) entries.Add((row.Order, key));
        entries.Sort(static (left, right) => left.Order.CompareTo(right.Order));
        foreach ((long order, MapRowKey<TKey, TMapKey> entry) in entries)
        {
            uint hash = default(TOps).Hash(entry.Key);
            ref MapHead<TMapKey> head = ref _heads.GetOrAdd(hash, entry.Key, out bool isFirst);
            head.NextOrder = order;
            Append(hash, entry.Key, entry.MapKey, ref head, isFirst, ref RowOf(hash, entry.Key, entry.MapKey));
        }
    }
}

/// <summary>How entries of maps are written.</summary>
sealed class MapRowFormat<TKey, TMapKey, TValue, TOps>(Codec<TKey> keys, Codec<TMapKey> mapKeys, Codec<(long Order, TValue Value)> values)
    : RowFormat<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, TValue>>
    where TOps : struct, IKeyOps<TKey>
{
    public override bool IsFixed => values.IsDeeplyImmutable;

    public override bool HasKeyHash => false;

    public override uint HashOf(uint slotHash, MapRowKey<TKey, TMapKey> key) => default(TOps).Hash(key.Key);

    public override void WriteKey(ref CodecWriter writer, MapRowKey<TKey, TMapKey> key) => keys.Write(ref writer, key.Key);

    public override void WriteSub(ref CodecWriter writer, MapRowKey<TKey, TMapKey> key, long tag) => mapKeys.Write(ref writer, key.MapKey);

    public override void WriteValue(ref CodecWriter writer, in MapRow<TMapKey, TValue> value) => values.Write(ref writer, (value.Order, value.Value));
}
