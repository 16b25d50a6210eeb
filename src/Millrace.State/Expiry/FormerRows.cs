using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>Where the rows go of a snapshot in which their state had a TTL that it has no more: those that lived move into its tables.</summary>
/// <param name="make">Makes what reads them, given their time.</param>
/// <param name="move">Moves those that are left.</param>
sealed class FormerRows<TRows>(Func<RowTtl, TRows> make, Action<TRows> move) : IStampedRows where TRows : class, IStampedRows
{
    TRows? _rows;

    /// <inheritdoc/>
    public long Expired { get; private set; }

    /// <inheritdoc/>
    public void OnCut()
    {
    }

    /// <inheritdoc/>
    public void BeginRestore(RestoredFrom from)
    {
        // A time that stands still before everything, so that nothing is over but what was at the snapshot.
        _rows = make(new(from.Written.Ttl!, static () => Timestamp.None));
        _rows.BeginRestore(from);
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row) => _rows!.Restore(row);

    /// <inheritdoc/>
    public void OnRestored()
    {
        if (_rows is null) return;
        _rows.OnRestored();
        Expired += _rows.Expired;
        move(_rows);
        _rows = null;
    }
}

/// <summary>Rows that had a TTL, by the kind of their state.</summary>
static class FormerRows
{
    /// <summary>Values, which move into a table.</summary>
    public static IStampedRows OfTable<TKey, T, TOps>(string name, ValueFormat<T> values, StateTable<TKey, T, TOps> table) where TOps : struct, IKeyOps<TKey> =>
        new FormerRows<ExpiringRows<TKey, T, TOps>>(
            ttl =>
            {
                ExpiringRows<TKey, T, TOps> rows = new(name, ttl);
                rows.Begin(values);
                return rows;
            },
            rows =>
            {
                foreach ((uint hash, TKey key, Stamped<T> row) in rows.Rows()) table.GetOrAdd(hash, key, out _) = row.Value;
            });

    /// <summary>Elements of lists, which fill the list of each key.</summary>
    public static IStampedRows OfLists<TKey, T, TOps>(string name, Action<uint, TKey, T[]> fill) where TOps : struct, IKeyOps<TKey> =>
        new FormerRows<ExpiringLists<TKey, T, TOps>>(
            ttl =>
            {
                ExpiringLists<TKey, T, TOps> lists = new(name, ttl, new());
                lists.Begin();
                return lists;
            },
            lists =>
            {
                foreach ((uint hash, TKey key, T[] values) in lists.Rows()) fill(hash, key, values);
            });

    /// <summary>Entries of maps.</summary>
    public static IStampedRows OfMaps<TKey, TMapKey, TValue, TOps, TMapOps>(string name, KeyContext<TKey> context, TableMapState<TKey, TMapKey, TValue, TOps, TMapOps> maps)
        where TMapKey : notnull
        where TOps : struct, IKeyOps<TKey>
        where TMapOps : struct, IKeyOps<TMapKey> =>
        new FormerRows<ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps>>(
            ttl =>
            {
                ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps> former = new(name, context, ttl);
                former.Begin();
                return former;
            },
            former =>
            {
                foreach ((uint hash, TKey key, TMapKey mapKey, long order, Stamped<TValue> value) in former.Entries.Rows()) maps.RestoreEntry(hash, key, mapKey, order, value.Value);
            });
}
