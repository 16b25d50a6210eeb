using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>Gives records timestamps and the stream watermarks in mid-stream, in place of any they had.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="strategy">The strategy.</param>
/// <param name="input">The records.</param>
/// <param name="main">Where they go on.</param>
/// <param name="time">The clock, for idleness.</param>
public sealed class EventTimeCell<T>(WatermarkStrategy<T> strategy, Link<T> input, OutputPort<T> main, TimeProvider time) : Cell
{
    readonly WatermarkTracker<T> _tracker = new(strategy);
    readonly IdleClock _idle = new(strategy.IdleAfter, time);
    int _position;
    Timestamp _sent = Timestamp.None;
    bool _isIdleDue;
    bool _isRestoredDue;    // What follows begins without a watermark of this instance, and would wait for one.

    /// <inheritdoc/>
    public override bool HasWork => HasInput || _isIdleDue || _isRestoredDue;

    /// <inheritdoc/>
    public override Timestamp NextProcessingTime => _idle.Deadline;

    /// <inheritdoc/>
    public override long RecordsIn => main.RecordsTotal;

    /// <inheritdoc/>
    public override long RecordsOut => main.RecordsTotal;

    /// <inheritdoc/>
    public override Timestamp Watermark => _isRestoredDue ? _tracker.Watermark : _sent;

    /// <inheritdoc/>
    public override object? CurrentRecord => HasInput && _position < input.Batch.Count ? input.Batch.Values[_position] : null;

    /// <inheritdoc/>
    public override ValueTask RestoreAsync(RestoredOperator restored, CancellationToken cancellationToken)
    {
        // Event time does not go back: what was behind the watermark before is behind it still.
        _tracker.RestoreWatermark(restored.WatermarkOf(Snapshots));
        _isRestoredDue = !_tracker.Watermark.IsNone;
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override void OnProcessingTime(Timestamp now)
    {
        // Records that wait because what follows is full are not idleness.
        if (HasInput) _idle.OnRecord();
        else _isIdleDue |= _idle.TryBecomeIdle(now);
    }

    /// <inheritdoc/>
    public override CellStep Step()
    {
        Batch<T> output = main.Link.Batch;
        if (_isRestoredDue)
        {
            _isRestoredDue = false;
            output.Watermark = _sent = _tracker.Watermark;
            main.Link.Publish();
            return HasInput ? CellStep.MoreOutput : CellStep.NeedInput;
        }

        if (_isIdleDue || (HasInput && input.Batch.Count > 0 && _idle.IsIdle))
        {
            output.Signal = _isIdleDue ? ChannelSignal.Idle : ChannelSignal.Active;
            if (!_isIdleDue) _idle.OnRecord();
            _isIdleDue = false;
            main.Link.Publish();
            return HasInput ? CellStep.MoreOutput : CellStep.NeedInput;
        }

        Batch<T> batch = input.Batch;
        int start = _position;
        batch.Values.AsSpan(start, batch.Count - start).CopyTo(output.Values);
        if (batch.Timestamps.Length != 0) batch.Timestamps.AsSpan(start, batch.Count - start).CopyTo(output.Timestamps);
        else output.Timestamps.AsSpan(0, batch.Count - start).Fill(Timestamp.None);
        int assigned = 0;
        try
        {
            _tracker.Assign(output.Values.AsSpan(0, batch.Count - start), output.Timestamps, ref assigned);
        }
        finally
        {
            _position = start + assigned;
        }

        if (assigned > 0) _idle.OnRecord();
        output.Count = assigned;
        bool isUsedUp = _position == batch.Count;
        if (_tracker.Watermark > _sent || !isUsedUp) output.Watermark = _sent = _tracker.Watermark;
        if (!isUsedUp)
        {
            // The next record is behind this watermark, which may have been sent before, but only to ride along.
            output.IsWatermarkExact = true;
            _tracker.Sent();
        }

        if (isUsedUp) Finish(batch, output);
        main.Link.Publish();
        return isUsedUp ? CellStep.NeedInput : CellStep.MoreOutput;
    }

    void Finish(Batch<T> batch, Batch<T> output)
    {
        if (batch.Signal == ChannelSignal.End)
        {
            output.Signal = ChannelSignal.End;
            IsEnded = true;
        }

        if (batch.Barrier is { } barrier)
        {
            Snapshots.Add(barrier, Cut(barrier));
            output.Barrier = barrier;
        }

        _position = 0;
        HasInput = false;
        input.Release();
    }
}

/// <summary>Knows when a split has been without records for so long that it should not hold event time back. Owned by one task.</summary>
/// <param name="idleAfter">How long; null for never.</param>
/// <param name="time">The clock.</param>
public sealed class IdleClock(TimeSpan? idleAfter, TimeProvider time)
{
    Timestamp _since = Timestamp.FromDateTimeOffset(time.GetUtcNow());

    /// <summary>Whether it is idle.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>When it becomes idle if no record comes; the end of time for never.</summary>
    public Timestamp Deadline => idleAfter is null || IsIdle ? Timestamp.MaxValue : _since + idleAfter.Value;

    /// <summary>Records came.</summary>
    public void OnRecord()
    {
        if (idleAfter is null) return;
        _since = Timestamp.FromDateTimeOffset(time.GetUtcNow());
        IsIdle = false;
    }

    /// <summary>Becomes idle if it is time; true when it just did.</summary>
    public bool TryBecomeIdle(Timestamp now)
    {
        if (IsIdle || now < Deadline) return false;
        IsIdle = true;
        return true;
    }
}
