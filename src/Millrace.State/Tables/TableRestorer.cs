using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>Restores rows block by block. Owned by one task; not thread-safe.</summary>
interface IBlockRestorer
{
    /// <summary>Says what the rows were written with that are about to come.</summary>
    /// <exception cref="IncompatibleSchemaException">They cannot be read as the types of the table.</exception>
    void ReadFrom(StateSchema written);

    /// <summary>Makes room for rows that are about to come.</summary>
    void Expect(long rows);

    /// <summary>Restores the rows that are left of a block.</summary>
    /// <exception cref="CorruptDataException">The bytes are not rows of the state.</exception>
    void Restore(IRunReader run);
}

/// <summary>
/// Restores rows of one value per key: decodes some, asks the memory for where they belong, and then puts them there, because in a
/// large table every row is a cache miss.
/// </summary>
/// <param name="table">The table.</param>
/// <param name="keys">How keys are written.</param>
/// <param name="values">How values are written.</param>
sealed class TableRestorer<TKey, TValue, TOps>(StateTable<TKey, TValue, TOps> table, Codec<TKey> keys, ValueFormat<TValue> values) : IBlockRestorer
    where TOps : struct, IKeyOps<TKey>
{
    const int RowsAhead = 64;

    readonly Codec<TKey> _ownKeys = keys;
    readonly ValueFormat<TValue> _ownValues = values;
    readonly Codec<TValue>? _codec = (values as CodecFormat<TValue>)?.Codec;
    Codec<TKey> _keys = keys;
    ValueFormat<TValue> _values = values;

    // Whether the bytes are those of the types' own codecs, which are read inline where the types are common.
    bool _isOwn = true;
    Pending[] _pending = [];

    public void ReadFrom(StateSchema written)
    {
        _keys = _ownKeys.ReadingFrom(written.Key!, SchemaUse.Key);
        _values = _ownValues.ReadingFrom(written.Value);
        _isOwn = ReferenceEquals(_keys, _ownKeys) && ReferenceEquals(_values, _ownValues);
    }

    public void Expect(long rows) => table.Reserve(rows);

    public void Restore(in RunRow row) => Put(Read(row));

    public void Restore(IRunReader run)
    {
        if (_pending.Length == 0) _pending = new Pending[RowsAhead];
        for (int count = RowsAhead; count == RowsAhead;)
        {
            for (count = 0; count < RowsAhead && run.MoveNext(); count++)
            {
                RunRow row = run.Row;
                table.Prefetch(row.Hash);
                _pending[count] = Read(row);
            }

            foreach (ref Pending row in _pending.AsSpan(0, count)) Put(row);
        }
    }

    /// <summary>All rows are there.</summary>
    public void End() => _pending = [];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Pending Read(in RunRow row) => _isOwn ? ReadOwn(row) : ReadOther(row);

    [MethodImpl(MethodImplOptions.NoInlining)]
    Pending ReadOther(in RunRow row)
    {
        TKey key = RowReader.Key<TKey, TOps>(row, _keys);
        return new(row.Hash, row.IsDeleted, key, row.IsDeleted ? default! : RowReader.Value(row, _values));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    Pending ReadOwn(in RunRow row)
    {
        TKey key = RowReader.OwnKey<TKey, TOps>(row, _ownKeys);
        if (row.IsDeleted) return new(row.Hash, true, key, default!);
        if (_codec is null) return new(row.Hash, false, key, RowReader.Value(row, _ownValues));
        CodecReader reader = new(row.Value);
        TValue value = RowScalars.Read(ref reader, _codec);
        reader.End();
        return new(row.Hash, false, key, value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    void Put(in Pending row)
    {
        if (row.IsDeleted) table.Remove(row.Hash, row.Key);
        else table.GetOrAdd(row.Hash, row.Key, out _) = row.Value;
    }

    readonly record struct Pending(uint Hash, bool IsDeleted, TKey Key, TValue Value);
}
