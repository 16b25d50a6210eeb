using System.Text;
using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Transport;

/// <summary>What messages are made of, written.</summary>
static class MessageWriting
{
    public static void Text(this ref CodecWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Bytes(bytes);
    }

    public static void OptionalText(this ref CodecWriter writer, string? text)
    {
        writer.Flag(text is not null);
        if (text is not null) writer.Text(text);
    }

    public static void Bytes(this ref CodecWriter writer, ReadOnlySpan<byte> bytes)
    {
        writer.WriteVarint((ulong)bytes.Length);
        writer.WriteRaw(bytes);
    }

    public static void Flag(this ref CodecWriter writer, bool flag) => writer.WriteByte(flag ? (byte)1 : (byte)0);

    public static void Texts(this ref CodecWriter writer, IReadOnlyList<string> texts)
    {
        writer.WriteVarint((ulong)texts.Count);
        foreach (string text in texts) writer.Text(text);
    }

    public static void Attempt(this ref CodecWriter writer, AttemptId attempt)
    {
        writer.WriteZigzag(attempt.Term);
        writer.WriteZigzag(attempt.Sequence);
    }

    public static void Reader(this ref CodecWriter writer, string source, int reader)
    {
        writer.Text(source);
        writer.WriteZigzag(reader);
    }

    public static void Time(this ref CodecWriter writer, Timestamp time) => writer.WriteFixed64((ulong)time.Ticks);

    public static void Subtask(this ref CodecWriter writer, Subtask subtask)
    {
        writer.WriteZigzag(subtask.Index);
        writer.WriteZigzag(subtask.Parallelism);
    }

    public static void Barrier(this ref CodecWriter writer, Barrier barrier)
    {
        writer.WriteZigzag(barrier.Id);
        writer.WriteZigzag(barrier.Confirmed);
        writer.WriteByte((byte)barrier.Alignment);
        writer.WriteZigzag(barrier.AlignTimeout.Ticks);
        writer.WriteByte((byte)((barrier.IsStop ? 1 : 0) | (barrier.IsDrain ? 2 : 0) | (barrier.IsSavepoint ? 4 : 0)));
        writer.WriteZigzag(barrier.Worn);
    }

    public static void Order(this ref CodecWriter writer, DeployOrder order)
    {
        writer.Text(order.Timeline);
        writer.Text(order.Nonce);
        writer.Flag(order.IsFresh);
        writer.WriteZigzag(order.Worker);
        writer.WriteZigzag(order.Workers);
        writer.Texts(order.Peers);
        writer.WriteZigzag(order.Parallelism);
        writer.Flag(order.IsChaining);
        switch (order.From)
        {
            case null: writer.WriteByte(0); break;
            case RestoreOrder.Own own:
                writer.WriteByte(1);
                writer.WriteZigzag(own.Snapshot.Id);
                writer.Attempt(own.Snapshot.Attempt);
                writer.Text(own.Snapshot.Key);
                writer.Text(own.Snapshot.Sha256);
                break;
            case RestoreOrder.Folder folder:
                writer.WriteByte(2);
                writer.Text(folder.Address);
                writer.Text(folder.Sha256);
                break;
        }

        writer.Texts(order.Drops);
        writer.Texts(order.InFlightDrops);
        writer.WriteVarint((ulong)order.Renames.Count);
        foreach (StateRename rename in order.Renames)
        {
            writer.Text(rename.From);
            writer.Text(rename.To);
        }
    }

    public static void OptionalFailure(this ref CodecWriter writer, WorkerFailure? failure)
    {
        writer.Flag(failure is not null);
        if (failure is not null) writer.Failure(failure);
    }

    public static void Failure(this ref CodecWriter writer, WorkerFailure failure)
    {
        writer.WriteByte((byte)failure.Kind);
        writer.Text(failure.Type);
        writer.Text(failure.Message);
        writer.Text(failure.Text);
        writer.Text(failure.OperatorId);
        writer.Subtask(failure.Subtask);
        writer.OptionalText(failure.Record);
        writer.Text(failure.Key);
        writer.WriteVarint((ulong)failure.Steps.Count);
        foreach (SlowStep step in failure.Steps)
        {
            writer.Text(step.OperatorId);
            writer.Text(step.Task);
            writer.WriteZigzag(step.Elapsed.Ticks);
            writer.WriteZigzag(step.ThreadId);
        }

        // One in another in another: as deep as the writer allows values to nest.
        writer.Enter();
        writer.OptionalFailure(failure.First);
        writer.Leave();
    }

    public static void Status(this ref CodecWriter writer, JobStatus status)
    {
        writer.Text(status.JobName);
        writer.WriteVarint((ulong)status.Operators.Count);
        foreach (OperatorStatus op in status.Operators)
        {
            writer.Text(op.Id);
            writer.Text(op.Verb);
            writer.WriteZigzag(op.Parallelism);
            writer.WriteZigzag(op.RecordsIn);
            writer.WriteZigzag(op.RecordsOut);
            writer.Time(op.Watermark);
            writer.WriteByte((byte)((op.IsSource ? 1 : 0) | (op.IsSink ? 2 : 0)));
            writer.WriteVarint((ulong)op.Counters.Count);
            foreach ((string name, long count) in op.Counters.OrderBy(static c => c.Key, StringComparer.Ordinal))
            {
                writer.Text(name);
                writer.WriteZigzag(count);
            }
        }
    }
}
