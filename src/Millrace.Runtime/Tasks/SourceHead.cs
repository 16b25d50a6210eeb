using System.Collections.Concurrent;
using Millrace.Runtime.Exchange;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>The head of a chain that reads a source: opens its splits, reads them in turn, gives records their timestamps.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <typeparam name="TSplit">The split type.</typeparam>
public sealed class SourceHead<T, TSplit>(
    SourceSpecs<T, TSplit> source, ISplitSupply<TSplit> supply, OutputPort<T> main, IOutputPort[] sides, INotifiable task) : Head, IBarrierSource
    where TSplit : ISplit
{
    readonly ConcurrentQueue<Barrier> _barriers = new();
    readonly List<SplitRead<T, TSplit>> _splits = [];
    readonly List<Task> _closing = [];
    // A reader that has no split yet must not hold event time back for ever either.
    readonly IdleClock _withoutSplit = new(source.Watermarks?.IdleAfter, source.Context.Time);
    Tail<T> _tail = new();
    SplitRead<T, TSplit>? _tailOf;
    object? _failed;
    int _next;
    Timestamp _sent = Timestamp.None;
    bool _isComplete;
    bool _isIdle;
    bool _isStopped;
    long _lastBarrier;

    /// <inheritdoc/>
    public override long RecordsOut => main.RecordsTotal;

    /// <inheritdoc/>
    public override object? CurrentRecord => _failed;

    /// <inheritdoc/>
    public override Timestamp Watermark => _sent;

    /// <inheritdoc/>
    public override Timestamp NextProcessingTime
    {
        get
        {
            Timestamp next = Timestamp.MaxValue;
            if (source.Watermarks?.IdleAfter is null) return next;
            if (_splits.Count == 0) return _withoutSplit.Deadline;
            foreach (SplitRead<T, TSplit> split in _splits)
            {
                if (split.Idle.Deadline < next) next = split.Idle.Deadline;
            }

            return next;
        }
    }

    /// <summary>Whether barriers are put between records at once, whatever has no room.</summary>
    public bool MayOverdraw { get; init; }

    /// <inheritdoc/>
    public override bool HasBarrierDue => MayOverdraw && !_barriers.IsEmpty;

    /// <inheritdoc/>
    public override void OnProcessingTime(Timestamp now)
    {
        if (main.IsFull || _tailOf is not null || IsHeldBack)
        {
            // What follows is full, so nobody has looked whether there are records: that is not idleness.
            foreach (SplitRead<T, TSplit> split in _splits) split.Idle.OnRecord();
            return;
        }

        if (_splits.Count == 0) _withoutSplit.TryBecomeIdle(now);
        foreach (SplitRead<T, TSplit> split in _splits)
        {
            if (split.IsWaiting) split.Idle.TryBecomeIdle(now);
            else split.Idle.OnRecord();
        }
    }

    /// <inheritdoc/>
    public void Trigger(Barrier barrier)
    {
        _barriers.Enqueue(barrier);
        task.Notify();
    }

    /// <inheritdoc/>
    public override IReadOnlyList<StateSchema> States => [SplitState.PositionsSchema<TSplit>(), SplitState.AssignerSchema<TSplit>()];

    /// <inheritdoc/>
    public override OperatorCut Cut(Barrier barrier) => new(OperatorId, Snapshots.Subtask)
    {
        Watermark = _sent,
        States = [SplitState.Entry([.. _splits.Select(static s => s.Position)], Snapshots.Subtask.Index)],
    };

    /// <inheritdoc/>
    public override PullResult Pull()
    {
        if (IsEnded) return PullResult.Dry;
        if (_tailOf is not null)
        {
            Read(_tailOf);
            return Publish() ? PullResult.Published : PullResult.Again;
        }

        if (HasSideOverdraft())
        {
            // What one read gave the side outputs beyond a batch goes first, so that it never piles up.
            Begin();
            return Publish() ? PullResult.Published : PullResult.Again;
        }

        if (_barriers.TryDequeue(out Barrier? barrier))
        {
            Pass(barrier);
            return PullResult.Published;
        }

        TakeSplits();
        for (int tried = 0; tried < _splits.Count; tried++)
        {
            _next = (_next + 1) % _splits.Count;
            if (Read(_splits[_next])) return Publish() ? PullResult.Published : PullResult.Again;
        }

        return SendNews() ? PullResult.Published : PullResult.Dry;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync() =>
        await Task.WhenAll([.. _splits.Select(static s => s.DisposeAsync().AsTask()), .. _closing]).ConfigureAwait(false);

    void TakeSplits()
    {
        while (!_isComplete && (_splits.Count == 0 || !source.Source.IsBounded))
        {
            if (!supply.TryTake(source.Context.Subtask.Index, _lastBarrier, out SplitPosition<TSplit>? split, out _isComplete)) return;
            _splits.Add(new(split, source, task));
        }
    }

    /// <summary>Puts the barrier between two records: everything read so far is before it.</summary>
    void Pass(Barrier barrier)
    {
        // What was given to this reader before the barrier is not the leader's any more, though nobody has begun to read it.
        TakeSplits();
        Begin();
        Snapshots.Begin(barrier);
        Passed = barrier;
        _lastBarrier = barrier.Id;
        _isStopped = barrier.IsStop;
        main.SetBarrier(barrier);
        foreach (IOutputPort side in sides) side.SetBarrier(barrier);
        Publish();
        // After the watermark that goes before it.
        Snapshots.Add(barrier, Cut(barrier));
    }

    /// <summary>Reads one split into the batch; false when it had nothing at hand.</summary>
    bool Read(SplitRead<T, TSplit> split)
    {
        Batch<T> batch = main.Link.Batch;
        Begin();
        ReadStatus? status = ReadStatus.More;
        int count;
        if (_tailOf is null)
        {
            // A strategy that reads timestamps from the records makes the source's own useless.
            BatchWriter<T> writer = new(batch.Values, source.Watermarks?.TimestampOf is null ? batch.Timestamps : default, main.Buffer);
            status = split.TryRead(ref writer, source.Cancellation);
            count = writer.Count;
        }
        else
        {
            count = _tail.Restore(batch);
            _tailOf = null;
        }

        main.Buffer.Count = _isIdle && count > 0 ? Wake(split, batch, count) : Stamp(split, batch, count);
        if (split.IsFinished && _tailOf is null) Close(split);
        // Records held back are the split's: the next to be read must not take them for its own.
        return _tailOf is not null || main.Buffer.Count > 0 || status is ReadStatus.More or ReadStatus.Finished || HasSides();
    }

    void Begin()
    {
        main.Begin();
        foreach (IOutputPort side in sides) side.Begin();
    }

    /// <summary>Gives records their timestamps, as far as they may travel with one watermark; keeps the rest.</summary>
    int Stamp(SplitRead<T, TSplit> split, Batch<T> batch, int count)
    {
        if (split.Tracker is not { } tracker || count == 0) return count;
        int assigned = 0;
        try
        {
            tracker.Assign(batch.Values.AsSpan(0, count), batch.Timestamps, ref assigned);
        }
        catch (Exception) when (Remember(batch, assigned))
        {
            throw;
        }

        if (source.Watermarks!.IdleAfter is not null) split.Idle.OnRecord();
        if (assigned == count) return count;
        _tail.Keep(batch, assigned, count);
        _tailOf = split;
        tracker.Sent();
        return assigned;
    }

    /// <summary>Remembers the record whose timestamp could not be read, for the message of the exception; catches nothing.</summary>
    bool Remember(Batch<T> batch, int record)
    {
        _failed = batch.Values[record];
        return false;
    }

    bool Publish()
    {
        Batch<T> batch = main.Link.Batch;
        // Records held back are behind the watermark, which may have been sent before, but only to ride along: now it must go first.
        bool isExact = _tailOf is not null;
        if (main.Link.HasTimestamps && Merge() is var watermark && (watermark > _sent || (isExact && watermark == _sent && !_sent.IsNone)))
        {
            _sent = watermark;
            main.SetWatermark(watermark, isExact);
            foreach (IOutputPort side in sides) side.SetWatermark(watermark, isExact);
        }

        if (HasEnded() && !_isStopped) SendSignal(ChannelSignal.End);
        batch.Count = main.Buffer.Count;
        bool any = !batch.IsEmpty || HasSides();
        main.End();
        foreach (IOutputPort side in sides) side.End();
        return any;
    }

    /// <summary>With no records at hand: event time may still have moved on, splits gone idle, or all have ended.</summary>
    bool SendNews()
    {
        Begin();
        bool isIdle = main.Link.HasTimestamps && source.Watermarks!.IdleAfter is not null && !HasEnded()
            && (_splits.Count > 0 ? _splits.TrueForAll(static s => s.Idle.IsIdle) : _withoutSplit.IsIdle);
        if (isIdle && !_isIdle) SendSignal(ChannelSignal.Idle);
        _isIdle |= isIdle;
        return Publish();
    }

    /// <summary>Records of an idle source come again: says so before them, and keeps them for the next batch.</summary>
    int Wake(SplitRead<T, TSplit> split, Batch<T> batch, int count)
    {
        split.Idle.OnRecord();
        _isIdle = false;
        _tail.Keep(batch, 0, count);
        _tailOf = split;
        SendSignal(ChannelSignal.Active);
        return 0;
    }

    /// <summary>The smallest watermark over the splits being read: none while splits wait unread, whose records must not become late.</summary>
    Timestamp Merge()
    {
        if (source.Source.IsBounded && !supply.AllAssigned) return Timestamp.None;
        Timestamp smallest = Timestamp.MaxValue;
        foreach (SplitRead<T, TSplit> split in _splits)
        {
            if (split.Idle.IsIdle) continue;
            Timestamp watermark = split.Tracker!.Watermark;
            if (watermark < smallest) smallest = watermark;
        }

        return smallest == Timestamp.MaxValue ? Timestamp.None : smallest;
    }

    bool HasEnded()
    {
        IsEnded = _isStopped || (_isComplete && _splits.Count == 0 && _tailOf is null && !HasSideOverdraft());
        return IsEnded;
    }

    bool HasSideOverdraft()
    {
        foreach (IOutputPort side in sides)
        {
            if (side.HasOverdraft) return true;
        }

        return false;
    }

    bool HasSides()
    {
        foreach (IOutputPort side in sides)
        {
            if (side.HasRecords) return true;
        }

        return false;
    }

    void SendSignal(ChannelSignal signal)
    {
        main.SetSignal(signal);
        foreach (IOutputPort side in sides) side.SetSignal(signal);
    }

    void Close(SplitRead<T, TSplit> split)
    {
        _splits.Remove(split);
        _closing.RemoveAll(static c => c.IsCompletedSuccessfully);
        Task closing = split.DisposeAsync().AsTask();
        // One that fails at once fails the task here; one that fails later fails the job when everything is closed.
        if (closing.IsFaulted) closing.GetAwaiter().GetResult();
        if (!closing.IsCompletedSuccessfully) _closing.Add(closing);
        if (source.Source.IsBounded) TakeSplits();
    }
}

/// <summary>Records read but not sent yet, because a watermark has to travel before them. Owned by one task.</summary>
/// <typeparam name="T">The record type.</typeparam>
public struct Tail<T>()
{
    T[] _values = [];
    Timestamp[] _timestamps = [];

    /// <summary>Keeps the records of a batch from <paramref name="start"/> on.</summary>
    public void Keep(Batch<T> batch, int start, int end)
    {
        _values = batch.Values.AsSpan(start, end - start).ToArray();
        _timestamps = batch.Timestamps.AsSpan(start, end - start).ToArray();
    }

    /// <summary>Puts the records at the start of a batch.</summary>
    /// <returns>How many.</returns>
    public readonly int Restore(Batch<T> batch)
    {
        _values.CopyTo(batch.Values, 0);
        _timestamps.CopyTo(batch.Timestamps, 0);
        return _values.Length;
    }
}
