namespace Millrace.Connectors.PostgreSql;

/// <summary>Fills rows while those before are sent, a transaction per part. Owned by one task; never blocks in <see cref="TryWrite"/> and <see cref="Seal"/>.</summary>
internal sealed class PostgresTransactionalWriter<T>(PostgresTarget target, RecordColumns<T> columns, TableShape shape, SinkContext context, Subtask subtask)
    : ITransactionalWriter<T, PostgresPart<T>>
{
    RowBatch<T> _filling = new(columns), _sending = new(columns);
    PostgresPart<T>? _part;
    Task _write = Task.CompletedTask;
    long _parts;

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

    public bool Seal(bool isLast, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out PostgresPart<T> part)
    {
        part = _part ?? (_filling.Count > 0 ? NewPart() : null);
        if (part is null) return false;
        part.Seal(_filling);
        _part = null;
        _filling = new(columns);
        // The rows on their way belong to the sealed part.
        _sending = new(columns);
        _write = Task.CompletedTask;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        if (_part is not null) await _part.DiscardAsync().ConfigureAwait(false);
        // Sealed parts may still be prepared; they open sessions of their own.
        target.CloseIdle(context);
    }

    bool TryBeginWrite()
    {
        if (!_write.IsCompleted) return false;
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        _part ??= NewPart();
        (_filling, _sending) = (_sending, _filling);
        _write = _part.BeginWrite(_sending);
        return true;
    }

    PostgresPart<T> NewPart() => new(target, shape, columns, context, TransactionName.Of(context, subtask.Index, _parts++));
}
