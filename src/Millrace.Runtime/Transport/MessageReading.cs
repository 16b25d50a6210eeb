using System.Text;
using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Transport;

/// <summary>What messages are made of, read. Whatever the bytes are, it ends with a value or a <see cref="CorruptDataException"/>.</summary>
static class MessageReading
{
    static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Text(this ref CodecReader reader)
    {
        ReadOnlySpan<byte> bytes = reader.ReadRaw(reader.Count());
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            reader.Fail("A text is not UTF-8.");
            return "";
        }
    }

    public static string? OptionalText(this ref CodecReader reader) => reader.Flag() ? reader.Text() : null;

    public static byte[] Bytes(this ref CodecReader reader) => reader.ReadRaw(reader.Count()).ToArray();

    public static bool Flag(this ref CodecReader reader) => reader.ReadBits(1) != 0;

    /// <summary>How many of something follow: never more than there are bytes, as each takes one at least.</summary>
    public static int Count(this ref CodecReader reader)
    {
        ulong count = reader.ReadVarint();
        if (count > (ulong)reader.Remaining) reader.Fail("More is said to follow than there are bytes.");
        return (int)count;
    }

    public static int Int(this ref CodecReader reader)
    {
        long value = reader.ReadZigzag();
        if (value != (int)value) reader.Fail("A number is too large for its type.");
        return (int)value;
    }

    public static string[] Texts(this ref CodecReader reader)
    {
        string[] texts = new string[reader.Count()];
        for (int i = 0; i < texts.Length; i++) texts[i] = reader.Text();
        return texts;
    }

    public static AttemptId Attempt(this ref CodecReader reader) => new(reader.ReadZigzag(), reader.ReadZigzag());

    public static Timestamp Time(this ref CodecReader reader) => new((long)reader.ReadFixed64());

    public static Subtask Subtask(this ref CodecReader reader) => new(reader.Int(), reader.Int());

    public static Barrier Barrier(this ref CodecReader reader)
    {
        long id = reader.ReadZigzag(), confirmed = reader.ReadZigzag();
        byte alignment = reader.ReadByte();
        if (alignment > (byte)Alignment.Unaligned) reader.Fail("A barrier has an alignment that there is not.");
        TimeSpan timeout = new(reader.ReadZigzag());
        byte bits = reader.ReadBits(3);
        return new(id, confirmed, (Alignment)alignment, timeout, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, reader.ReadZigzag());
    }

    public static DeployOrder Order(this ref CodecReader reader) => new()
    {
        Timeline = reader.Text(),
        Nonce = reader.Text(),
        IsFresh = reader.Flag(),
        Worker = reader.Int(),
        Workers = reader.Int(),
        Peers = reader.Texts(),
        Parallelism = reader.Int(),
        IsChaining = reader.Flag(),
        From = reader.From(),
        Drops = reader.Texts(),
        InFlightDrops = reader.Texts(),
        Renames = reader.Renames(),
    };

    public static WorkerFailure? OptionalFailure(this ref CodecReader reader) => reader.Flag() ? reader.Failure() : null;

    public static WorkerFailure Failure(this ref CodecReader reader)
    {
        byte kind = reader.ReadByte();
        if (kind > (byte)FailureKind.Stuck) reader.Fail("A failure is of a kind that there is not.");
        WorkerFailure failure = new()
        {
            Kind = (FailureKind)kind,
            Type = reader.Text(),
            Message = reader.Text(),
            Text = reader.Text(),
            OperatorId = reader.Text(),
            Subtask = reader.Subtask(),
            Record = reader.OptionalText(),
            Key = reader.Text(),
            Steps = reader.Steps(),
        };
        reader.Enter();
        WorkerFailure? first = reader.OptionalFailure();
        reader.Leave();
        return failure with { First = first };
    }

    public static JobStatus Status(this ref CodecReader reader)
    {
        string job = reader.Text();
        OperatorStatus[] operators = new OperatorStatus[reader.Count()];
        for (int i = 0; i < operators.Length; i++)
        {
            string id = reader.Text(), verb = reader.Text();
            int parallelism = reader.Int();
            long recordsIn = reader.ReadZigzag(), recordsOut = reader.ReadZigzag();
            Timestamp watermark = reader.Time();
            byte ends = reader.ReadBits(2);
            operators[i] = new(id, verb, parallelism, recordsIn, recordsOut, watermark, (ends & 1) != 0, (ends & 2) != 0, reader.Counters());
        }

        return new(job, operators);
    }

    static RestoreOrder? From(this ref CodecReader reader)
    {
        switch (reader.ReadByte())
        {
            case 0: return null;
            case 1: return new RestoreOrder.Own(new(reader.ReadZigzag(), reader.Attempt(), reader.Text(), reader.Text()));
            case 2: return new RestoreOrder.Folder(reader.Text(), reader.Text());
            default: reader.Fail("A deployment begins in a way that there is not."); return null;
        }
    }

    static StateRename[] Renames(this ref CodecReader reader)
    {
        StateRename[] renames = new StateRename[reader.Count()];
        for (int i = 0; i < renames.Length; i++) renames[i] = new(reader.Text(), reader.Text());
        return renames;
    }

    static SlowStep[] Steps(this ref CodecReader reader)
    {
        SlowStep[] steps = new SlowStep[reader.Count()];
        for (int i = 0; i < steps.Length; i++) steps[i] = new(reader.Text(), reader.Text(), new(reader.ReadZigzag()), reader.Int());
        return steps;
    }

    static Dictionary<string, long> Counters(this ref CodecReader reader)
    {
        Dictionary<string, long> counters = new(StringComparer.Ordinal);
        for (int left = reader.Count(); left > 0; left--)
        {
            if (!counters.TryAdd(reader.Text(), reader.ReadZigzag())) reader.Fail("A counter is told twice.");
        }

        return counters;
    }
}
