using Millrace.Connectors.PostgreSql;

namespace Millrace;

/// <summary>A sink that inserts rows exactly once. Made by <see cref="PostgresSink.Transactional"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <remarks>
/// <para>A fresh run adds to the table; nothing is replaced. A prepared transaction holds its locks until it is committed or, after a crash, until the job
/// starts again: a job that is not to start again leaves transactions behind that are named <c>millrace/job/operator/…</c> in
/// <c>pg_prepared_xacts</c>, and end with <c>ROLLBACK PREPARED</c>.</para>
/// </remarks>
public sealed class PostgresTransactionalSink<T> : ITransactionalSink<T, PostgresPart<T>, PostgresPrepared>
{
    readonly PostgresTarget _target;
    readonly RecordColumns<T> _columns;

    internal PostgresTransactionalSink(PostgresTarget target, RecordColumns<T> columns)
    {
        _target = target;
        _columns = columns;
    }

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _target.Problems.Concat(_columns.Problems);

    /// <summary>The same sink, with a property in a column of another name.</summary>
    /// <param name="property">The name of a public property: <c>nameof(Order.Id)</c>.</param>
    /// <param name="column">The column, as it is called in the catalog.</param>
    public PostgresTransactionalSink<T> Rename(string property, string column) => new(_target, _columns.Rename(property, column));

    /// <summary>The same sink, without a column for a property.</summary>
    /// <param name="property">The name of a public property.</param>
    public PostgresTransactionalSink<T> Ignore(string property) => new(_target, _columns.Ignore(property));

    /// <summary>The same sink, with a column that is computed.</summary>
    /// <param name="column">The column, as it is called in the catalog.</param>
    /// <param name="value">Makes the value. Pure; shared by all parallel instances.</param>
    public PostgresTransactionalSink<T> Column<TValue>(string column, Func<T, TValue> value) => new(_target, _columns.Add(column, value));

    /// <inheritdoc/>
    public async ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        await TargetCheck.TransactionsAsync(_target, context, cancellationToken).ConfigureAwait(false);
        await TargetCheck.TableAsync(_target, context, _columns, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask AbandonAsync(SinkContext context, IReadOnlyList<PostgresPrepared> owed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(owed);
        TableShape shape = await TableShape.ReadAsync(_target, context.OperatorId, cancellationToken).ConfigureAwait(false);
        await Fence.RaiseAsync(_target, shape.Schema, context, cancellationToken).ConfigureAwait(false);
        await PreparedTransactions.RollBackAsync(_target, shape.Schema, context, owed, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ITransactionalWriter<T, PostgresPart<T>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(function);
        TableShape shape = await TableShape.ReadAsync(_target, context.OperatorId, cancellationToken).ConfigureAwait(false);
        return new PostgresTransactionalWriter<T>(_target, _columns, shape, context, function.Subtask);
    }

    /// <inheritdoc/>
    public async ValueTask<PostgresPrepared> PrepareAsync(PostgresPart<T> part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(part);
        return await part.PrepareAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<CommitOutcome> CommitAsync(PostgresPrepared prepared, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        return await PreparedTransactions.CommitAsync(_target, prepared, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"transactions in {_target}";
}

/// <summary>A prepared transaction.</summary>
/// <param name="Transaction">Its identifier on the server.</param>
/// <param name="Schema">The schema with the table of commits.</param>
public sealed record PostgresPrepared(string Transaction, string Schema)
{
    /// <summary>The identifier.</summary>
    public override string ToString() => Transaction;
}
