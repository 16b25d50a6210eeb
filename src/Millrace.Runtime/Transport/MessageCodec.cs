using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Transport;

/// <summary>
/// Messages to bytes and back. The first byte says what follows; the bytes are in <c>docs/FORMATS.md</c>, section "Messages". Every node
/// of a job runs the same program, so there is one version, which the first message of a connection names. Thread-safe.
/// </summary>
static class MessageCodec
{
    /// <summary>The version of all of it, which <see cref="WorkerMessage.Hello"/> names.</summary>
    public const int Version = 2;

    /// <summary>The bytes of a message.</summary>
    public static byte[] Encode(Message message)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        switch (message)
        {
            case Message.Alive: writer.WriteByte((byte)MessageKind.Alive); break;
            case LeaderMessage leader: Write(ref writer, leader); break;
            case WorkerMessage worker: Write(ref writer, worker); break;
            case ExchangeMessage exchange: writer.Exchange(exchange); break;
        }

        writer.Flush();
        return buffer.Written.ToArray();
    }

    /// <summary>The message.</summary>
    /// <exception cref="CorruptDataException">They are no message.</exception>
    public static Message Decode(ReadOnlySpan<byte> bytes)
    {
        CodecReader reader = new(bytes);
        MessageKind kind = (MessageKind)reader.ReadByte();
        Message message = kind switch
        {
            MessageKind.Alive => new Message.Alive(),
            MessageKind.Hello => ReadHello(ref reader),
            < MessageKind.Ready => ReadLeader(ref reader, kind),
            < MessageKind.Hello => ReadWorker(ref reader, kind),
            _ => reader.Exchange(kind),
        };
        reader.End();
        return message;
    }

    static void Write(ref CodecWriter writer, LeaderMessage message)
    {
        writer.WriteByte((byte)KindOf(message));
        writer.Attempt(message.Attempt);
        switch (message)
        {
            case LeaderMessage.Deploy deploy: writer.Order(deploy.Order); break;
            case LeaderMessage.Trigger trigger: writer.Barrier(trigger.Barrier); break;
            case LeaderMessage.Abort abort: writer.WriteZigzag(abort.Checkpoint); break;
            case LeaderMessage.SplitsAssigned assigned: writer.Text(assigned.Source); break;
            case LeaderMessage.SplitGiven given:
                writer.Reader(given.Source, given.Reader);
                writer.Bytes(given.Split.Span);
                break;
            case LeaderMessage.SplitsEnded ended: writer.Reader(ended.Source, ended.Reader); break;
        }
    }

    static void Write(ref CodecWriter writer, WorkerMessage message)
    {
        writer.WriteByte((byte)KindOf(message));
        if (message is WorkerMessage.Hello hello)
        {
            writer.WriteVarint(Version);
            writer.Text(hello.Worker);
            writer.Text(hello.Fingerprint);
            writer.Text(hello.Endpoint);
            return;
        }

        writer.Attempt(message.Attempt);
        switch (message)
        {
            case WorkerMessage.Snapshot snapshot: writer.Snapshot(snapshot.Part); break;
            case WorkerMessage.Declined declined:
                writer.WriteZigzag(declined.Why.Id);
                writer.OptionalText(declined.Why.OperatorId);
                writer.Text(declined.Why.Why);
                break;
            case WorkerMessage.Failed failed: writer.Failure(failed.Failure); break;
            case WorkerMessage.Ended ended:
                writer.OptionalFailure(ended.Failure);
                writer.Flag(ended.IsCancelled);
                writer.Status(ended.Status);
                break;
            case WorkerMessage.SplitAsked asked: writer.Reader(asked.Source, asked.Reader); break;
            case WorkerMessage.Progress progress: writer.Status(progress.Status); break;
        }
    }

    static WorkerMessage.Hello ReadHello(ref CodecReader reader)
    {
        ulong version = reader.ReadVarint();
        if (version != Version) reader.Fail($"The other end speaks version {version} of the messages, and this one {Version}. Run the same version of the program on every node.");
        return new(reader.Text(), reader.Text(), reader.Text());
    }

    static LeaderMessage ReadLeader(ref CodecReader reader, MessageKind kind)
    {
        AttemptId attempt = reader.Attempt();
        switch (kind)
        {
            case MessageKind.Deploy: return new LeaderMessage.Deploy(attempt, reader.Order());
            case MessageKind.Run: return new LeaderMessage.Run(attempt);
            case MessageKind.Trigger: return new LeaderMessage.Trigger(attempt, reader.Barrier());
            case MessageKind.Abort: return new LeaderMessage.Abort(attempt, reader.ReadZigzag());
            case MessageKind.SplitGiven: return new LeaderMessage.SplitGiven(attempt, reader.Text(), reader.Int(), reader.Bytes());
            case MessageKind.SplitsEnded: return new LeaderMessage.SplitsEnded(attempt, reader.Text(), reader.Int());
            case MessageKind.SplitsAssigned: return new LeaderMessage.SplitsAssigned(attempt, reader.Text());
            case MessageKind.Cancel: return new LeaderMessage.Cancel(attempt);
            default: reader.Fail($"{kind} is no kind of message."); return null!;
        }
    }

    static WorkerMessage ReadWorker(ref CodecReader reader, MessageKind kind)
    {
        AttemptId attempt = reader.Attempt();
        switch (kind)
        {
            case MessageKind.Ready: return new WorkerMessage.Ready(attempt);
            case MessageKind.Snapshot: return new WorkerMessage.Snapshot(attempt, reader.Snapshot());
            case MessageKind.Declined: return new WorkerMessage.Declined(attempt, new(reader.ReadZigzag(), reader.OptionalText(), reader.Text()));
            case MessageKind.Failed: return new WorkerMessage.Failed(attempt, reader.Failure());
            case MessageKind.Ended: return new WorkerMessage.Ended(attempt, reader.OptionalFailure(), reader.Flag(), reader.Status());
            case MessageKind.SplitAsked: return new WorkerMessage.SplitAsked(attempt, reader.Text(), reader.Int());
            case MessageKind.Progress: return new WorkerMessage.Progress(attempt, reader.Status());
            default: reader.Fail($"{kind} is no kind of message."); return null!;
        }
    }

    static MessageKind KindOf(LeaderMessage message) => message switch
    {
        LeaderMessage.Deploy => MessageKind.Deploy,
        LeaderMessage.Run => MessageKind.Run,
        LeaderMessage.Trigger => MessageKind.Trigger,
        LeaderMessage.Abort => MessageKind.Abort,
        LeaderMessage.SplitGiven => MessageKind.SplitGiven,
        LeaderMessage.SplitsEnded => MessageKind.SplitsEnded,
        LeaderMessage.SplitsAssigned => MessageKind.SplitsAssigned,
        LeaderMessage.Cancel => MessageKind.Cancel,
        _ => throw new System.Diagnostics.UnreachableException($"{message.GetType().Name} has no kind"),
    };

    static MessageKind KindOf(WorkerMessage message) => message switch
    {
        WorkerMessage.Hello => MessageKind.Hello,
        WorkerMessage.Ready => MessageKind.Ready,
        WorkerMessage.Snapshot => MessageKind.Snapshot,
        WorkerMessage.Declined => MessageKind.Declined,
        WorkerMessage.Failed => MessageKind.Failed,
        WorkerMessage.Ended => MessageKind.Ended,
        WorkerMessage.SplitAsked => MessageKind.SplitAsked,
        WorkerMessage.Progress => MessageKind.Progress,
        _ => throw new System.Diagnostics.UnreachableException($"{message.GetType().Name} has no kind"),
    };
}

/// <summary>The first byte of a message. The numbers are what travels.</summary>
enum MessageKind : byte
{
    Alive = 0,
    Deploy = 1,
    Run = 2,
    Trigger = 3,
    Abort = 4,
    SplitGiven = 5,
    SplitsEnded = 6,
    SplitsAssigned = 7,
    Cancel = 8,
    Ready = 32,
    Snapshot = 33,
    Declined = 34,
    Failed = 35,
    Ended = 36,
    SplitAsked = 37,
    Progress = 38,
    Hello = 64,
    Joined = 96,
    Frame = 97,
    Announced = 98,
    Credit = 99,
}
