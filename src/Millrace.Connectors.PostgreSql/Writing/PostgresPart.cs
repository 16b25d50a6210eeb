using Millrace.Connectors.PostgreSql;
using Npgsql;

namespace Millrace;

/// <summary>
/// A part of a <see cref="PostgresTransactionalSink{T}"/> as its writer sealed it: a transaction under way, and the rows it has not got yet. Owned by
/// the engine until prepared.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class PostgresPart<T>
{
    readonly PostgresTarget _target;
    readonly TableShape _shape;
    readonly RecordColumns<T> _columns;
    readonly SinkContext _context;
    readonly CancellationTokenSource _ended = new();
    NpgsqlConnection? _session;
    Task _write = Task.CompletedTask;
    RowBatch<T>? _tail;

    internal PostgresPart(PostgresTarget target, TableShape shape, RecordColumns<T> columns, SinkContext context, string transaction)
    {
        _target = target;
        _shape = shape;
        _columns = columns;
        _context = context;
        Transaction = transaction;
    }

    internal string Transaction { get; }

    /// <summary>Begins to send rows. The rows sent before are with the server.</summary>
    internal Task BeginWrite(RowBatch<T> rows) => _write = WriteAsync(rows, _ended.Token);

    /// <summary>Gives the last rows.</summary>
    internal void Seal(RowBatch<T> tail) => _tail = tail;

    /// <summary>Sends the last rows and makes the transaction durable.</summary>
    internal async Task<PostgresPrepared> PrepareAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
            await WriteAsync(_tail!, cancellationToken).ConfigureAwait(false);
            using NpgsqlCommand mark = new($"INSERT INTO {SinkTables.Commits(_shape.Schema)} (transaction) VALUES ($1)", _session)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = Transaction } },
            };
            await mark.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            using NpgsqlCommand prepare = new($"PREPARE TRANSACTION '{Transaction}'", _session);
            await prepare.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            return new PostgresPrepared(Transaction, _shape.Schema);
        }
        finally
        {
            await DiscardAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Gives the session back; what is not prepared is rolled back.</summary>
    internal async ValueTask DiscardAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _session, null) is { } session) await session.DisposeAsync().ConfigureAwait(false);
    }

    async Task WriteAsync(RowBatch<T> rows, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (_session is null) await BeginAsync(cancellationToken).ConfigureAwait(false);
        if (rows.Count == 0) return;
        using NpgsqlCommand insert = new(RowStatement.Insert(_shape, _columns.Names), _session);
        rows.AddTo(insert.Parameters);
        await insert.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        rows.Clear();
    }

    /// <summary>Begins the transaction, unless a later deployment has begun.</summary>
    async Task BeginAsync(CancellationToken cancellationToken)
    {
        _session = await _target.ConnectAsync(_context, cancellationToken).ConfigureAwait(false);
        using NpgsqlCommand begin = new("BEGIN", _session);
        await begin.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        using NpgsqlCommand compare = new($"SELECT EXISTS (SELECT 1 FROM {SinkTables.Fence(_shape.Schema)} WHERE {Fence.Condition(1)})", _session);
        foreach (NpgsqlParameter parameter in Fence.Parameters(_context)) compare.Parameters.Add(parameter);
        if (await compare.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true) throw Fence.Lowered(_context);
    }
}
