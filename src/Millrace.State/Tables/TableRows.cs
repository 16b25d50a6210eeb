namespace Millrace.State.Tables;

/// <summary>Tables as sequences, for everything that is not in a hurry.</summary>
static class TableRows
{
    /// <summary>All rows: hash, key and value, in the order of the table, which must not be written meanwhile.</summary>
    public static IEnumerable<(uint Hash, TKey Key, TValue Value)> Rows<TKey, TValue, TOps>(this StateTable<TKey, TValue, TOps> table)
        where TOps : struct, IKeyOps<TKey>
    {
        TableCursor cursor = default;
        while (table.MoveNext(ref cursor)) yield return RowAt(table, cursor);
    }

    static (uint Hash, TKey Key, TValue Value) RowAt<TKey, TValue, TOps>(StateTable<TKey, TValue, TOps> table, TableCursor cursor)
        where TOps : struct, IKeyOps<TKey>
    {
        ref TableSlot<TKey, TValue> slot = ref table.At(cursor);
        return (slot.Hash, slot.Key, slot.Value);
    }
}
