using Millrace.State.Snapshots;

namespace Millrace.Runtime.Messages;

/// <summary>Names a channel to both of its ends.</summary>
/// <param name="Edge">The edge's position in the plan, from zero.</param>
/// <param name="From">The instance that sends.</param>
/// <param name="To">The instance that receives.</param>
readonly record struct ChannelId(int Edge, int From, int To);

/// <summary>What follows the records of a batch, in this order.</summary>
/// <param name="Watermark">The watermark; none for no news.</param>
/// <param name="IsWatermarkExact">Whether it must reach every consumer before any later record.</param>
/// <param name="Signal">What the channel says about itself, as its number; zero for nothing.</param>
/// <param name="Barrier">The cut of a checkpoint; null for none.</param>
readonly record struct FrameTail(Timestamp Watermark, bool IsWatermarkExact, byte Signal, Barrier? Barrier);

/// <summary>The encoded records of a frame. Used by one thread at a time.</summary>
abstract class FrameRecords
{
    /// <summary>The bytes; valid until they are released.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Gives the memory back. Called once, by whoever has decoded the bytes or copied them.</summary>
    public abstract void Release();
}

/// <summary>What two workers say to each other of the channels from the first to the second.</summary>
abstract record ExchangeMessage : Message
{
    ExchangeMessage(AttemptId attempt) => Attempt = attempt;

    /// <summary>The deployment it is about. What is said of another than the worker's own is ignored.</summary>
    public AttemptId Attempt { get; }

    /// <summary>The first message of a connection: who sends records by it.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="From">Which of the workers, from zero.</param>
    public sealed record Joined(AttemptId Attempt, int From) : ExchangeMessage(Attempt);

    /// <summary>A batch, or the first records of one that is large. Never more on their way than the receiver has batches for.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="Channel">The channel.</param>
    /// <param name="Count">How many records there are.</param>
    /// <param name="Records">They, encoded: the receiver's from here on.</param>
    /// <param name="Tail">What follows them.</param>
    public sealed record Frame(AttemptId Attempt, ChannelId Channel, int Count, FrameRecords Records, FrameTail Tail) : ExchangeMessage(Attempt);

    /// <summary>A barrier was sent, which may still be behind batches that wait for room.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="Channel">The channel.</param>
    /// <param name="Barrier">The barrier.</param>
    public sealed record Announced(AttemptId Attempt, ChannelId Channel, Barrier Barrier) : ExchangeMessage(Attempt);

    /// <summary>The receiver has room for more frames.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="Channel">The channel.</param>
    /// <param name="Frames">How many more; one or more.</param>
    public sealed record Credit(AttemptId Attempt, ChannelId Channel, int Frames) : ExchangeMessage(Attempt);
}
