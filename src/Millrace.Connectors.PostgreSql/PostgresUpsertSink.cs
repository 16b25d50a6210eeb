using Millrace.Connectors.PostgreSql;

namespace Millrace;

/// <summary>A sink that inserts or updates rows by key. Made by <see cref="PostgresSink.Upsert"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <remarks>Each instance writes up to 2,048 rows in one statement, and one statement at a time. Of several versions of a row the last one written counts.</remarks>
public sealed class PostgresUpsertSink<T> : IIdempotentSink<T>
{
    readonly PostgresTarget _target;
    readonly RecordColumns<T> _columns;

    internal PostgresUpsertSink(PostgresTarget target, RecordColumns<T> columns)
    {
        _target = target;
        _columns = columns;
    }

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _target.Problems.Concat(_columns.Problems).Concat(_target.KeyProblems(_columns.Names));

    /// <summary>The same sink, with a property in a column of another name.</summary>
    /// <param name="property">The name of a public property: <c>nameof(Order.Id)</c>.</param>
    /// <param name="column">The column, as it is called in the catalog.</param>
    public PostgresUpsertSink<T> Rename(string property, string column) => new(_target, _columns.Rename(property, column));

    /// <summary>The same sink, without a column for a property.</summary>
    /// <param name="property">The name of a public property.</param>
    public PostgresUpsertSink<T> Ignore(string property) => new(_target, _columns.Ignore(property));

    /// <summary>The same sink, with a column that is computed.</summary>
    /// <param name="column">The column, as it is called in the catalog.</param>
    /// <param name="value">Makes the value. Pure; shared by all parallel instances.</param>
    public PostgresUpsertSink<T> Column<TValue>(string column, Func<T, TValue> value) => new(_target, _columns.Add(column, value));

    /// <inheritdoc/>
    public async ValueTask RaiseFenceAsync(SinkContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TableShape shape = await TargetCheck.TableAsync(_target, context, _columns, cancellationToken).ConfigureAwait(false);
        await Fence.RaiseAsync(_target, shape.Schema, context, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<IIdempotentWriter<T>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        TableShape shape = await TableShape.ReadAsync(_target, context.OperatorId, cancellationToken).ConfigureAwait(false);
        return new PostgresUpsertWriter<T>(_target, _columns, shape, context);
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"rows by key of {_target}";
}
