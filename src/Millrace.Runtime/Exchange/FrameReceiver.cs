using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Exchange;

/// <summary>
/// The producer of a channel whose real producer is at another worker: puts the frames that come into batches. It gives credit for batches
/// that it has in stock, so there is always one for a frame. Thread-safe; frames come one at a time.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
sealed class FrameReceiver<T> : INotifiable, IFrameReceiver
{
    readonly Lock _lock = new();   // guards everything below, and the renting of batches
    readonly ChannelId _id;
    readonly Channel<T> _channel;
    readonly FrameCodec<T> _codec;
    readonly IFrameOutlet _outlet;
    readonly Stack<Batch<T>> _stock = new(Limits.ChannelBatchesMax);
    int _credits = Limits.ChannelBatchesMax;
    // The first credits are given before there are batches: a channel that is little used makes few.
    int _unbacked = Limits.ChannelBatchesMax;

    /// <summary>Takes the place of the producer.</summary>
    public FrameReceiver(ChannelId id, Channel<T> channel, FrameCodec<T> codec, IFrameOutlet outlet)
    {
        _id = id;
        _channel = channel;
        _codec = codec;
        _outlet = outlet;
        channel.BindProducer(this);
    }

    /// <inheritdoc/>
    public void OnFrame(ExchangeMessage.Frame frame)
    {
        Batch<T> batch = Take();
        _codec.Decode(frame, batch);
        frame.Records.Release();
        _channel.Send(batch);
        Restock();
    }

    /// <inheritdoc/>
    public void OnAnnounced(Barrier barrier) => _channel.Announce(barrier);

    /// <inheritdoc/>
    void INotifiable.Notify() => Restock();

    Batch<T> Take()
    {
        lock (_lock)
        {
            if (_credits == 0) throw new CorruptDataException("A frame came for which no credit was given.", 0);
            _credits--;
            if (_stock.TryPop(out Batch<T>? batch)) return batch;
            bool isThere = _channel.TryRent(out batch);
            Invariant.That(isThere, "there is a batch for every credit");
            _unbacked--;
            return batch!;
        }
    }

    /// <summary>Takes batches that came back, and gives credit for them. Is called again when one comes back after there was none.</summary>
    void Restock()
    {
        int credits = 0;
        lock (_lock)
        {
            if (_unbacked > 0) return;
            for (; _channel.TryRent(out Batch<T>? batch); credits++) _stock.Push(batch);
            _credits += credits;
        }

        if (credits > 0) _outlet.Credit(_id, credits);
    }
}
