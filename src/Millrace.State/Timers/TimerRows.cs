namespace Millrace.State.Timers;

/// <summary>The rows of one declared timer: what is stored. The heap is made from them.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
public abstract class TimerRows<TKey>
{
    /// <summary>The function's handle.</summary>
    public abstract IKeyedTimer Handle { get; }

    /// <summary>How many timers are set.</summary>
    public abstract long Count { get; }

    /// <summary>Whether an entry no longer counts.</summary>
    internal abstract bool IsStale(in TimerEntry<TKey> entry);

    /// <summary>
    /// Takes the timer of an entry that comes up out of its row; when the row's deadline is later by now, makes the entry the one for that.
    /// </summary>
    internal abstract TimerFate Take(ref TimerEntry<TKey> entry);

    /// <summary>Gives a restored row the number of its entry, and pushes that.</summary>
    internal abstract void Restored(in TimerEntry<TKey> entry);

    /// <summary>Pushes an entry for each row.</summary>
    internal abstract void PushAll();

    /// <summary>All timers: hash, key, deadline and order of setting, in the order of the table.</summary>
    internal abstract IEnumerable<(uint Hash, TKey Key, Timestamp Deadline, long Sequence)> Rows();
}
