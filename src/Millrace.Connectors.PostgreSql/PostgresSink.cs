using Millrace.Connectors.PostgreSql;

namespace Millrace;

/// <summary>
/// Writes tables of PostgreSQL (12 or later). Records become rows: the public properties of the record type are the columns, in snake case
/// (<c>AirportHour</c> is <c>airport_hour</c>), unless told otherwise. Values are converted by the server to the types of the columns;
/// times are UTC, enumerations are their names.
/// </summary>
/// <remarks>
/// <para>The table must exist; it is checked before the job starts, with everything that will be written to it. Beside it the sinks keep small
/// tables of their own, <c>millrace_fence</c> and <c>millrace_commits</c>, which they make if they are missing.</para>
/// <para>Sinks connect to the server itself or to a pool that keeps a session per connection; pools that share sessions between transactions hide the
/// sessions of earlier deployments, which must be found and ended. Connection strings are never logged or shown.</para>
/// </remarks>
public static class PostgresSink
{
    /// <summary>
    /// Inserts rows or updates those with the same key, visible at once. Writing a record again changes nothing, so after a restart the
    /// table ends as if nothing had happened; in between it may show results from before and after the checkpoint together.
    /// </summary>
    /// <param name="connectionString">An Npgsql connection string. Borrowed; never shown.</param>
    /// <param name="table">The table, as in SQL: <c>orders</c>, <c>sales.orders</c>.</param>
    /// <param name="keys">The columns of the key: those of the primary key, or of a unique index of columns that are not null.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static PostgresUpsertSink<T> Upsert<T>(string connectionString, string table, params IReadOnlyList<string> keys)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(keys);
        return new(new PostgresTarget(connectionString, table, [.. keys]), RecordColumns<T>.Default);
    }

    /// <summary>
    /// Inserts rows, each exactly once, visible when the checkpoint is complete that contains them: written in transactions that are prepared at
    /// checkpoints (<c>PREPARE TRANSACTION</c>) and committed once the checkpoint is. The server needs <c>max_prepared_transactions</c> of at
    /// least twice the parallelism of the sink.
    /// </summary>
    /// <param name="connectionString">An Npgsql connection string. Borrowed; never shown.</param>
    /// <param name="table">The table, as in SQL: <c>orders</c>, <c>sales.orders</c>.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static PostgresTransactionalSink<T> Transactional<T>(string connectionString, string table)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        ArgumentNullException.ThrowIfNull(table);
        return new(new PostgresTarget(connectionString, table, []), RecordColumns<T>.Default);
    }
}
