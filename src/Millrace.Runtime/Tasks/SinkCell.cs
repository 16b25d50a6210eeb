using Millrace.Runtime.Exchange;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>The end of a chain that writes to a sink.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="end">The writer, with what its kind of sink does at barriers.</param>
/// <param name="input">The records.</param>
/// <param name="task">The task, notified when the writer can go on.</param>
/// <param name="cancellationToken">Cancelled when the job is.</param>
public sealed class SinkCell<T>(ISinkEnd<T> end, Link<T> input, INotifiable task, CancellationToken cancellationToken) : Cell
{
    readonly AsyncStep _waiting = new(task);
    int _position;
    long _recordsIn;
    bool _isSealing;

    /// <inheritdoc/>
    public override long RecordsIn => _recordsIn;

    /// <inheritdoc/>
    public override object? CurrentRecord => HasInput && _position < input.Batch.Count ? input.Batch.Values[_position] : null;

    /// <inheritdoc/>
    public override Timestamp Watermark => input.Watermark;

    /// <inheritdoc/>
    public override ValueTask OpenAsync(CancellationToken cancellationToken) => end.OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _waiting.SettleAsync().ConfigureAwait(false);
        await end.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override OperatorCut Cut(Barrier barrier) => base.Cut(barrier) with { Prepared = end.PreparedAfter(barrier.Confirmed) };

    /// <inheritdoc/>
    public override OperatorCut FinalCut(long confirmed) => base.FinalCut(confirmed) with { Prepared = end.PreparedAfter(confirmed) };

    /// <inheritdoc/>
    public override CellStep Step()
    {
        if (!_waiting.TryFinish()) return CellStep.Pending;
        Batch<T> batch = input.Batch;
        while (_position < batch.Count)
        {
            BatchReader<T> reader = new(
                batch.Values.AsSpan(_position, batch.Count - _position),
                batch.Timestamps.Length == 0 ? default : batch.Timestamps.AsSpan(_position, batch.Count - _position));
            try
            {
                end.TryWrite(ref reader);
            }
            finally
            {
                // Also when it throws, so that the record it could not take is the one named.
                _position += reader.Taken;
                _recordsIn += reader.Taken;
            }

            if (_position < batch.Count && !_waiting.Start(end.WaitAsync(cancellationToken))) return CellStep.Pending;
        }

        if (batch.Signal == ChannelSignal.End || batch.Barrier is not null)
        {
            if (!_isSealing)
            {
                _isSealing = true;
                // A barrier in the batch that ends the input has nothing after it: what it seals is the last part, which makes the output whole.
                Barrier? barrier = batch.Signal == ChannelSignal.End ? null : batch.Barrier;
                if (!_waiting.Start(end.SealAsync(barrier, cancellationToken))) return CellStep.Pending;
            }

            _isSealing = false;
            IsEnded = batch.Signal == ChannelSignal.End;
            if (batch.Barrier is { } passed) Snapshots.Add(passed, Cut(passed));
        }

        _position = 0;
        HasInput = false;
        input.Release();
        return CellStep.NeedInput;
    }
}

/// <summary>One writer of a sink, whatever the sink promises. Owned by one task.</summary>
/// <typeparam name="T">The record type.</typeparam>
public interface ISinkEnd<T> : IAsyncDisposable
{
    /// <summary>Opens the writer, before the first record.</summary>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Takes as many records as it can now.</summary>
    void TryWrite(ref BatchReader<T> batch);

    /// <summary>Completes when it can take more.</summary>
    ValueTask WaitAsync(CancellationToken cancellationToken);

    /// <summary>The records so far are all before a barrier, or before the end of the input when there is none. No record is offered before it completes.</summary>
    ValueTask SealAsync(Barrier? barrier, CancellationToken cancellationToken);

    /// <summary>
    /// What was sealed so far and no checkpoint up to the given one has named, once it is durable; null for nothing. What is named by that
    /// one is forgotten.
    /// </summary>
    Task<IReadOnlyList<OwedTransaction>>? PreparedAfter(long confirmed) => null;
}
