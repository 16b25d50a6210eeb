using System.Diagnostics.CodeAnalysis;

namespace Millrace;

/// <summary>
/// One value per key. Used from the function's own calls only; always on the current key. What is stored is the value itself, not a
/// copy of what it refers to: an object must not be changed once it was stored or after it was read; make a changed one and
/// <see cref="Set"/> it. Null is a value, different from none.
/// </summary>
/// <typeparam name="T">The value type. A stored object must not be changed afterwards, only replaced with <see cref="Set"/>.</typeparam>
public abstract class ValueState<T>
{
    /// <summary>Reads the value; false when the key has none.</summary>
    public abstract bool TryGet([MaybeNullWhen(false)] out T value);

    /// <summary>Stores the value.</summary>
    public abstract void Set(T value);

    /// <summary>Removes the value; the key then costs nothing. Does nothing when there is none.</summary>
    public abstract void Clear();

    /// <summary>Whether the key has a value.</summary>
    public bool HasValue => TryGet(out _);

    /// <summary>The value, or <paramref name="absent"/> when the key has none.</summary>
    public T GetOr(T absent) => TryGet(out T? value) ? value : absent;

    /// <summary>Reads and removes the value; false when the key has none.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T value)
    {
        if (!TryGet(out value)) return false;
        Clear();
        return true;
    }
}
