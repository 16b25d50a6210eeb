using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>The end of a chain that writes to a sink.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="sink">The sink.</param>
/// <param name="context">What the writer may know.</param>
/// <param name="input">The records.</param>
/// <param name="task">The task, notified when the writer can go on.</param>
/// <param name="cancellationToken">Cancelled when the job is.</param>
public sealed class SinkCell<T>(ISink<T> sink, FunctionContext context, Link<T> input, INotifiable task, CancellationToken cancellationToken) : Cell
{
    readonly AsyncStep _waiting = new(task);
    ISinkWriter<T>? _writer;
    int _position;
    long _recordsIn;
    bool _isCompleting;

    /// <inheritdoc/>
    public override long RecordsIn => _recordsIn;

    /// <inheritdoc/>
    public override object? CurrentRecord => HasInput && _position < input.Batch.Count ? input.Batch.Values[_position] : null;

    /// <inheritdoc/>
    public override Timestamp Watermark => input.Watermark;

    /// <inheritdoc/>
    public override async ValueTask OpenAsync(CancellationToken cancellationToken) =>
        _writer = await sink.OpenAsync(context, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _waiting.SettleAsync().ConfigureAwait(false);
        if (_writer is not null) await _writer.DisposeAsync().ConfigureAwait(false);
    }

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
                _writer!.TryWrite(ref reader);
            }
            finally
            {
                // Also when it throws, so that the record it could not take is the one named.
                _position += reader.Taken;
                _recordsIn += reader.Taken;
            }

            if (_position < batch.Count && !_waiting.Start(_writer.WaitAsync(cancellationToken))) return CellStep.Pending;
        }

        if (batch.Signal == ChannelSignal.End)
        {
            if (!_isCompleting)
            {
                _isCompleting = true;
                if (!_waiting.Start(_writer!.CompleteAsync(cancellationToken))) return CellStep.Pending;
            }

            IsEnded = true;
        }

        _position = 0;
        HasInput = false;
        input.Release();
        return CellStep.NeedInput;
    }
}
