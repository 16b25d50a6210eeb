using System.Diagnostics.CodeAnalysis;

namespace Millrace;

/// <summary>
/// A map per key. Used from the function's own calls only; always on the current key. A value that is an object must not be changed once
/// it was stored or after it was read, only replaced with <see cref="Set"/>.
/// </summary>
/// <typeparam name="TMapKey">The type of the map's keys; the rules of stream keys apply.</typeparam>
/// <typeparam name="TValue">The type of the map's values.</typeparam>
public abstract class MapState<TMapKey, TValue> where TMapKey : notnull
{
    /// <summary>How many entries the key has.</summary>
    public abstract int Count { get; }

    /// <summary>Reads an entry; false when there is none.</summary>
    public abstract bool TryGet(TMapKey mapKey, [MaybeNullWhen(false)] out TValue value);

    /// <summary>Adds or replaces an entry.</summary>
    public abstract void Set(TMapKey mapKey, TValue value);

    /// <summary>Removes an entry; false when there was none.</summary>
    public abstract bool Remove(TMapKey mapKey);

    /// <summary>Removes all entries; the key then costs nothing.</summary>
    public abstract void Clear();

    /// <summary>A copy of all entries, in order of insertion where nothing was removed.</summary>
    public abstract KeyValuePair<TMapKey, TValue>[] ToArray();

    /// <summary>Whether the map has an entry.</summary>
    public bool ContainsKey(TMapKey mapKey) => TryGet(mapKey, out _);

    /// <summary>An entry's value, or <paramref name="absent"/> when there is none.</summary>
    public TValue GetOr(TMapKey mapKey, TValue absent) => TryGet(mapKey, out TValue? value) ? value : absent;
}
