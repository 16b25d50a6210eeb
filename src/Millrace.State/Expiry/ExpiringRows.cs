using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>One value per key, kept for a time: what value, reducing and aggregating state with a TTL are made of. Owned by one task.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="ttl">Its time.</param>
sealed class ExpiringRows<TKey, T, TOps>(string name, RowTtl ttl) : ISweptState, IStampedRows where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, Stamped<T>, TOps> _table = new();
    bool _isFixed = true;       // Whether a value that was read cannot change.
    SweepCursor _sweep;
    Codec<TKey>? _keys;
    ValueFormat<T>? _values;
    RestoredStamps? _restored;

    /// <inheritdoc/>
    public RowTtl Ttl => ttl;

    /// <inheritdoc/>
    public long RowCount => _table.Count;

    /// <inheritdoc/>
    public long Expired => ttl.Expired;

    /// <summary>Whether asking for rows ahead of time pays.</summary>
    public bool IsLarge => _table.IsLarge;

    /// <summary>Asks the memory for the rows of these keys.</summary>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _table.Prefetch(hash);
    }

    /// <summary>Reads a value that lives, which renews it where reads do.</summary>
    public bool TryGet(uint hash, TKey key, [MaybeNullWhen(false)] out T value)
    {
        ref Stamped<T> row = ref Live(hash, key);
        if (Unsafe.IsNullRef(ref row))
        {
            value = default;
            return false;
        }

        bool renews = ttl.IsRefreshedOnRead && ttl.Renewed(row.Stamp) != row.Stamp;
        if (renews || !_isFixed) row = ref _table.Find(hash, key);
        if (renews) row.Stamp = ttl.Renewed(row.Stamp);
        value = row.Value;
        return true;
    }

    /// <summary>Reads a value that lives, to be replaced by one that is made of it. Counts as a write, since making it may change it.</summary>
    public bool TryTake(uint hash, TKey key, [MaybeNullWhen(false)] out T value)
    {
        ref Stamped<T> row = ref Live(hash, key);
        bool has = !Unsafe.IsNullRef(ref row);
        value = has ? _table.Find(hash, key).Value : default;
        return has;
    }

    /// <summary>Stores a value, which renews it.</summary>
    public void Set(uint hash, TKey key, T value)
    {
        ref Stamped<T> row = ref _table.GetOrAdd(hash, key, out bool isNew);
        if (!isNew && ttl.IsOver(row.Stamp))
        {
            ttl.Expired++;
            isNew = true;
        }

        row.Stamp = isNew ? ttl.Stamp : ttl.Renewed(row.Stamp);
        row.Value = value;
    }

    /// <summary>Removes a value. One that was over before is counted, as anywhere.</summary>
    public void Remove(uint hash, TKey key)
    {
        if (!Unsafe.IsNullRef(ref Live(hash, key))) _table.Remove(hash, key);
    }

    /// <summary>All rows, also those that are over: hash, key and value.</summary>
    public IEnumerable<(uint Hash, TKey Key, Stamped<T> Value)> Rows() => _table.Rows();

    /// <inheritdoc/>
    public bool Sweep(ref int slots)
    {
        Sweeper sweeper = new(this);
        if (!_table.Sweep(ref _sweep, ref slots, ref sweeper)) return false;
        _sweep = default;
        return true;
    }

    /// <summary>Its face for snapshots.</summary>
    /// <param name="kind">What snapshots call it.</param>
    /// <exception cref="UnsupportedTypeException">Keys or values cannot be stored.</exception>
    public KeyedRows Open(string kind)
    {
        Begin(ValueFormat<T>.Of());
        _isFixed = _values.IsFixed;
        StateSchema schema = new() { Name = name, Layout = StateLayout.Keyed, Kind = kind, Key = _keys.Schema, Value = _values.Schema, Ttl = ttl.Declared };
        StampedRowFormat<TKey, T> format = new(new StampedFormat<T>(_values), ttl);
        return new(schema, _table.Clock, [new CapturedTables<TKey, Stamped<T>, TOps>(name, new OneTable<TKey, Stamped<T>, TOps>(_table), format)], this);
    }

    /// <summary>Says how values are read.</summary>
    [MemberNotNull(nameof(_keys), nameof(_values))]
    public void Begin(ValueFormat<T> values)
    {
        _keys = Codec.OfKey<TKey>();
        _values = values;
    }

    /// <inheritdoc/>
    public void OnCut() => ttl.ReadClock();

    /// <inheritdoc/>
    public void BeginRestore(RestoredFrom from)
    {
        _restored = RestoredStamps.Begin(from, ttl);
        _keys = _keys!.ReadingFrom(from.Written.Key!, SchemaUse.Key);
        _values = _values!.ReadingFrom(from.Written.Value);
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row)
    {
        _restored ??= new(null, ttl);
        TKey key = RowReader.Key<TKey, TOps>(row, _keys!);
        if (row.IsDeleted)
        {
            _table.Remove(row.Hash, key);
            return;
        }

        CodecReader reader = new(row.Value);
        T value = _values!.Read(ref reader);
        long stamp = _restored.AreThere ? (long)reader.ReadFixed64() : RowTtl.Unstamped;
        reader.End();
        _table.GetOrAdd(row.Hash, key, out _) = new(value, stamp);
    }

    /// <inheritdoc/>
    public void OnRestored()
    {
        if (_restored is null) return;
        RestoredSweeper sweeper = new(this, _restored);
        SweepCursor cursor = default;
        int all = int.MaxValue;
        while (!_table.Sweep(ref cursor, ref all, ref sweeper)) all = int.MaxValue;
        _restored = null;
    }

    /// <summary>The row of a key, if it lives. One that does not is removed.</summary>
    ref Stamped<T> Live(uint hash, TKey key)
    {
        ref Stamped<T> row = ref _table.Peek(hash, key);
        if (Unsafe.IsNullRef(ref row) || !ttl.IsOver(row.Stamp)) return ref row;
        _table.Remove(hash, key);
        ttl.Expired++;
        return ref Unsafe.NullRef<Stamped<T>>();
    }

    readonly struct Sweeper(ExpiringRows<TKey, T, TOps> rows) : IRowSweep<TKey, Stamped<T>>
    {
        public bool TryRemove(ref TableSlot<TKey, Stamped<T>> slot)
        {
            RowTtl ttl = rows.Ttl;
            if (!ttl.IsOver(slot.Value.Stamp))
            {
                ttl.Sweeps.Keep(ttl.Counted(slot.Value.Stamp));
                return false;
            }

            rows._table.Remove(slot.Hash, slot.Key);
            ttl.Expired++;
            return true;
        }
    }

    readonly struct RestoredSweeper(ExpiringRows<TKey, T, TOps> rows, RestoredStamps stamps) : IRowSweep<TKey, Stamped<T>>
    {
        public bool TryRemove(ref TableSlot<TKey, Stamped<T>> slot)
        {
            if (!stamps.AreOver(slot.Hash, slot.Value.Stamp))
            {
                slot.Value.Stamp = stamps.Stamp(slot.Value.Stamp);
                return false;
            }

            rows._table.Remove(slot.Hash, slot.Key);
            rows.Ttl.Expired++;
            return true;
        }
    }
}
