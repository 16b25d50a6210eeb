using System.Diagnostics.CodeAnalysis;

namespace Millrace.Runtime.Exchange;

/// <summary>
/// The channels of one producer: one open batch each, filled record by record and sent when full. Watermarks ride with the next batch
/// that leaves. Where no room can be waited for it is overdrawn: what has no room is kept here, in order, until it has. Owned by one task.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class ChannelFan<T>
{
    readonly Channel<T>[] _channels;
    readonly Batch<T>?[] _open;
    readonly Timestamp[] _sent;
    readonly bool[] _isBeyond;
    Queue<Batch<T>>[]? _kept;
    int _keptCount;
    int _told;

    /// <summary>A fan over the channels, which it binds.</summary>
    /// <param name="channels">One or more.</param>
    /// <param name="producer">Notified when a channel has a free batch again.</param>
    public ChannelFan(Channel<T>[] channels, INotifiable producer)
    {
        _channels = channels;
        _open = new Batch<T>?[channels.Length];
        _sent = new Timestamp[channels.Length];
        _isBeyond = new bool[channels.Length];
        Array.Fill(_sent, Timestamp.None);
        foreach (Channel<T> channel in channels) channel.BindProducer(producer);
    }

    /// <summary>How many channels there are.</summary>
    public int Count => _channels.Length;

    /// <summary>Whether a channel without room is no reason to wait. What is written meanwhile is bounded by whoever says so.</summary>
    public bool MayOverdraw { get; set; }

    /// <summary>Whether something is kept that has had no room.</summary>
    public bool IsOverdrawn => _keptCount > 0;

    /// <summary>The newest watermark; none before the first.</summary>
    public Timestamp Watermark { get; set; } = Timestamp.None;

    /// <summary>The open batch of a channel, which has room; false when the channel has no free batch now.</summary>
    public bool TryOpen(int channel, [NotNullWhen(true)] out Batch<T>? batch)
    {
        batch = _open[channel];
        if (batch is not null) return true;
        bool isFirst = _kept is null || _kept[channel].Count == 0;
        if (!isFirst || !_channels[channel].TryRent(out batch))
        {
            if (!MayOverdraw) return false;
            batch = _channels[channel].NewBatch();
            _isBeyond[channel] = true;
        }

        _open[channel] = batch;
        return true;
    }

    /// <summary>Sends what is kept, as far as there is room now; the task is notified when there is more.</summary>
    /// <returns>Whether nothing is kept any more.</returns>
    public bool TryRepay()
    {
        for (int i = 0; _keptCount > 0 && i < _channels.Length; i++)
        {
            // The one that is kept travels in place of the one that is free.
            while (_kept![i].Count > 0 && _channels[i].TryRent(out _))
            {
                _channels[i].Send(_kept[i].Dequeue());
                _keptCount--;
            }
        }

        return _keptCount == 0;
    }

    /// <summary>Whether a channel has an open batch.</summary>
    public bool IsOpen(int channel) => _open[channel] is not null;

    /// <summary>Sends the open batch of a channel, with the newest watermark.</summary>
    public void Send(int channel)
    {
        Batch<T> batch = _open[channel]!;
        _open[channel] = null;
        if (Watermark > _sent[channel])
        {
            batch.Watermark = Watermark;
            _sent[channel] = Watermark;
        }

        if (_isBeyond[channel]) Keep(channel, batch);
        else _channels[channel].Send(batch);
    }

    /// <summary>Sends what is open, and the newest watermark to channels that have not heard of it, as far as they have room.</summary>
    public void Flush()
    {
        TryRepay();
        for (int i = 0; i < _channels.Length; i++)
        {
            if (_open[i] is not null || (Watermark > _sent[i] && !MayOverdraw && TryOpen(i, out _))) Send(i);
        }
    }

    /// <summary>Sends what a batch tells all, and the newest watermark, to every channel, after what is open. Call again after false, when notified.</summary>
    /// <returns>Whether all were told.</returns>
    public bool TryTellAll(Batch<T> telling)
    {
        for (; _told < _channels.Length; _told++)
        {
            if (!TryOpen(_told, out Batch<T>? batch)) return false;
            batch.IsWatermarkExact = telling.IsWatermarkExact;
            batch.Signal = telling.Signal;
            batch.Barrier = telling.Barrier;
            if (telling.IsWatermarkExact) batch.Watermark = Watermark;
            Send(_told);
        }

        _told = 0;
        return true;
    }

    /// <summary>Tells every consumer of a barrier that is on its way behind what is full and open.</summary>
    public void Announce(Barrier barrier)
    {
        foreach (Channel<T> channel in _channels) channel.Announce(barrier);
    }

    /// <summary>Swaps an empty batch of the only channel for a full one and sends that: nothing is copied.</summary>
    /// <param name="full">A batch as large as the channel's; becomes the empty one.</param>
    /// <returns>False when the channel has no free batch now.</returns>
    public bool TrySwap(ref Batch<T> full)
    {
        if (!TryOpen(0, out Batch<T>? empty)) return false;
        _open[0] = full;
        full = empty;
        return true;
    }

    void Keep(int channel, Batch<T> batch)
    {
        _kept ??= [.. _channels.Select(static _ => new Queue<Batch<T>>())];
        _kept[channel].Enqueue(batch);
        _keptCount++;
        _isBeyond[channel] = false;
    }
}
