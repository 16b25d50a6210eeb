using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Millrace.State.Codecs;

/// <summary>How a collection type is made after reading, and what it promises.</summary>
/// <param name="IsSet">Elements (or the keys of a map) are different from each other.</param>
/// <param name="IsImmutable">The collection itself never changes; its elements may.</param>
/// <param name="IsSorted">Elements (or keys) need an order.</param>
/// <param name="Factory">The method of <see cref="CollectionFactories"/>, or null for the types with a codec of their own.</param>
internal sealed record CollectionForm(bool IsSet, bool IsImmutable, bool IsSorted, string? Factory)
{
    static readonly CollectionForm s_array = new(false, false, false, null);

    static readonly Dictionary<Type, CollectionForm> s_forms = new()
    {
        [typeof(List<>)] = new(false, false, false, null),
        [typeof(ImmutableArray<>)] = new(false, true, false, null),
        [typeof(Dictionary<,>)] = new(true, false, false, null),
        [typeof(IList<>)] = new(false, false, false, nameof(CollectionFactories.List)),
        [typeof(ICollection<>)] = new(false, false, false, nameof(CollectionFactories.List)),
        [typeof(IReadOnlyList<>)] = new(false, false, false, nameof(CollectionFactories.Array)),
        [typeof(IReadOnlyCollection<>)] = new(false, false, false, nameof(CollectionFactories.Array)),
        [typeof(Queue<>)] = new(false, false, false, nameof(CollectionFactories.Queue)),
        [typeof(Stack<>)] = new(false, false, false, nameof(CollectionFactories.Stack)),
        [typeof(LinkedList<>)] = new(false, false, false, nameof(CollectionFactories.LinkedList)),
        [typeof(ImmutableList<>)] = new(false, true, false, nameof(CollectionFactories.ImmutableList)),
        [typeof(HashSet<>)] = new(true, false, false, nameof(CollectionFactories.HashSet)),
        [typeof(ISet<>)] = new(true, false, false, nameof(CollectionFactories.HashSet)),
        [typeof(IReadOnlySet<>)] = new(true, false, false, nameof(CollectionFactories.HashSet)),
        [typeof(SortedSet<>)] = new(true, false, true, nameof(CollectionFactories.SortedSet)),
        [typeof(ImmutableHashSet<>)] = new(true, true, false, nameof(CollectionFactories.ImmutableHashSet)),
        [typeof(ImmutableSortedSet<>)] = new(true, true, true, nameof(CollectionFactories.ImmutableSortedSet)),
        [typeof(FrozenSet<>)] = new(true, true, false, nameof(CollectionFactories.FrozenSet)),
        [typeof(IDictionary<,>)] = new(true, false, false, nameof(CollectionFactories.Dictionary)),
        [typeof(IReadOnlyDictionary<,>)] = new(true, false, false, nameof(CollectionFactories.Dictionary)),
        [typeof(SortedDictionary<,>)] = new(true, false, true, nameof(CollectionFactories.SortedDictionary)),
        [typeof(SortedList<,>)] = new(true, false, true, nameof(CollectionFactories.SortedList)),
        [typeof(ImmutableDictionary<,>)] = new(true, true, false, nameof(CollectionFactories.ImmutableDictionary)),
        [typeof(ImmutableSortedDictionary<,>)] = new(true, true, true, nameof(CollectionFactories.ImmutableSortedDictionary)),
        [typeof(FrozenDictionary<,>)] = new(true, true, false, nameof(CollectionFactories.FrozenDictionary)),
    };

    public static CollectionForm? Find(Type type)
    {
        if (type.IsSZArray) return s_array;
        return type.IsGenericType ? s_forms.GetValueOrDefault(type.GetGenericTypeDefinition()) : null;
    }
}
