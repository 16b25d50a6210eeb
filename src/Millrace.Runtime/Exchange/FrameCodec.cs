using Millrace.Runtime.Messages;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Exchange;

/// <summary>The records of a batch to the bytes of a frame and back; they are in <c>docs/FORMATS.md</c>, section "Messages". Thread-safe.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="hasTimestamps">Whether the stream has event time.</param>
sealed class FrameCodec<T>(bool hasTimestamps)
{
    // How often it is looked whether a frame is full: seldom enough to cost nothing.
    const int Stretch = 64;

    readonly Codec<T> _records = Codec.Of<T>();
    int _bytesExpected;

    /// <summary>Encodes from a position on: to the end of the batch, or until the frame is full.</summary>
    public FrameRecords Encode(Batch<T> batch, ref int position)
    {
        ByteBuffer bytes = new(_bytesExpected);
        CodecWriter writer = new(bytes);
        long before = 0;
        while (position < batch.Count && bytes.Length < Limits.FrameBytesMax)
        {
            int end = Math.Min(batch.Count, position + Stretch);
            for (; position < end; position++)
            {
                if (hasTimestamps)
                {
                    long ticks = batch.Timestamps[position].Ticks;
                    writer.WriteZigzag(unchecked(ticks - before));
                    before = ticks;
                }

                _records.Write(ref writer, batch.Values[position]);
            }

            writer.Flush();
        }

        // The next one is likely to be as large. Written by several threads now and then, which is harmless.
        _bytesExpected = bytes.Length;
        return new Encoded(bytes);
    }

    /// <summary>Fills an empty batch.</summary>
    /// <exception cref="CorruptDataException">It is no frame of this channel.</exception>
    public void Decode(ExchangeMessage.Frame frame, Batch<T> into)
    {
        CodecReader reader = new(frame.Records.Bytes);
        if ((uint)frame.Count > (uint)into.Values.Length) reader.Fail($"A frame has {frame.Count} records, and a batch of its channel {into.Values.Length} at most.");
        if (frame.Tail.Signal > (byte)ChannelSignal.End) reader.Fail("A frame has a signal that there is not.");
        long ticks = 0;
        for (int i = 0; i < frame.Count; i++)
        {
            if (hasTimestamps)
            {
                ticks = unchecked(ticks + reader.ReadZigzag());
                into.Timestamps[i] = new(ticks);
            }

            into.Values[i] = _records.Read(ref reader);
        }

        reader.End();
        into.Count = frame.Count;
        into.Watermark = frame.Tail.Watermark;
        into.IsWatermarkExact = frame.Tail.IsWatermarkExact;
        into.Signal = (ChannelSignal)frame.Tail.Signal;
        into.Barrier = frame.Tail.Barrier;
    }

    /// <summary>Bytes of a pool.</summary>
    sealed class Encoded(ByteBuffer bytes) : FrameRecords
    {
        public override ReadOnlySpan<byte> Bytes => bytes.Written;

        public override void Release() => bytes.Dispose();
    }
}
