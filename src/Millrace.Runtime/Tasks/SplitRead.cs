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
    ISplitReader<T, TSplit>? _reader;

    /// <summary>Begins to open the split.</summary>
    public SplitRead(SplitPosition<TSplit> from, SourceSpecs<T, TSplit> source, INotifiable task)
    {
        _from = from;
        _waiting = new(task);
        _opening = source.Source.OpenAsync(from.Split, source.Context, source.Cancellation).AsTask();
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
    public ReadStatus? TryRead(ref BatchWriter<T> batch, CancellationToken cancellationToken)
    {
        if (!_waiting.TryFinish()) return null;
        _reader ??= _opening.GetAwaiter().GetResult();
        ReadStatus status = _reader.TryRead(ref batch);
        if (status == ReadStatus.Finished) IsFinished = true;
        if (status == ReadStatus.Empty && _waiting.Start(_reader.WaitAsync(cancellationToken))) status = ReadStatus.More;
        return status;
    }

    /// <summary>Closes the reader, once nothing it does is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        await _waiting.SettleAsync().ConfigureAwait(false);
        if (_reader is null && _opening.IsCompletedSuccessfully) _reader = await _opening.ConfigureAwait(false);
        if (_reader is not null) await _reader.DisposeAsync().ConfigureAwait(false);
    }
}

/// <summary>What all splits of one parallel instance of a source share.</summary>
/// <param name="Source">The source.</param>
/// <param name="Watermarks">Event time; null without.</param>
/// <param name="Context">Where it runs.</param>
/// <param name="Cancellation">Cancelled when nothing more is read.</param>
public sealed record SourceSpecs<T, TSplit>(
    ISource<T, TSplit> Source, WatermarkStrategy<T>? Watermarks, FunctionContext Context, CancellationToken Cancellation) where TSplit : ISplit;
