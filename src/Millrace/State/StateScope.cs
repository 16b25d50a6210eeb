namespace Millrace;

/// <summary>
/// Declares the state and timers of a keyed function, in its constructor only. Names are unique within the operator and are what
/// a later version of the program finds its state by. Given by the engine; keep it only to read <see cref="CurrentWatermark"/> and
/// <see cref="CurrentProcessingTime"/> in the function's calls.
/// </summary>
public abstract class StateScope
{
    /// <summary>One value per key.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="ttl">How long a value is kept; null, the default, for until the function clears it.</param>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract ValueState<T> Value<T>(string name, StateTtl? ttl = null);

    /// <summary>A list per key, appended to in O(1).</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="ttl">How long each element is kept; null, the default, for until the function clears it.</param>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract ListState<T> List<T>(string name, StateTtl? ttl = null);

    /// <summary>A map per key; entries are read and written one by one, however many there are.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="ttl">How long each entry is kept; null, the default, for until the function clears it.</param>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract MapState<TMapKey, TValue> Map<TMapKey, TValue>(string name, StateTtl? ttl = null) where TMapKey : notnull;

    /// <summary>One value per key into which values are merged as they are added.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="reduce">Pure and associative; shared by all parallel instances.</param>
    /// <param name="ttl">How long the merged value is kept; null, the default, for until the function clears it.</param>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract ReducingState<T> Reducing<T>(string name, Func<T, T, T> reduce, StateTtl? ttl = null);

    /// <summary>One accumulator per key into which values of another type are added.</summary>
    /// <param name="name">Unique within the operator.</param>
    /// <param name="seed">Makes the accumulator of a key that has none.</param>
    /// <param name="add">Pure; returns the new accumulator.</param>
    /// <param name="result">Pure; what <see cref="AggregatingState{TIn, TOut}.TryGet"/> returns for an accumulator.</param>
    /// <param name="ttl">How long the accumulator is kept; null, the default, for until the function clears it.</param>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract AggregatingState<TIn, TOut> Aggregating<TIn, TAccumulator, TOut>(
        string name, Func<TAccumulator> seed, Func<TAccumulator, TIn, TAccumulator> add, Func<TAccumulator, TOut> result, StateTtl? ttl = null);

    /// <summary>A timer in event time, at most one deadline per key.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract EventTimer EventTimer(string name);

    /// <summary>Timers in event time, any number of distinct deadlines per key.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract EventTimerSet EventTimerSet(string name);

    /// <summary>A timer on the clock of the machine, at most one deadline per key.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract ProcessingTimer ProcessingTimer(string name);

    /// <summary>Timers on the clock of the machine, any number of distinct deadlines per key.</summary>
    /// <exception cref="InvalidOperationException">The name was declared already, or the constructor has returned.</exception>
    public abstract ProcessingTimerSet ProcessingTimerSet(string name);

    /// <summary>Where event time stands in this task; while timers fire, already where it advances to. Readable in the function's own calls.</summary>
    /// <exception cref="InvalidOperationException">The constructor has not returned.</exception>
    public abstract Timestamp CurrentWatermark { get; }

    /// <summary>The clock of the machine. Readable in the function's own calls.</summary>
    /// <exception cref="InvalidOperationException">The constructor has not returned.</exception>
    public abstract Timestamp CurrentProcessingTime { get; }
}
