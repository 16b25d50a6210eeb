namespace Millrace;

/// <summary>
/// A list per key. Used from the function's own calls only; always on the current key. An element that is an object must not be changed
/// once it was added or after it was read.
/// </summary>
/// <typeparam name="T">The element type.</typeparam>
public abstract class ListState<T>
{
    /// <summary>How many elements the key has.</summary>
    public abstract int Count { get; }

    /// <summary>An element by position.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is none at this position.</exception>
    public abstract T this[int index] { get; }

    /// <summary>Appends an element.</summary>
    public abstract void Add(T value);

    /// <summary>Replaces all elements; an empty span clears the list.</summary>
    public abstract void Set(ReadOnlySpan<T> values);

    /// <summary>Removes all elements; the key then costs nothing.</summary>
    public abstract void Clear();

    /// <summary>A copy of all elements in order; empty when the key has none.</summary>
    public abstract T[] ToArray();
}
