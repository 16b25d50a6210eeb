using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>The tables the sinks keep beside the one they write.</summary>
static class SinkTables
{
    /// <summary>A row per sink: which deployment may write.</summary>
    public static string Fence(string schema) => PostgresTarget.Quote(schema) + ".millrace_fence";

    /// <summary>A row per committed transaction, written inside it.</summary>
    public static string Commits(string schema) => PostgresTarget.Quote(schema) + ".millrace_commits";

    /// <summary>Makes them if they are missing.</summary>
    /// <exception cref="SinkRefusedException">They are missing, and this user may not make them.</exception>
    public static async Task CreateAsync(NpgsqlConnection connection, string schema, string operatorId, CancellationToken cancellationToken)
    {
        using NpgsqlCommand find = new("SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = Fence(schema) }, new NpgsqlParameter<string> { TypedValue = Commits(schema) } },
        };
        if (await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true) return;
        string[] statements =
        [
            $"CREATE TABLE IF NOT EXISTS {Fence(schema)} (job text, operator text, term bigint NOT NULL, sequence bigint NOT NULL, nonce text NOT NULL, PRIMARY KEY (job, operator))",
            $"CREATE TABLE IF NOT EXISTS {Commits(schema)} (transaction text PRIMARY KEY, written_at timestamptz NOT NULL DEFAULT now())",
        ];
        try
        {
            // Two that make the same table at once would both fail without the lock, which ends with the transaction.
            using NpgsqlCommand create = new($"BEGIN; SELECT pg_advisory_xact_lock(hashtext('millrace tables')); {string.Join("; ", statements)}; COMMIT", connection);
            await create.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new SinkRefusedException(
                $"'{operatorId}' needs two small tables in the schema {schema}, and this user may not create them: {e.MessageText}. "
                + $"Have them created, and give this user SELECT, INSERT, UPDATE and DELETE on them: {string.Join("; ", statements)};");
        }
    }
}
