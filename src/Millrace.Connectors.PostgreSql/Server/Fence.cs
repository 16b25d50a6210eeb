using System.Globalization;
using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>
/// Keeps earlier deployments from writing. The fence is a row that names the deployment that may write; each transaction compares it. A
/// session that had compared before the fence was raised is found by its name and ended, so nothing earlier is left once it stands.
/// </summary>
static class Fence
{
    const string LockNotAvailable = "55P03";
    const int WaitMilliseconds = 500;

    /// <summary>Raises the fence of a deployment.</summary>
    /// <exception cref="SinkFencedException">A later deployment has raised it already.</exception>
    public static async Task RaiseAsync(PostgresTarget target, string schema, SinkContext context, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await target.ConnectAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await SinkTables.CreateAsync(connection, schema, context.OperatorId, cancellationToken).ConfigureAwait(false);
            while (!await TryRaiseAsync(connection, schema, context, cancellationToken).ConfigureAwait(false))
            {
                // A writer that is paused in the middle of a transaction holds the row; without its session it does not.
                await EndSessionsAsync(connection, context, cancellationToken).ConfigureAwait(false);
            }

            await EndSessionsAsync(connection, context, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>A condition on the fence's row, with the parameters from a number on.</summary>
    public static string Condition(int first) => string.Create(
        CultureInfo.InvariantCulture, $"job = ${first} AND operator = ${first + 1} AND term = ${first + 2} AND sequence = ${first + 3} AND nonce = ${first + 4}");

    /// <summary>The parameters of <see cref="Condition"/>.</summary>
    public static IEnumerable<NpgsqlParameter> Parameters(SinkContext context)
    {
        (long term, long sequence) = Split(context.Attempt);
        return
        [
            new NpgsqlParameter<string> { TypedValue = context.Job }, new NpgsqlParameter<string> { TypedValue = context.OperatorId },
            new NpgsqlParameter<long> { TypedValue = term }, new NpgsqlParameter<long> { TypedValue = sequence },
            new NpgsqlParameter<string> { TypedValue = PostgresTarget.Digest(context.Nonce) },
        ];
    }

    /// <summary>Says that a later deployment took over.</summary>
    public static SinkFencedException Lowered(SinkContext context) => new(
        $"'{context.OperatorId}' of {context.Job} may not write any more: deployment {context.Attempt} was superseded by a later one. "
        + "If the storage of the job was deleted, so that its history begins anew, delete its row in millrace_fence.");

    /// <summary>Whether what another deployment left may be ended by this one.</summary>
    public static bool IsEarlier(string attempt, string nonceDigest, SinkContext context) =>
        SinkContext.CompareAttempts(attempt, context.Attempt) is var order && (order < 0 || (order == 0 && nonceDigest != PostgresTarget.Digest(context.Nonce)));

    /// <returns>False when somebody held the row for too long.</returns>
    static async Task<bool> TryRaiseAsync(NpgsqlConnection connection, string schema, SinkContext context, CancellationToken cancellationToken)
    {
        string fence = SinkTables.Fence(schema);
        // Without storage there is no history to compare, and the last to start may write.
        string unless = context.IsDurable ? "WHERE (f.term, f.sequence) <= (EXCLUDED.term, EXCLUDED.sequence)" : "";
        NpgsqlBatch batch = new(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(string.Create(CultureInfo.InvariantCulture, $"SET LOCAL lock_timeout = {WaitMilliseconds}")),
                new NpgsqlBatchCommand(
                    $"""
                     INSERT INTO {fence} AS f (job, operator, term, sequence, nonce) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (job, operator) DO UPDATE SET term = EXCLUDED.term, sequence = EXCLUDED.sequence, nonce = EXCLUDED.nonce {unless}
                     """),
            },
        };
        await using (batch.ConfigureAwait(false))
        {
            foreach (NpgsqlParameter parameter in Parameters(context)) batch.BatchCommands[1].Parameters.Add(parameter);
            try
            {
                await batch.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                return batch.BatchCommands[1].Rows > 0 ? true : throw Lowered(context);
            }
            catch (PostgresException e) when (e.SqlState == LockNotAvailable)
            {
                return false;
            }
        }
    }

    /// <summary>Ends the sessions of earlier deployments, and waits until they are gone.</summary>
    static async Task EndSessionsAsync(NpgsqlConnection connection, SinkContext context, CancellationToken cancellationToken)
    {
        string prefix = PostgresTarget.SessionPrefix(context);
        for (int round = 0; await FindSessionsAsync().ConfigureAwait(false) is { Length: > 0 } earlier; round++)
        {
            if (round == 1_000)
            {
                throw new TimeoutException(
                    $"The sessions {string.Join(", ", earlier)} of an earlier deployment of '{context.OperatorId}' do not end, though told to. "
                    + "See pg_stat_activity for what they wait for.");
            }

            using NpgsqlCommand end = new("SELECT count(pg_terminate_backend(pid)), pg_sleep(0.01) FROM unnest($1) AS pid", connection);
            end.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = earlier });
            await end.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }

        async Task<int[]> FindSessionsAsync()
        {
            using NpgsqlCommand find = new("SELECT pid, application_name FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, $1)", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = prefix } },
            };
            List<int> pids = [];
            NpgsqlDataReader reader = await find.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    if (reader.GetString(1)[prefix.Length..].Split(' ') is [var attempt, var nonce] && IsEarlier(attempt, nonce, context)) pids.Add(reader.GetInt32(0));
            }

            return [.. pids];
        }
    }

    static (long Term, long Sequence) Split(string attempt)
    {
        string[] parts = attempt.Split('.');
        return (long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }
}
