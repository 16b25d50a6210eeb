using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Millrace.State.Codecs;

/// <summary>Makes collections from what was read, and finds comparers that reading could not bring back.</summary>
internal static class CollectionFactories
{
    public static IReadOnlyList<T> Array<T>(List<T> items) => items.ToArray();
    public static List<T> List<T>(List<T> items) => items;
    public static Queue<T> Queue<T>(List<T> items) => new(items);
    public static LinkedList<T> LinkedList<T>(List<T> items) => new(items);
    public static ImmutableList<T> ImmutableList<T>(List<T> items) => [.. items];
    public static HashSet<T> HashSet<T>(List<T> items) => [.. items];
    public static SortedSet<T> SortedSet<T>(List<T> items) => [.. items];
    public static ImmutableHashSet<T> ImmutableHashSet<T>(List<T> items) => [.. items];
    public static ImmutableSortedSet<T> ImmutableSortedSet<T>(List<T> items) => [.. items];
    public static FrozenSet<T> FrozenSet<T>(List<T> items) => items.ToFrozenSet();

    /// <summary>A stack enumerates from its top, and is filled from its bottom.</summary>
    public static Stack<T> Stack<T>(List<T> items)
    {
        items.Reverse();
        return new Stack<T>(items);
    }

    public static Dictionary<TKey, TValue> Dictionary<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => pairs;

    // Keys that are different may be one in order: the codec sees it by the number of those that are left.
    public static SortedDictionary<TKey, TValue> SortedDictionary<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => Filled(new SortedDictionary<TKey, TValue>(), pairs);
    public static SortedList<TKey, TValue> SortedList<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => Filled(new SortedList<TKey, TValue>(pairs.Count), pairs);
    public static ImmutableDictionary<TKey, TValue> ImmutableDictionary<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => pairs.ToImmutableDictionary();
    public static ImmutableSortedDictionary<TKey, TValue> ImmutableSortedDictionary<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => System.Collections.Immutable.ImmutableSortedDictionary.CreateRange(Filled(new SortedDictionary<TKey, TValue>(), pairs));
    public static FrozenDictionary<TKey, TValue> FrozenDictionary<TKey, TValue>(Dictionary<TKey, TValue> pairs) where TKey : notnull => pairs.ToFrozenDictionary();

    static TMap Filled<TMap, TKey, TValue>(TMap map, Dictionary<TKey, TValue> pairs) where TMap : IDictionary<TKey, TValue> where TKey : notnull
    {
        foreach ((TKey key, TValue value) in pairs) map[key] = value;
        return map;
    }

    /// <summary>Refuses a set or map that compares in its own way: what is read back compares by default.</summary>
    public static void RequireDefaultComparer<TCollection, T>(TCollection collection)
    {
        object? comparer = collection switch
        {
            HashSet<T> set => set.Comparer,
            SortedSet<T> set => set.Comparer,
            ImmutableHashSet<T> set => set.KeyComparer,
            ImmutableSortedSet<T> set => set.KeyComparer,
            FrozenSet<T> set => set.Comparer,
            _ => null,
        };
        Require<TCollection, T>(comparer);
    }

    /// <inheritdoc cref="RequireDefaultComparer{TCollection, T}"/>
    public static void RequireDefaultComparer<TCollection, TKey, TValue>(TCollection collection) where TKey : notnull
    {
        object? comparer = collection switch
        {
            Dictionary<TKey, TValue> map => map.Comparer,
            SortedDictionary<TKey, TValue> map => map.Comparer,
            SortedList<TKey, TValue> map => map.Comparer,
            ImmutableDictionary<TKey, TValue> map => map.KeyComparer,
            ImmutableSortedDictionary<TKey, TValue> map => map.KeyComparer,
            FrozenDictionary<TKey, TValue> map => map.Comparer,
            _ => null,
        };
        Require<TCollection, TKey>(comparer);
    }

    // Ordinal comparison of strings is the default equality; it is not the default order.
    static void Require<TCollection, T>(object? comparer)
    {
        if (comparer is null || ReferenceEquals(comparer, EqualityComparer<T>.Default) || ReferenceEquals(comparer, Comparer<T>.Default)) return;
        if (ReferenceEquals(comparer, StringComparer.Ordinal) && !typeof(TCollection).Name.Contains("Sorted", StringComparison.Ordinal)) return;
        throw new UnencodableValueException($"A {TypeName.Of(typeof(TCollection))} with the comparer {TypeName.Of(comparer.GetType())} would come back with the default one; convert the keys instead.");
    }
}
