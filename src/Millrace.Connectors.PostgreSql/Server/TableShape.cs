using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>A column as the catalog has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, as in SQL, without limits.</param>
/// <param name="MustBeGiven">Whether it is not null and has no default.</param>
/// <param name="IsNullable">Whether it may be null.</param>
/// <param name="IsGenerated">Whether the server alone writes it.</param>
internal sealed record ColumnShape(string Name, string Type, bool MustBeGiven, bool IsNullable, bool IsGenerated);

/// <summary>A table as the catalog has it. Immutable.</summary>
internal sealed record TableShape(string Schema, string Table, IReadOnlyList<ColumnShape> Columns)
{
    /// <summary>The name for statements.</summary>
    public string Sql => $"{PostgresTarget.Quote(Schema)}.{PostgresTarget.Quote(Table)}";

    /// <summary>Asks the catalog.</summary>
    /// <exception cref="SinkRefusedException">There is no such table.</exception>
    public static async Task<TableShape> ReadAsync(PostgresTarget target, string operatorId, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false)) return await ReadAsync(connection, target, operatorId, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the catalog.</summary>
    /// <exception cref="SinkRefusedException">There is no such table.</exception>
    public static async Task<TableShape> ReadAsync(NpgsqlConnection connection, PostgresTarget target, string operatorId, CancellationToken cancellationToken)
    {
        // -1 stands for "any length": without it char(10) would be called character, which means one character.
        using NpgsqlCommand command = new(
            """
            SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, -1), a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attgenerated <> '' OR a.attidentity = 'a'
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'f') ORDER BY a.attnum
            """, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = target.Table } } };
        List<ColumnShape> columns = [];
        string schema = "", table = "";
        NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                (schema, table) = (reader.GetString(0), reader.GetString(1));
                bool isNotNull = reader.GetBoolean(4), isGenerated = reader.GetBoolean(6);
                columns.Add(new(reader.GetString(2), reader.GetString(3), isNotNull && !reader.GetBoolean(5), !isNotNull, isGenerated));
            }
        }

        return columns.Count > 0 ? new(schema, table, columns) : throw new SinkRefusedException(
            $"'{operatorId}' is to write {target}, and there is no such table, or this user may not see it. Create it, or name it with its schema (sales.orders).");
    }
}
