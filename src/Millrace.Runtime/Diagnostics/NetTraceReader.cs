using System.Buffers.Binary;
using System.Text;

namespace Millrace.Runtime.Diagnostics;

/// <summary>
/// Reads the runtime's trace format, nettrace version 4, as far as stack samples and method names need it.
/// </summary>
/// <remarks>
/// The stream is a sequence of objects, each a tag, a type (name and version) and a block of bytes aligned to four. Event
/// and metadata blocks hold events with a compressed header: a field that is left out has the value it had in the event
/// before. Stack blocks hold addresses, which later events refer to by number.
/// Source: <see href="https://github.com/microsoft/perfview/blob/main/src/TraceEvent/EventPipe/NetTraceFormat_v5.md"/>.
/// </remarks>
sealed class NetTraceReader(Stream source, StackSample sample)
{
    const byte NullTag = 1, BeginTag = 5, EndTag = 6;
    const int BlockBytesMax = 64 << 20, TypeNameBytesMax = 64, TraceObjectBytes = 48, ReaderVersionMax = 4;
    const string SampleProvider = "Microsoft-DotNETCore-SampleProfiler", RundownProvider = "Microsoft-Windows-DotNETRuntimeRundown";
    const int MethodDcEndVerbose = 144;

    enum EventKind { Other, Sample, Method }

    readonly BufferedStream _stream = new(source, 1 << 16);
    readonly Dictionary<int, EventKind> _kinds = [];
    readonly Dictionary<int, byte[]> _stacks = [];
    long _position;
    bool _ended;

    /// <summary>Reads one object and hands its samples or methods to the sample. False at the end of the trace.</summary>
    /// <exception cref="InvalidDataException">Not a trace this reader knows.</exception>
    /// <exception cref="EndOfStreamException">Cut off.</exception>
    public bool ReadNext()
    {
        if (_position == 0)
        {
            Expect("Nettrace"u8);
            Expect([20, 0, 0, 0]);
            Expect("!FastSerialization.1"u8);
        }

        byte tag = _ended ? NullTag : ReadByte();
        _ended = tag == NullTag;
        if (!_ended)
        {
            Require(tag == BeginTag, "an object");
            ReadObject();
            Require(ReadByte() == EndTag, "the end of an object");
        }

        return !_ended;
    }

    void ReadObject()
    {
        Expect([BeginTag, NullTag]);
        ReadInt32();     // Version of the object; what counts is the reader it asks for.
        Require(ReadInt32() <= ReaderVersionMax, "a version it knows");
        int length = ReadInt32();
        Require(length is > 0 and <= TypeNameBytesMax, "a type name");
        string type = Encoding.UTF8.GetString(ReadBytes(length));
        Require(ReadByte() == EndTag, "the end of a type");
        if (type == "Trace")
        {
            ReadBytes(TraceObjectBytes);     // Clock and machine; the one object without a size.
            return;
        }

        byte[] block = ReadBlock();
        switch (type)
        {
            case "StackBlock": ReadStacks(block); break;
            case "MetadataBlock": ReadEvents(block, metadata: true); break;
            case "EventBlock": ReadEvents(block, metadata: false); break;
            case "SPBlock": _stacks.Clear(); break;     // A sequence point: no later event refers to an earlier stack.
            default: break;
        }
    }

    byte[] ReadBlock()
    {
        int size = ReadInt32();
        Require(size is >= 0 and <= BlockBytesMax, "a block of sane size");
        ReadBytes((int)(-_position & 3));
        return ReadBytes(size);
    }

    void ReadStacks(byte[] block)
    {
        var span = new SpanReader(block);
        int first = span.Int32(), count = span.Int32();
        for (int i = 0; i < count; i++)
        {
            _stacks[first + i] = span.Bytes(span.Int32()).ToArray();
        }
    }

    void ReadEvents(byte[] block, bool metadata)
    {
        var span = new SpanReader(block);
        int headerBytes = span.Int16();
        Require((span.Int16() & 1) != 0, "compressed event headers");
        span.Bytes(headerBytes - 2 * sizeof(short));
        var header = new EventHeader();
        while (!span.AtEnd)
        {
            header.ReadNext(ref span);
            var payload = new SpanReader(span.Bytes(header.PayloadBytes));
            if (metadata)
            {
                ReadMetadata(payload);
            }
            else
            {
                ReadEvent(header, payload);
            }
        }
    }

    void ReadMetadata(SpanReader payload)
    {
        int id = payload.Int32();
        string provider = payload.Text();
        int eventId = payload.Int32();
        _kinds[id] = provider switch
        {
            SampleProvider => EventKind.Sample,
            RundownProvider when eventId == MethodDcEndVerbose => EventKind.Method,
            _ => EventKind.Other,
        };
    }

    void ReadEvent(in EventHeader header, SpanReader payload)
    {
        EventKind kind = _kinds.GetValueOrDefault(header.MetadataId);
        if (kind == EventKind.Sample && header.ThreadId == sample.ThreadId && _stacks.TryGetValue(header.StackId, out byte[]? stack))
        {
            sample.SetStack(stack);
        }
        else if (kind == EventKind.Method)
        {
            payload.Bytes(2 * sizeof(long));     // Ids of method and module.
            ulong start = payload.UInt64();
            uint size = (uint)payload.Int32();
            payload.Bytes(2 * sizeof(int));      // Token and flags.
            sample.AddMethod(start, size, payload);
        }
    }

    void Expect(ReadOnlySpan<byte> bytes) => Require(ReadBytes(bytes.Length).AsSpan().SequenceEqual(bytes), "the marks of a trace");

    static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidDataException($"the runtime's trace does not have {what} where it should");
        }
    }

    byte ReadByte() => ReadBytes(1)[0];

    int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(sizeof(int)));

    byte[] ReadBytes(int count)
    {
        byte[] bytes = new byte[count];
        _stream.ReadExactly(bytes);
        _position += count;
        return bytes;
    }

    /// <summary>The compressed header of an event; kept from event to event, for fields that are left out.</summary>
    struct EventHeader
    {
        public int MetadataId, StackId, PayloadBytes;
        public long ThreadId;

        public void ReadNext(ref SpanReader span)
        {
            byte flags = span.Byte();
            MetadataId = (flags & 1) != 0 ? (int)span.VarUInt() : MetadataId;
            if ((flags & 2) != 0)
            {
                span.VarUInt();     // Sequence number, capturing thread and processor.
                span.VarUInt();
                span.VarUInt();
            }

            ThreadId = (flags & 4) != 0 ? (long)span.VarUInt() : ThreadId;
            StackId = (flags & 8) != 0 ? (int)span.VarUInt() : StackId;
            span.VarUInt();     // Time.
            span.Bytes((flags & 16) != 0 ? 16 : 0);     // Activity and related activity.
            span.Bytes((flags & 32) != 0 ? 16 : 0);
            PayloadBytes = (flags & 128) != 0 ? (int)span.VarUInt() : PayloadBytes;
        }
    }
}
