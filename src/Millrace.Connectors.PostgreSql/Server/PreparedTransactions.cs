using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>Ends prepared transactions, one way or the other.</summary>
static class PreparedTransactions
{
    /// <summary>Commits one. Whoever comes too late finds the row that it has written of itself.</summary>
    public static async Task<CommitOutcome> CommitAsync(PostgresTarget target, PostgresPrepared prepared, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            if (await TryEndAsync(connection, "COMMIT PREPARED", prepared.Transaction, cancellationToken).ConfigureAwait(false)) return CommitOutcome.Committed;
            using NpgsqlCommand find = new($"SELECT EXISTS (SELECT 1 FROM {SinkTables.Commits(prepared.Schema)} WHERE transaction = $1)", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = prepared.Transaction } },
            };
            return await find.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is true ? CommitOutcome.Already : CommitOutcome.Missing;
        }
    }

    /// <summary>Rolls back what earlier deployments of the sink prepared and nobody owes, and forgets commits nobody asks for any more.</summary>
    public static async Task RollBackAsync(
        PostgresTarget target, string schema, SinkContext context, IReadOnlyList<PostgresPrepared> owed, CancellationToken cancellationToken)
    {
        HashSet<string> kept = [.. owed.Select(static p => p.Transaction)];
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            foreach (string transaction in await FindAsync(connection, context, cancellationToken).ConfigureAwait(false))
            {
                if (kept.Contains(transaction) || !TransactionName.IsEarlier(transaction, context)) continue;
                await TryEndAsync(connection, "ROLLBACK PREPARED", transaction, cancellationToken).ConfigureAwait(false);
            }

            // Acknowledged long ago. The clock of the server decides about garbage only.
            using NpgsqlCommand forget = new(
                $"DELETE FROM {SinkTables.Commits(schema)} WHERE starts_with(transaction, $1) AND written_at < now() - interval '7 days' AND transaction <> ALL ($2)", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = TransactionName.Prefix(context) }, new NpgsqlParameter<string[]> { TypedValue = [.. kept] } },
            };
            await forget.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    static async Task<IReadOnlyList<string>> FindAsync(NpgsqlConnection connection, SinkContext context, CancellationToken cancellationToken)
    {
        using NpgsqlCommand find = new("SELECT gid FROM pg_prepared_xacts WHERE database = current_database() AND starts_with(gid, $1) ORDER BY prepared", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = TransactionName.Prefix(context) } },
        };
        List<string> found = [];
        NpgsqlDataReader reader = await find.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false)) found.Add(reader.GetString(0));
        return found;
    }

    /// <returns>False when there is no such transaction.</returns>
    static async Task<bool> TryEndAsync(NpgsqlConnection connection, string verb, string transaction, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                using NpgsqlCommand end = new($"{verb} '{transaction.Replace("'", "''", StringComparison.Ordinal)}'", connection);
                await end.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UndefinedObject)
            {
                return false;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectNotInPrerequisiteState)
            {
                // Another session is ending it this moment; the server goes through with that whatever becomes of its client.
                using NpgsqlCommand wait = new("SELECT pg_sleep(0.005)", connection);
                await wait.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
