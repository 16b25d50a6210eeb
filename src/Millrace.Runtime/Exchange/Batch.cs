namespace Millrace.Runtime.Exchange;

/// <summary>What a channel says about itself, after the records and the watermark it travels with.</summary>
public enum ChannelSignal : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>No records are expected for a while: do not wait for this channel's watermark.</summary>
    Idle,

    /// <summary>Records may come again. Sent before them.</summary>
    Active,

    /// <summary>No record will ever follow.</summary>
    End,
}

/// <summary>
/// Records that travel together, then a watermark, then a signal, then a barrier: in this order. Owned by one task at a time; sending it hands it over.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="capacity">Records at most.</param>
/// <param name="hasTimestamps">Whether the stream has event time.</param>
public sealed class Batch<T>(int capacity, bool hasTimestamps)
{
    /// <summary>The records.</summary>
    public readonly T[] Values = new T[capacity];

    /// <summary>Their timestamps; empty without event time.</summary>
    public readonly Timestamp[] Timestamps = hasTimestamps ? new Timestamp[capacity] : [];

    /// <summary>How many records there are.</summary>
    public int Count;

    /// <summary>The watermark after the records; <see cref="Timestamp.None"/> for no news.</summary>
    public Timestamp Watermark = Timestamp.None;

    /// <summary>
    /// Whether the watermark must reach every consumer before any later record: set where the next record is behind it, so that whether
    /// a record is late does not depend on how records were batched.
    /// </summary>
    public bool IsWatermarkExact;

    /// <summary>The signal after the watermark.</summary>
    public ChannelSignal Signal;

    /// <summary>The cut of a checkpoint after the signal; null for none.</summary>
    public Barrier? Barrier;

    /// <summary>Whether it says nothing.</summary>
    public bool IsEmpty => Count == 0 && Watermark.IsNone && Signal == ChannelSignal.None && Barrier is null;

    /// <summary>Whether something follows the records and the watermark that every consumer must hear at once.</summary>
    public bool TellsAll => IsWatermarkExact || Signal != ChannelSignal.None || Barrier is not null;

    /// <summary>The timestamp of a record; none without event time.</summary>
    public Timestamp TimestampAt(int index) => (uint)index < (uint)Timestamps.Length ? Timestamps[index] : Timestamp.None;

    /// <summary>Empties it, and lets go of the objects it held.</summary>
    public void Reset()
    {
        if (System.Runtime.CompilerServices.RuntimeHelpers.IsReferenceOrContainsReferences<T>()) Array.Clear(Values, 0, Count);
        Count = 0;
        Watermark = Timestamp.None;
        IsWatermarkExact = false;
        Signal = ChannelSignal.None;
        Barrier = null;
    }
}
