using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Exchange;

/// <summary>Gives channels between workers their other end. Used while tasks are built, by one thread.</summary>
interface IChannelEnds
{
    /// <summary>A channel was made: binds the end of it that is not here, if any.</summary>
    void Bind<T>(ChannelId id, Channel<T> channel, bool hasTimestamps);
}

/// <summary>Takes what the ends of one channel say to each other to the other worker. Thread-safe; never waits.</summary>
interface IFrameOutlet
{
    /// <summary>A frame, whose records are the receiver's from here on.</summary>
    void Send(ChannelId channel, int count, FrameRecords records, in FrameTail tail);

    /// <summary>A barrier that may still be behind batches.</summary>
    void Announce(ChannelId channel, Barrier barrier);

    /// <summary>Room for more frames.</summary>
    void Credit(ChannelId channel, int frames);

    /// <summary>Records cannot be sent: the operator they go to has failed. Called on any thread.</summary>
    void Fail(ChannelId channel, Exception failure);
}

/// <summary>The end of a channel that sends to another worker.</summary>
interface IFrameSender
{
    /// <summary>The receiver has room for more.</summary>
    void OnCredit(int frames);
}

/// <summary>The end of a channel that receives from another worker.</summary>
interface IFrameReceiver
{
    /// <summary>A frame came. One at a time, in order.</summary>
    /// <exception cref="State.Codecs.CorruptDataException">It is no frame of this channel.</exception>
    void OnFrame(ExchangeMessage.Frame frame);

    /// <summary>A barrier is on its way.</summary>
    void OnAnnounced(Barrier barrier);
}
