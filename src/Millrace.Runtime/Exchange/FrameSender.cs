using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Exchange;

/// <summary>
/// The consumer of a channel whose real consumer is at another worker: takes batches out as there is credit, sends them encoded, and gives
/// them back. Without credit they stay in the channel, and a channel that is full stops its producer. Thread-safe.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
sealed class FrameSender<T> : IReadySet, IFrameSender
{
    readonly Lock _lock = new();   // guards everything below, and the consumer's side of the channel
    readonly ChannelId _id;
    readonly Channel<T> _channel;
    readonly FrameCodec<T> _codec;
    readonly IFrameOutlet _outlet;
    int _credits = Limits.ChannelBatchesMax;
    Barrier? _announced;
    Batch<T>? _sending;
    int _position;

    /// <summary>Takes the place of the consumer.</summary>
    public FrameSender(ChannelId id, Channel<T> channel, FrameCodec<T> codec, IFrameOutlet outlet)
    {
        _id = id;
        _channel = channel;
        _codec = codec;
        _outlet = outlet;
        channel.BindConsumer(this, 0);
    }

    /// <inheritdoc/>
    void IReadySet.MarkReady(int index)
    {
        try
        {
            Send(0);
        }
        catch (Exception failure)
        {
            // The edge of the worker, called by whoever has made the record: it is the operator the record goes to that does not get it, whichever thread sends.
            _outlet.Fail(_id, failure);
        }
    }

    /// <inheritdoc/>
    public void OnCredit(int frames) => Send(frames);

    void Send(int credits)
    {
        lock (_lock)
        {
            _credits += credits;
            if (_channel.Announced is { } newest && newest != _announced)
            {
                _announced = newest;
                _outlet.Announce(_id, newest);
            }

            while (_credits > 0 && (_sending is not null || _channel.TryReceive(out _sending))) SendFrame(_sending);
        }
    }

    void SendFrame(Batch<T> batch)
    {
        _credits--;
        int first = _position;
        FrameRecords records = _codec.Encode(batch, ref _position);
        bool isWhole = _position == batch.Count;
        FrameTail tail = isWhole ? new(batch.Watermark, batch.IsWatermarkExact, (byte)batch.Signal, batch.Barrier) : new(Timestamp.None, false, 0, null);
        _outlet.Send(_id, _position - first, records, tail);
        if (!isWhole) return;
        _position = 0;
        _sending = null;
        _channel.Return(batch);
    }
}
