using System.Diagnostics.CodeAnalysis;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <content>Maps with a TTL in snapshots: as maps without, and a stamp after each entry's value.</content>
sealed partial class ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps>
{
    Codec<TKey>? _keys;
    Codec<TMapKey>? _mapKeys;
    Codec<(long Order, TValue Value)>? _values;
    RestoredStamps? _restored;

    /// <summary>Its face for snapshots.</summary>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    public KeyedRows Open()
    {
        Begin();
        _isFixed = _values.IsDeeplyImmutable;
        StateSchema schema = new()
        {
            Name = name, Layout = StateLayout.Keyed, Kind = "map", Key = _keys.Schema, Sub = _mapKeys.Schema, Value = _values.Schema, Ttl = ttl.Declared,
        };
        return Entries.Open(schema, new StampedEntryFormat<TKey, TMapKey, TValue, TOps>(_keys, _mapKeys, _values, ttl), this);
    }

    /// <summary>Says how entries are read.</summary>
    [MemberNotNull(nameof(_keys), nameof(_mapKeys), nameof(_values))]
    public void Begin()
    {
        _keys = Codec.OfKey<TKey>();
        _mapKeys = Codec.OfKey<TMapKey>();
        _values = Codec.Of<(long Order, TValue Value)>();
    }

    /// <inheritdoc/>
    public void OnCut() => ttl.ReadClock();

    /// <inheritdoc/>
    public void BeginRestore(RestoredFrom from)
    {
        _restored = RestoredStamps.Begin(from, ttl);
        _keys = _keys!.ReadingFrom(from.Written.Key!, SchemaUse.Key);
        _mapKeys = _mapKeys!.ReadingFrom(from.Written.Sub!, SchemaUse.Distinct);
        _values = _values!.ReadingFrom(from.Written.Value);
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row)
    {
        _restored ??= new(null, ttl);
        TKey key = RowReader.Key<TKey, TOps>(row, _keys!);
        TMapKey mapKey = RowReader.Read(row.Sub, _mapKeys!);
        if (mapKey is null) throw new CorruptDataException($"A key of the map '{name}' is null.", 0);
        if (row.IsDeleted)
        {
            Entries.UndoEntry(row.Hash, key, mapKey);
            return;
        }

        CodecReader reader = new(row.Value);
        (long order, TValue value) = _values!.Read(ref reader);
        long stamp = _restored.AreThere ? (long)reader.ReadFixed64() : RowTtl.Unstamped;
        reader.End();
        Entries.RestoreEntry(row.Hash, key, mapKey, order, new(value, stamp));
    }

    /// <inheritdoc/>
    public void OnRestored()
    {
        if (_restored is not null)
        {
            RestoredSweeper sweeper = new(this, _restored);
            SweepCursor cursor = default;
            int all = int.MaxValue;
            while (!Entries.SweepEntries(ref cursor, ref all, ref sweeper)) all = int.MaxValue;
            _restored = null;
        }

        Entries.ChainEntries();
    }

    readonly struct RestoredSweeper(ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps> maps, RestoredStamps stamps)
        : IRowSweep<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, Stamped<TValue>>>
    {
        public bool TryRemove(ref TableSlot<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, Stamped<TValue>>> slot)
        {
            MapRowKey<TKey, TMapKey> row = slot.Key;
            uint hash = default(TOps).Hash(row.Key);
            ref Stamped<TValue> value = ref slot.Value.Value;
            if (!stamps.AreOver(hash, value.Stamp))
            {
                value.Stamp = stamps.Stamp(value.Stamp);
                return false;
            }

            maps.Entries.UndoEntry(hash, row.Key, row.MapKey);
            maps.Ttl.Expired++;
            return true;
        }
    }
}

/// <summary>How entries of maps with a TTL are written.</summary>
sealed class StampedEntryFormat<TKey, TMapKey, TValue, TOps>(
    Codec<TKey> keys, Codec<TMapKey> mapKeys, Codec<(long Order, TValue Value)> values, RowTtl ttl)
    : RowFormat<MapRowKey<TKey, TMapKey>, MapRow<TMapKey, Stamped<TValue>>>
    where TOps : struct, IKeyOps<TKey>
{
    public override RowTtl? Ttl => ttl;

    public override bool IsFixed => values.IsDeeplyImmutable;

    public override bool HasKeyHash => false;

    public override bool IsOver(in MapRow<TMapKey, Stamped<TValue>> value, in TtlLimit limit) => limit.IsOver(value.Value.Stamp);

    public override uint HashOf(uint slotHash, MapRowKey<TKey, TMapKey> key) => default(TOps).Hash(key.Key);

    public override void WriteKey(ref CodecWriter writer, MapRowKey<TKey, TMapKey> key) => keys.Write(ref writer, key.Key);

    public override void WriteSub(ref CodecWriter writer, MapRowKey<TKey, TMapKey> key, long tag) => mapKeys.Write(ref writer, key.MapKey);

    public override void WriteValue(ref CodecWriter writer, in MapRow<TMapKey, Stamped<TValue>> value)
    {
        values.Write(ref writer, (value.Order, value.Value.Value));
        writer.WriteFixed64((ulong)value.Value.Stamp);
    }
}
