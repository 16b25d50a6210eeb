using System.Globalization;
using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>Refuses servers and tables with which a sink cannot keep its promise. Everything that will be written is tried with no row.</summary>
static class TargetCheck
{
    const int PreparedPerInstance = 2;

    /// <summary>The server must keep two prepared transactions per instance: one whose checkpoint is not complete, one that is being committed.</summary>
    /// <exception cref="SinkRefusedException">It does not.</exception>
    public static async Task TransactionsAsync(PostgresTarget target, SinkContext context, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            using NpgsqlCommand command = new("SELECT current_setting('max_prepared_transactions')::int, pg_is_in_recovery()", connection);
            NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                int max = reader.GetInt32(0), needed = PreparedPerInstance * context.Parallelism;
                if (reader.GetBoolean(1)) throw new SinkRefusedException($"'{context.OperatorId}' is to write {target}, which is a standby. Connect to the primary.");
                if (max >= needed) return;
                throw new SinkRefusedException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{context.OperatorId}' writes {target} exactly once with prepared transactions, of which {context.Parallelism} instances need {needed}, "
                    + $"and the server allows {max}: set max_prepared_transactions = {Math.Max(needed * 2, 16)} or more in postgresql.conf and restart the server"
                    + $"{(max > 1 ? ", run the sink in fewer instances" : "")}, or write with PostgresSink.Upsert, which needs none."));
            }
        }
    }

    /// <summary>The table must have the columns, take the values, and be written only by those who may.</summary>
    /// <returns>The table.</returns>
    /// <exception cref="SinkRefusedException">It does not.</exception>
    public static async Task<TableShape> TableAsync<T>(PostgresTarget target, SinkContext context, RecordColumns<T> columns, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            TableShape shape = await TableShape.ReadAsync(connection, target, context.OperatorId, cancellationToken).ConfigureAwait(false);
            foreach (string problem in Problems(target, shape, columns.Names)) throw new SinkRefusedException($"'{context.OperatorId}' cannot write {target}: {problem}");
            await SinkTables.CreateAsync(connection, shape.Schema, context.OperatorId, cancellationToken).ConfigureAwait(false);
            await TryAsync(connection, target, context, shape, columns, cancellationToken).ConfigureAwait(false);
            return shape;
        }
    }

    static IEnumerable<string> Problems(PostgresTarget target, TableShape shape, IReadOnlyCollection<string> written)
    {
        string there = string.Join(", ", shape.Columns.Select(static c => c.Name));
        foreach (string name in written.Where(name => shape.Columns.All(c => c.Name != name)))
            yield return $"it has no column {name}; its columns are {there}. Add the column, or say .Rename or .Ignore for the property.";
        foreach (ColumnShape column in shape.Columns)
        {
            bool isWritten = written.Contains(column.Name);
            if (isWritten && column.IsGenerated) yield return $"the server generates the column {column.Name}. Say .Ignore for the property.";
            if (!isWritten && column.MustBeGiven && !column.IsGenerated)
                yield return $"the column {column.Name} is not null and has no default, and nothing writes it. Give it a default, or add it with .Column.";
            if (target.Keys.Contains(column.Name) && column.IsNullable)
                yield return $"the key column {column.Name} may be null, and a row without key would be inserted again after a restart. Make it NOT NULL.";
        }
    }

    static async Task TryAsync<T>(
        NpgsqlConnection connection, PostgresTarget target, SinkContext context, TableShape shape, RecordColumns<T> columns, CancellationToken cancellationToken)
    {
        RowBatch<T> none = new(columns);
        using NpgsqlCommand command = new(target.Keys.Count == 0 ? RowStatement.Insert(shape, columns.Names) : RowStatement.Upsert(shape, columns.Names, target.Keys, "true"), connection);
        none.AddTo(command.Parameters);
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InvalidColumnReference)
        {
            throw new SinkRefusedException(
                $"'{context.OperatorId}' cannot write {target}: no primary key or unique index is exactly ({string.Join(", ", target.Keys)}). "
                + "Create one, or name the columns of the one there is.");
        }
        catch (PostgresException e) when (e.SqlState.StartsWith("42", StringComparison.Ordinal))
        {
            throw new SinkRefusedException(
                $"'{context.OperatorId}' cannot write {target}: {e.MessageText}{(e.Hint is null ? "" : $" ({e.Hint})")}. "
                + "Change the column or the property so that the server converts the one to the other, or give this user the right to write.");
        }
    }
}
