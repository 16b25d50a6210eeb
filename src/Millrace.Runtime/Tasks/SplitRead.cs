using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>One split in the hands of a reader: being opened, ready to read, or waiting for data. Owned by the source's task.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TSplit">The split type.</typeparam>
public sealed class SplitRead<T, TSplit> where TSplit : ISplit
{
    readonly SplitPosition<TSplit> _from;
    readonly AsyncStep _waiting;
    readonly Task<ISplitReader<T, TSplit>> _opening;
    // Cancelled with the job, and when the split is closed: a reader that waits for records would otherwise hold up a job that is stopped.
    readonly CancellationTokenSource _closing;
    ISplitReader<T, TSplit>? _reader;

    /// <summary>Begins to open the split.</summary>
    public SplitRead(SplitPosition<TSplit> from, SourceSpecs<T, TSplit> source, INotifiable task)
    {
        _from = from;
        _waiting = new(task);
        _closing = CancellationTokenSource.CreateLinkedTokenSource(source.Cancellation);
        _opening = source.Source.OpenAsync(from.Split, source.Context, _closing.Token).AsTask();
        _waiting.Start(new ValueTask(_opening));
        Tracker = source.Watermarks is null ? null : new(source.Watermarks);
        Tracker?.Restore(from.Largest, from.Sent);
        Idle = new(source.Watermarks?.IdleAfter, source.Context.Time);
    }

    /// <summary>Where to go on after the records read so far. Between two reads.</summary>
    public SplitPosition<TSplit> Position => _reader is null ? _from
        : new(_reader.Position, Tracker?.Largest ?? Timestamp.None, Tracker?.LastSent ?? Timestamp.None);

    /// <summary>Event time of the split; null without.</summary>
    public WatermarkTracker<T>? Tracker { get; }

    /// <summary>When it becomes idle.</summary>
    public IdleClock Idle { get; }

    /// <summary>Whether it had nothing at hand when it was last read.</summary>
    public bool IsWaiting => _waiting.IsPending;

    /// <summary>Whether it has ended.</summary>
    public bool IsFinished { get; private set; }

    /// <summary>Reads what is at hand.</summary>
    /// <returns>Null while it waits.</returns>
    public ReadStatus? TryRead(ref BatchWriter<T> batch)
    {
        if (!_waiting.TryFinish()) return null;
        _reader ??= _opening.GetAwaiter().GetResult();
        ReadStatus status = _reader.TryRead(ref batch);
        if (status == ReadStatus.Finished) IsFinished = true;
        if (status == ReadStatus.Empty && _waiting.Start(_reader.WaitAsync(_closing.Token))) status = ReadStatus.More;
        return status;
    }

    /// <summary>Closes the reader, once nothing it does is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _waiting.SettleAsync().ConfigureAwait(false);
        if (_reader is null && _opening.IsCompletedSuccessfully) _reader = await _opening.ConfigureAwait(false);
        if (_reader is not null) await _reader.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }
}

/// <summary>What all splits of one parallel instance of a source share.</summary>
/// <param name="Source">The source.</param>
/// <param name="Watermarks">Event time; null without.</param>
/// <param name="Context">Where it runs.</param>
/// <param name="Cancellation">Cancelled when the job is.</param>
public sealed record SourceSpecs<T, TSplit>(
    ISource<T, TSplit> Source, WatermarkStrategy<T>? Watermarks, FunctionContext Context, CancellationToken Cancellation) where TSplit : ISplit;
