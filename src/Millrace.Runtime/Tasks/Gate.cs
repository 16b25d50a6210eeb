using Millrace.Runtime.Exchange;

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
    int _current;
    bool _isIdle;

    /// <summary>A gate over the channels, which it binds.</summary>
    /// <param name="channels">The channels, of all input edges.</param>
    /// <param name="link">Where batches are published, without a batch of its own.</param>
    /// <param name="task">The task, notified when a channel has something.</param>
    public Gate(Channel<T>[] channels, Link<T> link, INotifiable task)
    {
        _channels = channels;
        _link = link;
        _ready = new(channels.Length, task);
        _merger = new(channels.Length);
        _aligner = new(channels.Length);
        for (int i = 0; i < channels.Length; i++) channels[i].BindConsumer(_ready, i);
        link.Released = GiveBack;
    }

    /// <inheritdoc/>
    public override bool IsOperator => false;

    /// <inheritdoc/>
    public override Timestamp Watermark => _merger.Output;

    /// <summary>Event time begins where a snapshot left it: it never falls behind that. Before the first record.</summary>
    public void StartAt(Timestamp watermark) => _merger.StartAt(watermark);

    /// <inheritdoc/>
    public override PullResult Pull()
    {
        while (!IsEnded && _ready.TryTake(out _current))
        {
            // What it has stays until the barrier has come by all channels; then it is looked at again.
            if (_aligner.IsBlocked(_current)) continue;
            if (!_channels[_current].TryReceive(out Batch<T>? batch)) continue;
            _ready.PutBack(_current);
            Merge(batch);
            if (batch.Barrier is { } barrier) Pass(barrier);
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

    void GiveBack(Batch<T> batch) => _channels[_current].Return(batch);

    /// <summary>All channels have delivered the barrier, which goes on with this batch.</summary>
    void Pass(Barrier barrier)
    {
        Snapshots.Begin(barrier);
        IsEnded |= barrier.IsStop;
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
        batch.Barrier = batch.Signal == ChannelSignal.End ? _aligner.OnEnd(_current) : _aligner.OnBarrier(_current, batch.Barrier);

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
}
