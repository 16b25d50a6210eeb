using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Transport;

public sealed class MessageCodecTests
{
    [Fact]
    public void Samples_HaveEveryMessage()
    {
        IEnumerable<Type> kinds = typeof(Message).Assembly.GetTypes().Where(static t => t.IsSealed && t.IsAssignableTo(typeof(Message)));

        Assert.Equal(kinds.OrderBy(static t => t.Name), MessageSamples.All.Select(static m => m.GetType()).Distinct().OrderBy(static t => t.Name));
    }

    [Fact]
    public void Message_EncodedAndDecoded_IsTheSame()
    {
        foreach (Message message in MessageSamples.All)
        {
            byte[] bytes = MessageCodec.Encode(message);
            Message again = MessageCodec.Decode(bytes);

            Assert.Equal(message.GetType(), again.GetType());
            // Records of a frame are compared by their bytes, below.
            if (message is not ExchangeMessage.Frame) Assert.Equivalent(message, again, strict: true);
            Assert.Equal(bytes, MessageCodec.Encode(again));
        }
    }

    [Fact]
    public void Message_CutOffAnywhere_IsRefused()
    {
        foreach (byte[] bytes in MessageSamples.All.Select(MessageCodec.Encode))
        {
            for (int length = 0; length < bytes.Length; length++) Assert.Throws<CorruptDataException>(() => MessageCodec.Decode(bytes.AsSpan(0, length)));
            Assert.Throws<CorruptDataException>(() => MessageCodec.Decode([.. bytes, 0]));
        }
    }

    [Fact]
    public void Message_WithAnyByteChanged_IsAMessageOrRefused()
    {
        foreach (byte[] bytes in MessageSamples.All.Select(MessageCodec.Encode))
        {
            for (int at = 0; at < bytes.Length; at++)
            {
                foreach (byte flip in (byte[])[0x01, 0x20, 0x80, 0xff])
                {
                    byte[] changed = [.. bytes];
                    changed[at] ^= flip;
                    if (Record.Exception(() => MessageCodec.Decode(changed)) is { } refusal) Assert.IsType<CorruptDataException>(refusal);
                }
            }
        }
    }

    // The bytes of docs/FORMATS.md, section "Messages".
    [Fact]
    public void Message_ToBytes_IsAsDocumented()
    {
        AttemptId attempt = new(3, 17);

        Assert.Equal("00", Hex(new Message.Alive()));
        Assert.Equal("020622", Hex(new LeaderMessage.Run(attempt)));
        Assert.Equal("030622" + "0e0c02" + "d00f" + "05" + "08",
            Hex(new LeaderMessage.Trigger(attempt, new(7, 6, Alignment.Unaligned, TimeSpan.FromTicks(1_000), IsStop: true, IsDrain: false, IsSavepoint: true, Worn: 4))));
        Assert.Equal("050622" + "066f7264657273" + "04" + "03010203", Hex(new LeaderMessage.SplitGiven(attempt, "orders", 2, new byte[] { 1, 2, 3 })));
        Assert.Equal("250622" + "066f7264657273" + "04", Hex(new WorkerMessage.SplitAsked(attempt, "orders", 2)));
        Assert.Equal("4002" + "027731" + "026162" + "03613a31", Hex(new WorkerMessage.Hello("w1", "ab", "a:1")));
        Assert.Equal("610622" + "020004" + "0100" + "0a00000000000000" + "02" + "020a0e", Hex(new ExchangeMessage.Frame(attempt, new(1, 0, 2), 1, new MessageSamples.Records(0x0a, 0x0e), new(new(10), IsWatermarkExact: false, 0, null))));
        Assert.Equal("630622" + "020004" + "06", Hex(new ExchangeMessage.Credit(attempt, new(1, 0, 2), 3)));
    }

    [Fact]
    public void Hello_OfAnotherVersion_NamesBothAndTheRemedy()
    {
        byte[] bytes = MessageCodec.Encode(new WorkerMessage.Hello("w1", "ab", "a:1"));
        bytes[1] = 9;

        CorruptDataException refusal = Assert.Throws<CorruptDataException>(() => MessageCodec.Decode(bytes));
        Assert.Contains("version 9", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("same version of the program", refusal.Message, StringComparison.Ordinal);
    }

    static string Hex(Message message) => Convert.ToHexStringLower(MessageCodec.Encode(message));
}
