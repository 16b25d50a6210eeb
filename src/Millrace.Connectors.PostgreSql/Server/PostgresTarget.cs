using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>A table on a server, and the sessions to write to it. Never shows the connection string. Immutable.</summary>
/// <param name="connectionString">As given.</param>
/// <param name="table">As in SQL.</param>
/// <param name="keys">The columns of the key; empty where rows are only inserted.</param>
internal sealed class PostgresTarget(string connectionString, string table, IReadOnlyList<string> keys)
{
    const int DigestCharacters = 12;

    public string Table => table;

    public IReadOnlyList<string> Keys => keys;

    public IEnumerable<string> Problems
    {
        get
        {
            if (string.IsNullOrWhiteSpace(table)) yield return "the name of the table is empty; give it as in SQL, such as sales.orders";
            if (Parse() is null) yield return "the connection string cannot be read; see Npgsql's documentation for its form, such as Host=…;Database=…;Username=…";
        }
    }

    public IEnumerable<string> KeyProblems(IReadOnlyCollection<string> columns)
    {
        if (keys.Count == 0) yield return $"no key columns are given for '{table}'; name those of its primary key or of a unique index";
        foreach (string key in keys.Where(key => !columns.Contains(key)))
            yield return $"the key column '{key}' of '{table}' is not written; the columns are {string.Join(", ", columns)}";
    }

    /// <summary>A session of the sink as such: checks, commits. From a pool.</summary>
    public Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken) => OpenAsync(new(Settings("millrace").ConnectionString), cancellationToken);

    /// <summary>A session of one deployment, which the next one finds by its name and ends. From a pool of the deployment.</summary>
    public Task<NpgsqlConnection> ConnectAsync(SinkContext context, CancellationToken cancellationToken) => OpenAsync(SessionOf(context), cancellationToken);

    /// <summary>Closes the sessions of a deployment that nobody uses, and the others once they are given back.</summary>
    public void CloseIdle(SinkContext context)
    {
        using NpgsqlConnection one = SessionOf(context);
        NpgsqlConnection.ClearPool(one);
    }

    /// <summary>What the names of all sessions of a sink begin with.</summary>
    public static string SessionPrefix(SinkContext context) => $"millrace {Digest($"{context.Job}\n{context.OperatorId}")} ";

    /// <summary>The name of a deployment's sessions: at most 63 bytes.</summary>
    public static string SessionName(SinkContext context) => $"{SessionPrefix(context)}{context.Attempt} {Digest(context.Nonce)}";

    public static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..DigestCharacters];

    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>For people: the table and where it is.</summary>
    public override string ToString() => Parse() is { } settings ? $"{table} on {settings.Host}:{settings.Port}/{settings.Database ?? settings.Username}" : table;

    /// <summary>Opens a session.</summary>
    /// <exception cref="SinkRefusedException">The server refuses the user, or does not know the database.</exception>
    async Task<NpgsqlConnection> OpenAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InvalidCatalogName)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw new SinkRefusedException($"{this} refuses the connection: {e.MessageText}. Correct user, password and database in the connection string.");
        }
    }

    NpgsqlConnection SessionOf(SinkContext context) => new(Settings(SessionName(context)).ConnectionString);

    NpgsqlConnectionStringBuilder Settings(string sessionName) => new(connectionString)
    {
        ApplicationName = sessionName,
        // Times are converted by the server, where time zones differ.
        Timezone = "UTC",
        // A transaction around the program must not swallow the sink's own.
        Enlist = false,
    };

    NpgsqlConnectionStringBuilder? Parse()
    {
        try
        {
            return new(connectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The message could show a part of the string, and with it a password.
            return null;
        }
    }
}
