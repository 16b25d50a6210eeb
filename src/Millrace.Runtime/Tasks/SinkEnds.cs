using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>A sink that sees each record at least once.</summary>
sealed class PlainSinkEnd<T>(ISink<T> sink, FunctionContext function) : ISinkEnd<T>
{
    ISinkWriter<T>? _writer;

    public async ValueTask OpenAsync(CancellationToken cancellationToken) =>
        _writer = await sink.OpenAsync(function, cancellationToken).ConfigureAwait(false);

    public void TryWrite(ref BatchReader<T> batch) => _writer!.TryWrite(ref batch);

    public ValueTask WaitAsync(CancellationToken cancellationToken) => _writer!.WaitAsync(cancellationToken);

    // A job that stops with a savepoint goes on elsewhere, so its output up to there is complete.
    public ValueTask SealAsync(Barrier? barrier, CancellationToken cancellationToken) =>
        barrier is null or { IsStop: true } ? _writer!.CompleteAsync(cancellationToken) : _writer!.FlushAsync(cancellationToken);

    public ValueTask DisposeAsync() => _writer?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>A sink that tells records it has seen.</summary>
sealed class IdempotentSinkEnd<T>(IIdempotentSink<T> sink, SinkContext context, FunctionContext function) : ISinkEnd<T>
{
    IIdempotentWriter<T>? _writer;

    public async ValueTask OpenAsync(CancellationToken cancellationToken) =>
        _writer = await sink.OpenAsync(context, function, cancellationToken).ConfigureAwait(false);

    public void TryWrite(ref BatchReader<T> batch) => _writer!.TryWrite(ref batch);

    public ValueTask WaitAsync(CancellationToken cancellationToken) => _writer!.WaitAsync(cancellationToken);

    public ValueTask SealAsync(Barrier? barrier, CancellationToken cancellationToken) => _writer!.FlushAsync(cancellationToken);

    public ValueTask DisposeAsync() => _writer?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>A sink whose output becomes visible exactly once: parts are prepared one after the other while the next is written.</summary>
sealed class TransactionalSinkEnd<T, TPart, TPrepared>(
    ITransactionalSink<T, TPart, TPrepared> sink, SinkContext context, FunctionContext function, CancellationToken cancellation) : ISinkEnd<T>
{
    readonly List<(long Barrier, Task<OwedTransaction> Prepared)> _sealed = [];
    ITransactionalWriter<T, TPart>? _writer;
    Task _last = Task.CompletedTask;
    long _count;

    public async ValueTask OpenAsync(CancellationToken cancellationToken) =>
        _writer = await sink.OpenAsync(context, function, cancellationToken).ConfigureAwait(false);

    public void TryWrite(ref BatchReader<T> batch) => _writer!.TryWrite(ref batch);

    public ValueTask WaitAsync(CancellationToken cancellationToken) => _writer!.WaitAsync(cancellationToken);

    public ValueTask SealAsync(Barrier? barrier, CancellationToken cancellationToken)
    {
        if (_writer!.Seal(barrier is null or { IsStop: true }, out TPart? part))
        {
            Task<OwedTransaction> prepared = PrepareAsync(part, _last, _count++);
            _sealed.Add((barrier?.Id ?? long.MaxValue, prepared));
            _last = prepared;
        }

        return ValueTask.CompletedTask;
    }

    public Task<IReadOnlyList<OwedTransaction>>? PreparedAfter(long confirmed)
    {
        // Parts sealed at barriers whose checkpoint failed are still here: their records are in the state of the next one.
        _sealed.RemoveAll(s => s.Barrier <= confirmed);
        return _sealed.Count == 0 ? null : AllAsync([.. _sealed.Select(static s => s.Prepared)]);
    }

    public async ValueTask DisposeAsync()
    {
        // What failed was told by the task's part of the snapshot.
        await _last.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_writer is not null) await _writer.DisposeAsync().ConfigureAwait(false);
    }

    async Task<OwedTransaction> PrepareAsync(TPart part, Task before, long count)
    {
        await before.ConfigureAwait(false);
        TPrepared prepared = await sink.PrepareAsync(part, cancellation).ConfigureAwait(false);
        Codec<TPrepared> codec = Codec.Of<TPrepared>();
        string id = $"{context.Job}/{context.OperatorId}/{context.Timeline}/{context.Attempt}-{context.Nonce}/{function.Subtask.Index}/{count}";
        return new(context.OperatorId, id, codec.Schema, codec.Encode(prepared), prepared?.ToString() ?? "");
    }

    static async Task<IReadOnlyList<OwedTransaction>> AllAsync(Task<OwedTransaction>[] prepared) => await Task.WhenAll(prepared).ConfigureAwait(false);
}
