namespace Millrace.State.Timers;

/// <summary>One place in the heap: a deadline that a row had when it was set. The row says whether it still counts.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
public struct TimerEntry<TKey>
{
    /// <summary>When it comes up.</summary>
    public Timestamp Deadline;

    /// <summary>Grows from one setting to the next within a queue: the order of equal deadlines, and what the row knows its entry by.</summary>
    public long Sequence;

    /// <summary>The key.</summary>
    public TKey Key;

    /// <summary>The key's hash.</summary>
    public uint Hash;

    /// <summary>Which of the queue's timers.</summary>
    public int Timer;

    /// <summary>Whether this entry comes up before another.</summary>
    internal readonly bool IsBefore(in TimerEntry<TKey> other) =>
        Deadline != other.Deadline ? Deadline < other.Deadline : Sequence < other.Sequence;
}

/// <summary>What a row says about an entry that comes up.</summary>
public enum TimerFate
{
    /// <summary>The row is gone or has another entry.</summary>
    Stale,

    /// <summary>The row's deadline is later by now.</summary>
    Moved,

    /// <summary>It is the row's deadline.</summary>
    Due,
}
