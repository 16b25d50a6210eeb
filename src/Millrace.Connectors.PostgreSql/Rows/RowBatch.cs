using Npgsql;
using NpgsqlTypes;

namespace Millrace.Connectors.PostgreSql;

/// <summary>Rows on their way, column by column. Owned by one writer.</summary>
internal sealed class RowBatch<T>
{
    /// <summary>How many rows go in one statement.</summary>
    public const int RowsMax = 2_048;

    readonly ColumnValues<T>[] _columns;

    public RowBatch(RecordColumns<T> columns) => _columns = columns.CreateValues();

    public int Count { get; private set; }

    public bool IsFull => Count >= RowsMax;

    public void Add(T record)
    {
        foreach (ColumnValues<T> column in _columns) column.Set(Count, record);
        Count++;
    }

    public void Clear() => Count = 0;

    /// <summary>The rows as parameters, one array per column. Borrows the values until the statement has run.</summary>
    public void AddTo(NpgsqlParameterCollection parameters)
    {
        foreach (ColumnValues<T> column in _columns) parameters.Add(column.ToParameter(Count));
    }
}

/// <summary>The values of one column.</summary>
internal abstract class ColumnValues<T>
{
    public abstract void Set(int row, T record);

    public abstract NpgsqlParameter ToParameter(int count);
}

/// <summary>The values of one column, as they are sent.</summary>
internal sealed class ColumnValues<T, TValue>(Func<T, TValue> value) : ColumnValues<T>
{
    readonly List<TValue> _values = [];

    public override void Set(int row, T record)
    {
        // What is left of rows that were sent, or of a row of which not every value could be made.
        if (_values.Count > row) _values.RemoveRange(row, _values.Count - row);
        _values.Add(value(record));
    }

    public override NpgsqlParameter ToParameter(int count)
    {
        if (_values.Count > count) _values.RemoveRange(count, _values.Count - count);
        NpgsqlParameter<TValue[]> parameter = new() { TypedValue = [.. _values] };
        // The driver would choose between the types with and without time zone by the first value, which may be null.
        if (typeof(TValue) == typeof(DateTime?)) parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        return parameter;
    }
}
