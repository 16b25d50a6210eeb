using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Millrace.Runtime.Diagnostics;

/// <summary>
/// One sampling session with the diagnostics port of this very process: a Unix socket the runtime listens on.
/// </summary>
/// <remarks>
/// A message is the magic, its total size, a command set and a command, a reserved word, and a payload, all little-endian.
/// A session lives on the connection that asked for it; the order to stop comes on a second connection.
/// </remarks>
sealed class DiagnosticsSession : IDisposable
{
    const int HeaderBytes = 20, ReplyBytesMax = 4_096;
    const byte EventPipeCommands = 0x02, StopTracing = 0x01, CollectTracing4 = 0x05;
    const byte ServerReplies = 0xFF, ReplyOk = 0x00;
    const uint BufferMegabytes = 64, NetTraceFormat = 1;

    // Of the list of methods given at the end only what names addresses: code compiled at run time (0x10), code compiled
    // ahead (0x20), and the flag that asks for the list when the session ends (0x100).
    const ulong RundownKeywords = 0x10 | 0x20 | 0x100;

    readonly DeadlineStream _stream;
    readonly string _path;
    readonly ulong _id;
    DeadlineStream? _stopping;

    DiagnosticsSession(DeadlineStream stream, string path, ulong id) => (_stream, _path, _id) = (stream, path, id);

    /// <summary>The events in nettrace format. Reads throw <see cref="TimeoutException"/> once the limit has passed.</summary>
    public Stream Events => _stream;

    /// <summary>Begins to sample all threads.</summary>
    /// <exception cref="IOException">Nobody listens at the path.</exception>
    /// <exception cref="InvalidDataException">The runtime refuses, or it is not the runtime.</exception>
    public static DiagnosticsSession Start(string path, TimeSpan limit)
    {
        DeadlineStream stream = Connect(path, new Deadline(limit));
        try
        {
            stream.Write(Message(CollectTracing4, StartPayload()));
            return new DiagnosticsSession(stream, path, ReadSessionId(stream));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Ends the session. The runtime then writes its list of methods to <see cref="Events"/> and closes it.</summary>
    public void Stop()
    {
        // The reply comes after the last event, and nobody needs it: reading the events to their end is the proof.
        _stopping = Connect(_path, _stream.Deadline);
        byte[] payload = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(payload, _id);
        _stopping.Write(Message(StopTracing, payload));
    }

    /// <summary>Hangs up; the runtime ends a session nobody listens to.</summary>
    public void Dispose()
    {
        _stream.Dispose();
        _stopping?.Dispose();
    }

    static DeadlineStream Connect(string path, Deadline deadline)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new DeadlineStream(socket, deadline);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"the runtime's diagnostics port refuses: {e.Message}", e);
        }
    }

    static byte[] Message(byte command, ReadOnlySpan<byte> payload)
    {
        byte[] message = new byte[HeaderBytes + payload.Length];
        "DOTNET_IPC_V1\0"u8.CopyTo(message);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(14), (ushort)message.Length);
        message[16] = EventPipeCommands;
        message[17] = command;
        payload.CopyTo(message.AsSpan(HeaderBytes));
        return message;
    }

    static byte[] StartPayload()
    {
        using var payload = new MemoryStream();
        using var writer = new BinaryWriter(payload, Encoding.Unicode);
        writer.Write(BufferMegabytes);
        writer.Write(NetTraceFormat);
        writer.Write(RundownKeywords);
        writer.Write((byte)1);     // With stacks.
        writer.Write(1);           // One provider.
        writer.Write(0UL);         // All its keywords.
        writer.Write(4U);          // Level: informational.
        const string provider = "Microsoft-DotNETCore-SampleProfiler\0";
        writer.Write(provider.Length);
        writer.Write(provider.AsSpan());
        writer.Write(0);           // No filter.
        writer.Flush();
        return payload.ToArray();
    }

    static ulong ReadSessionId(Stream stream)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        stream.ReadExactly(header);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(header[14..]) - HeaderBytes;
        if (length is < sizeof(int) or > ReplyBytesMax)
        {
            throw new InvalidDataException($"the runtime's diagnostics port answered with {length} bytes");
        }

        byte[] payload = new byte[length];
        stream.ReadExactly(payload);
        if (header[16] != ServerReplies || header[17] != ReplyOk || length < sizeof(ulong))
        {
            int code = BinaryPrimitives.ReadInt32LittleEndian(payload);
            throw new InvalidDataException($"the runtime's diagnostics port refused to sample (0x{code:X8})");
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(payload);
    }
}
