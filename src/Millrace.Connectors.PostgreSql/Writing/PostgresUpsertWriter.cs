using Npgsql;

namespace Millrace.Connectors.PostgreSql;

/// <summary>Fills rows while those before are sent. Owned by one task; never blocks in <see cref="TryWrite"/>.</summary>
internal sealed class PostgresUpsertWriter<T>(PostgresTarget target, RecordColumns<T> columns, TableShape shape, SinkContext context) : IIdempotentWriter<T>
{
    readonly string _statement = RowStatement.Upsert(
        shape, columns.Names, target.Keys, $"EXISTS (SELECT 1 FROM {SinkTables.Fence(shape.Schema)} WHERE {Fence.Condition(columns.Names.Count + 1)})");
    readonly string _compare = $"SELECT 1 FROM {SinkTables.Fence(shape.Schema)} WHERE {Fence.Condition(1)} FOR SHARE";
    readonly CancellationTokenSource _closed = new();
    RowBatch<T> _filling = new(columns), _sending = new(columns);
    Task _write = Task.CompletedTask;

    public void TryWrite(ref BatchReader<T> batch)
    {
        while (batch.Values.Length > 0)
        {
            if (_filling.IsFull && !TryBeginWrite()) return;
            // Taken only once it is added, so that a record that cannot be is known.
            _filling.Add(batch.Values[0]);
            batch.Take(1);
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_write.WaitAsync(cancellationToken));

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (_filling.Count == 0) return;
        TryBeginWrite();
        await _write.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync().ConfigureAwait(false);
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        target.CloseIdle(context);
        _closed.Dispose();
    }

    bool TryBeginWrite()
    {
        if (!_write.IsCompleted) return false;
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        (_filling, _sending) = (_sending, _filling);
        _write = WriteAsync(_sending);
        return true;
    }

    /// <summary>
    /// Locks the fence's row and writes the rows, in one transaction of one round trip. Whoever raises the fence waits for the lock, and whoever
    /// comes after it writes nothing.
    /// </summary>
    async Task WriteAsync(RowBatch<T> rows)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        NpgsqlConnection session = await target.ConnectAsync(context, _closed.Token).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            using NpgsqlBatch batch = new(session);
            NpgsqlBatchCommand compare = new(_compare), upsert = new(_statement);
            foreach (NpgsqlParameter parameter in Fence.Parameters(context)) compare.Parameters.Add(parameter);
            rows.AddTo(upsert.Parameters);
            foreach (NpgsqlParameter parameter in Fence.Parameters(context)) upsert.Parameters.Add(parameter);
            batch.BatchCommands.Add(compare);
            batch.BatchCommands.Add(upsert);
            if (await batch.ExecuteScalarAsync(_closed.Token).ConfigureAwait(false) is null) throw Fence.Lowered(context);
        }

        rows.Clear();
    }
}
