using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>The head of a chain that reads other tasks: takes the next batch of any channel, and merges watermarks, signals and barriers.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class Gate<T> : Head
{
    readonly Channel<T>[] _channels;
    readonly Link<T> _link;
    readonly ReadySet _ready;
    readonly WatermarkMerger _merger;
    readonly BarrierAligner _aligner;
    readonly TimeProvider _time;
    readonly InFlightRecords<T>? _inFlight;
    readonly bool _mayOvertake;
    readonly Batch<T> _own;
    int _current;
    bool _isIdle;
    Barrier? _timed;
    Timestamp _overtakeAt = Timestamp.MaxValue;

    /// <summary>A gate over the channels, which it binds.</summary>
    /// <param name="channels">The channels, of all input edges.</param>
    /// <param name="link">Where batches are published, without a batch of its own.</param>
    /// <param name="task">The task, notified when a channel has something.</param>
    /// <param name="time">The clock, for barriers that have waited long enough.</param>
    /// <param name="inFlight">The records that barriers overtake; null where they cannot, and wait.</param>
    /// <param name="mayOvertake">Whether they may now; records that one has overtaken before are taken up all the same.</param>
    public Gate(Channel<T>[] channels, Link<T> link, INotifiable task, TimeProvider time, InFlightRecords<T>? inFlight, bool mayOvertake)
    {
        _channels = channels;
        _link = link;
        _time = time;
        _ready = new(channels.Length, task);
        _merger = new(channels.Length);
        _aligner = new(channels.Length);
        _inFlight = inFlight;
        _mayOvertake = mayOvertake && inFlight is not null;
        _own = new(inFlight is null ? 0 : InFlightRecords<T>.BatchRecords, link.HasTimestamps);
        for (int i = 0; i < channels.Length; i++) channels[i].BindConsumer(_ready, i);
        link.Released = GiveBack;
    }

    /// <inheritdoc/>
    public override bool IsOperator => false;

    /// <inheritdoc/>
    public override IReadOnlyList<StateSchema> States => _inFlight is null ? [] : [_inFlight.Schema];

    /// <inheritdoc/>
    public override Timestamp Watermark => _merger.Output;

    /// <inheritdoc/>
    public override Timestamp NextProcessingTime => _overtakeAt;

    /// <summary>Event time begins where a snapshot left it: it never falls behind that. Before the first record.</summary>
    public void StartAt(Timestamp watermark) => _merger.StartAt(watermark);

    /// <inheritdoc/>
    public override async ValueTask RestoreAsync(RestoredOperator restored, CancellationToken cancellationToken)
    {
        if (_inFlight is null && restored.HasInFlight)
        {
            throw new InvalidOperationException(
                $"records were on their way to '{OperatorId}' by key when the checkpoint was taken, and it does not read by key any more; "
                + $"start from a savepoint, which has none, or give them up with --drop-in-flight {OperatorId}");
        }

        if (_inFlight is not null) await restored.RestoreInFlightAsync(_inFlight, Snapshots.Range, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override void OnProcessingTime(Timestamp now) => Overtake();

    /// <inheritdoc/>
    public override PullResult Pull()
    {
        // What was in flight when the job was restored comes before anything live.
        if (_inFlight?.TryTake(_own) == true)
        {
            _link.Batch = _own;
            _link.Publish();
            return PullResult.Published;
        }

        while (!IsEnded)
        {
            if (_own.Barrier is not null) return PublishOvertaking();
            if (!_ready.TryTake(out _current)) break;
            // Where nothing can be overtaken barriers come in their turn: who knew of a later one first would let one pass unseen.
            if (_mayOvertake && _channels[_current].Announced is { } announced) Listen(announced, _channels[_current].AnnouncedInTurn);
            // Nothing may come between the decision to overtake and the barrier: it would be before the cut and in flight.
            if (_own.Barrier is not null) return PublishOvertaking();
            // What it has stays until the barrier has come by all channels; then it is looked at again.
            if (_aligner.IsBlocked(_current)) continue;
            if (!_channels[_current].TryReceive(out Batch<T>? batch)) continue;
            _ready.PutBack(_current);
            Merge(batch);
            if (batch.IsEmpty)
            {
                _channels[_current].Return(batch);
                continue;
            }

            _link.Batch = batch;
            _link.Publish();
            return PullResult.Published;
        }

        return PullResult.Dry;
    }

    void GiveBack(Batch<T> batch)
    {
        if (batch == _own) _own.Reset();
        else _channels[_current].Return(batch);
    }

    /// <summary>A producer has sent a barrier: waits for it no longer than the barrier allows.</summary>
    void Listen(Barrier barrier, Barrier? inTurn)
    {
        if (inTurn is not null) _aligner.OnAnnounced(inTurn);
        _aligner.OnAnnounced(barrier);
        if (_aligner.Waiting is not { } waiting || waiting == _timed) return;
        _timed = waiting;
        if (waiting.Alignment == Alignment.Unaligned)
        {
            // The channel that told is looked at again, once the barrier is on its way.
            _ready.PutBack(_current);
            Overtake();
        }
        else if (waiting.Alignment == Alignment.Aligned && waiting.AlignTimeout != Timeout.InfiniteTimeSpan)
        {
            _overtakeAt = Timestamp.FromDateTimeOffset(_time.GetUtcNow()) + waiting.AlignTimeout;
        }
    }

    void Overtake()
    {
        _overtakeAt = Timestamp.MaxValue;
        if (_aligner.Waiting is not { } barrier || _aligner.IsOvertaking) return;
        _aligner.Overtake();
        _inFlight!.Begin();
        _own.Barrier = barrier;
        LookAtAll();
    }

    PullResult PublishOvertaking()
    {
        Snapshots.Begin(_own.Barrier!, isOvertaking: true);
        Passed = _own.Barrier;
        _link.Batch = _own;
        _link.Publish();
        return PullResult.Published;
    }

    void LookAtAll()
    {
        for (int i = 0; i < _channels.Length; i++) _ready.PutBack(i);
    }

    /// <summary>Replaces what the channel says about itself by what it means for all channels together.</summary>
    void Merge(Batch<T> batch)
    {
        Timestamp before = _merger.Output;
        // A channel is active again before its records, and idle or finished after its watermark.
        if (batch.Signal == ChannelSignal.Active) _merger.OnSignal(_current, ChannelSignal.Active);
        if (!batch.Watermark.IsNone) _merger.OnWatermark(_current, batch.Watermark);
        if (batch.Signal is ChannelSignal.Idle or ChannelSignal.End) _merger.OnSignal(_current, batch.Signal);
        // An exact watermark is passed on as such even if it was known: it may so far only ride along further down.
        batch.Watermark = _merger.Output > before || batch.IsWatermarkExact ? _merger.Output : Timestamp.None;
        MergeBarrier(batch);

        if (_merger.IsFinished)
        {
            IsEnded = true;
            batch.Signal = ChannelSignal.End;
            return;
        }

        bool wasIdle = _isIdle;
        _isIdle = _merger.IsIdle;
        batch.Signal = wasIdle == _isIdle ? ChannelSignal.None : _isIdle ? ChannelSignal.Idle : ChannelSignal.Active;
    }

    /// <summary>Passes a barrier on with the batch with which it has come by all channels, unless it has overtaken that.</summary>
    void MergeBarrier(Batch<T> batch)
    {
        if (_aligner.IsInFlight(_current)) _inFlight!.Add(batch, _current);
        bool isOvertaking = _aligner.IsOvertaking;
        Barrier? waited = _aligner.Waiting;
        Barrier? complete = batch.Signal == ChannelSignal.End ? _aligner.OnEnd(_current) : _aligner.OnBarrier(_current, batch.Barrier);
        batch.Barrier = null;
        if (complete is null)
        {
            // A later barrier has taken the place of one that some channels waited for.
            if (waited is not null && _aligner.Waiting != waited) LookAtAll();
            return;
        }

        _overtakeAt = Timestamp.MaxValue;
        if (isOvertaking)
        {
            Snapshots.CompleteInFlight(OperatorId, _inFlight!);
            return;
        }

        Snapshots.Begin(complete, isOvertaking: false);
        batch.Barrier = complete;
        Passed = complete;
        IsEnded |= complete.IsStop;
        LookAtAll();
    }
}
