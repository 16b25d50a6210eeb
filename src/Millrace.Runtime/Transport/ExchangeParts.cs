using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Transport;

/// <summary>What workers say to each other, written and read.</summary>
static class ExchangeParts
{
    const int HasWatermark = 1, IsExact = 2, HasBarrier = 4;

    public static void Exchange(this ref CodecWriter writer, ExchangeMessage message)
    {
        writer.WriteByte((byte)KindOf(message));
        writer.Attempt(message.Attempt);
        switch (message)
        {
            case ExchangeMessage.Joined joined: writer.WriteZigzag(joined.From); break;
            case ExchangeMessage.Frame frame:
                writer.Channel(frame.Channel);
                writer.Tail(frame.Tail);
                writer.WriteZigzag(frame.Count);
                writer.Bytes(frame.Records.Bytes);
                break;
            case ExchangeMessage.Announced announced:
                writer.Channel(announced.Channel);
                writer.Barrier(announced.Barrier);
                break;
            case ExchangeMessage.Credit credit:
                writer.Channel(credit.Channel);
                writer.WriteZigzag(credit.Frames);
                break;
        }
    }

    public static ExchangeMessage Exchange(this ref CodecReader reader, MessageKind kind)
    {
        AttemptId attempt = reader.Attempt();
        switch (kind)
        {
            case MessageKind.Joined: return new ExchangeMessage.Joined(attempt, reader.Int());
            case MessageKind.Frame: return reader.Frame(attempt);
            case MessageKind.Announced: return new ExchangeMessage.Announced(attempt, reader.Channel(), reader.Barrier());
            case MessageKind.Credit: return new ExchangeMessage.Credit(attempt, reader.Channel(), reader.Int());
            default: reader.Fail($"{kind} is no kind of message."); return null!;
        }
    }

    static void Channel(this ref CodecWriter writer, ChannelId channel)
    {
        writer.WriteZigzag(channel.Edge);
        writer.WriteZigzag(channel.From);
        writer.WriteZigzag(channel.To);
    }

    static ChannelId Channel(this ref CodecReader reader) => new(reader.Int(), reader.Int(), reader.Int());

    static void Tail(this ref CodecWriter writer, in FrameTail tail)
    {
        bool hasWatermark = !tail.Watermark.IsNone;
        writer.WriteByte((byte)((hasWatermark ? HasWatermark : 0) | (tail.IsWatermarkExact ? IsExact : 0) | (tail.Barrier is null ? 0 : HasBarrier)));
        writer.WriteByte(tail.Signal);
        if (hasWatermark) writer.Time(tail.Watermark);
        if (tail.Barrier is { } barrier) writer.Barrier(barrier);
    }

    static ExchangeMessage.Frame Frame(this ref CodecReader reader, AttemptId attempt)
    {
        ChannelId channel = reader.Channel();
        byte bits = reader.ReadBits(3), signal = reader.ReadByte();
        Timestamp watermark = (bits & HasWatermark) != 0 ? reader.Time() : Timestamp.None;
        Barrier? barrier = (bits & HasBarrier) != 0 ? reader.Barrier() : null;
        return new(attempt, channel, reader.Int(), new Received(reader.ReadRaw(reader.Count())), new(watermark, (bits & IsExact) != 0, signal, barrier));
    }

    static MessageKind KindOf(ExchangeMessage message) => message switch
    {
        ExchangeMessage.Joined => MessageKind.Joined,
        ExchangeMessage.Frame => MessageKind.Frame,
        ExchangeMessage.Announced => MessageKind.Announced,
        ExchangeMessage.Credit => MessageKind.Credit,
        _ => throw new System.Diagnostics.UnreachableException($"{message.GetType().Name} has no kind"),
    };

    /// <summary>A copy in memory of a pool: what came is the connection's again.</summary>
    sealed class Received : FrameRecords
    {
        readonly ByteBuffer _bytes;

        public Received(ReadOnlySpan<byte> bytes)
        {
            _bytes = new(bytes.Length);
            bytes.CopyTo(_bytes.GetSpan(bytes.Length));
            _bytes.Advance(bytes.Length);
        }

        public override ReadOnlySpan<byte> Bytes => _bytes.Written;

        public override void Release() => _bytes.Dispose();
    }
}
