using System.Diagnostics.CodeAnalysis;

namespace Millrace;

/// <summary>A timer handle of a keyed function.</summary>
public interface IKeyedTimer
{
    /// <summary>The name it was declared with.</summary>
    string Name { get; }
}

/// <summary>
/// A timer with at most one deadline per key: setting it moves it. Timers are state. Equal deadlines fire in the order they were set; setting
/// the deadline it has already changes nothing. One set at or before the current time fires at the next advance. Used from the function's own calls only; always on the current key.
/// </summary>
public abstract class KeyedTimer : IKeyedTimer
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>Sets or moves the deadline of the current key.</summary>
    /// <param name="deadline">Fires when time has reached it, inclusive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deadline is <see cref="Timestamp.None"/>.</exception>
    public abstract void Set(Timestamp deadline);

    /// <summary>Cancels the deadline of the current key; does nothing when there is none. A cancelled timer does not fire, even when due.</summary>
    public abstract void Cancel();

    /// <summary>Reads the deadline of the current key.</summary>
    public abstract bool TryGet([MaybeNullWhen(false)] out Timestamp deadline);
}

/// <summary>
/// Timers with any number of distinct deadlines per key; setting the same deadline twice is one timer. Used from the function's own
/// calls only; always on the current key.
/// </summary>
public abstract class KeyedTimerSet : IKeyedTimer
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>Adds a deadline for the current key.</summary>
    /// <param name="deadline">Fires when time has reached it, inclusive.</param>
    /// <exception cref="ArgumentOutOfRangeException">The deadline is <see cref="Timestamp.None"/>.</exception>
    public abstract void Add(Timestamp deadline);

    /// <summary>Removes a deadline of the current key; false when there is none. A removed deadline does not fire, even when due.</summary>
    public abstract bool Remove(Timestamp deadline);
}

/// <summary>
/// A <see cref="KeyedTimer"/> in event time: fires when the watermark reaches the deadline; at the end of input all of them fire, and one
/// set for <see cref="Timestamp.MaxValue"/> only then.
/// </summary>
public abstract class EventTimer : KeyedTimer;

/// <summary>
/// A <see cref="KeyedTimer"/> on the clock of the machine: fires once the clock has passed the deadline. One still set when the input
/// ends does not fire: it is dropped and counted.
/// </summary>
public abstract class ProcessingTimer : KeyedTimer;

/// <summary>A <see cref="KeyedTimerSet"/> in event time: fires when the watermark reaches a deadline.</summary>
public abstract class EventTimerSet : KeyedTimerSet;

/// <summary>
/// A <see cref="KeyedTimerSet"/> on the clock of the machine: fires once the clock has passed a deadline. Those still set when the input
/// ends do not fire: they are dropped and counted.
/// </summary>
public abstract class ProcessingTimerSet : KeyedTimerSet;
