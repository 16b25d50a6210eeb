using System.Diagnostics.CodeAnalysis;

namespace Millrace;

/// <summary>
/// One value per key, merged with each value added. Used from the function's own calls only; always on the current key. A value that is
/// an object must not be changed once it was added or after it was read.
/// </summary>
/// <typeparam name="T">The value type.</typeparam>
public abstract class ReducingState<T>
{
    /// <summary>Merges a value in; the first becomes the state as it is.</summary>
    public abstract void Add(T value);

    /// <summary>Reads the merged value; false when nothing was added.</summary>
    public abstract bool TryGet([MaybeNullWhen(false)] out T value);

    /// <summary>Removes the value; the key then costs nothing.</summary>
    public abstract void Clear();
}

/// <summary>One accumulator per key. Used from the function's own calls only; always on the current key.</summary>
/// <typeparam name="TIn">The type added.</typeparam>
/// <typeparam name="TOut">The type read.</typeparam>
public abstract class AggregatingState<TIn, TOut>
{
    /// <summary>Adds a value to the accumulator.</summary>
    public abstract void Add(TIn value);

    /// <summary>Reads the result; false when nothing was added.</summary>
    public abstract bool TryGet([MaybeNullWhen(false)] out TOut value);

    /// <summary>Removes the accumulator; the key then costs nothing.</summary>
    public abstract void Clear();
}
