using System.Buffers.Binary;
using System.Text;

namespace Millrace.Benchmarks.Codecs;

/// <summary>What somebody would write by hand for this one record, over a span with room: the same kinds of encodings, no checks but those of the span.</summary>
static class HandCodec
{
    public static int Write(Span<byte> to, Trade trade)
    {
        int at = 0;
        to[at++] = trade.Note is null ? (byte)0 : (byte)1;
        WriteZigzag(to, ref at, trade.Id);
        WriteText(to, ref at, trade.Symbol);
        WriteZigzag(to, ref at, trade.Quantity);
        WriteDecimal(to, ref at, trade.Price);
        BinaryPrimitives.WriteInt64LittleEndian(to[at..], trade.At.ToBinary());
        at += 8;
        trade.Account.TryWriteBytes(to[at..]);
        at += 16;
        BinaryPrimitives.WriteDoubleLittleEndian(to[at..], trade.Rate);
        at += 8;
        to[at++] = trade.IsOpen ? (byte)1 : (byte)0;
        if (trade.Note is not null) WriteText(to, ref at, trade.Note);
        WriteZigzag(to, ref at, (int)trade.Side);
        return at;
    }

    public static Trade Read(ReadOnlySpan<byte> from, ref int at)
    {
        bool hasNote = from[at++] != 0;
        long id = ReadZigzag(from, ref at);
        string symbol = ReadText(from, ref at);
        int quantity = (int)ReadZigzag(from, ref at);
        decimal price = ReadDecimal(from, ref at);
        DateTime time = DateTime.FromBinary(BinaryPrimitives.ReadInt64LittleEndian(from[at..]));
        at += 8;
        Guid account = new(from.Slice(at, 16));
        at += 16;
        double rate = BinaryPrimitives.ReadDoubleLittleEndian(from[at..]);
        at += 8;
        bool isOpen = from[at++] != 0;
        string? note = hasNote ? ReadText(from, ref at) : null;
        return new(id, symbol, quantity, price, time, account, rate, isOpen, note, (Side)ReadZigzag(from, ref at));
    }

    static void WriteDecimal(Span<byte> to, ref int at, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        foreach (int part in bits)
        {
            BinaryPrimitives.WriteInt32LittleEndian(to[at..], part);
            at += 4;
        }
    }

    static decimal ReadDecimal(ReadOnlySpan<byte> from, ref int at)
    {
        Span<int> bits = stackalloc int[4];
        foreach (ref int part in bits)
        {
            part = BinaryPrimitives.ReadInt32LittleEndian(from[at..]);
            at += 4;
        }

        return new(bits);
    }

    static void WriteText(Span<byte> to, ref int at, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, to[(at + 1)..]);
        to[at] = (byte)length;
        at += length + 1;
    }

    static string ReadText(ReadOnlySpan<byte> from, ref int at)
    {
        int length = from[at++];
        string text = Encoding.UTF8.GetString(from.Slice(at, length));
        at += length;
        return text;
    }

    static void WriteZigzag(Span<byte> to, ref int at, long value)
    {
        ulong bits = (ulong)((value << 1) ^ (value >> 63));
        for (; bits >= 0x80; bits >>= 7) to[at++] = (byte)(bits | 0x80);
        to[at++] = (byte)bits;
    }

    static long ReadZigzag(ReadOnlySpan<byte> from, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte part = from[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return (long)(value >> 1) ^ -(long)(value & 1);
        }
    }
}
