using Millrace.State.Evolution;

namespace Millrace.State.Codecs;

/// <summary>Finds everything that keeps a type from being stored or sent, before anything starts. Thread-safe.</summary>
public sealed class CodecCheck
{
    readonly List<TypeProblem> _problems = [];
    readonly HashSet<Type> _visited = [];
    int _depth;

    CodecCheck()
    {
    }

    /// <summary>All problems of a type and of everything inside it.</summary>
    /// <param name="type">Any type.</param>
    /// <returns>In member order, each type once, at the first place it was found; empty when the type can be stored.</returns>
    public static IReadOnlyList<TypeProblem> Problems(Type type)
    {
        CodecCheck check = new();
        check.Visit(TypeName.Short(type), type);
        return check._problems;
    }

    void Visit(string path, Type type)
    {
        if (!_visited.Add(type)) return;
        if (++_depth > CodecLimits.TypeDepthMax) Add(path, type, "is nested too deep, or contains ever larger generic types", "flatten the type");
        else VisitShape(path, type);
        _depth--;
    }

    void VisitShape(string path, Type type)
    {
        switch (TypeShape.Of(type))
        {
            case TypeShape.Refused refused:
                Add(path, type, refused.Reason, refused.Cure);
                break;
            case TypeShape.Nullable nullable:
                Visit(path, nullable.Inner);
                break;
            case TypeShape.Sequence sequence:
                RequireOrder(path, sequence.Element, sequence.Form);
                Visit($"{path}[]", sequence.Element);
                break;
            case TypeShape.Map map:
                RequireOrder(path, map.Key, map.Form);
                if (Nullable.GetUnderlyingType(map.Key) is not null) Add($"{path}.Keys", map.Key, "may be null, and a key of a map never is", "use the type without `?`");
                Visit($"{path}.Keys", map.Key);
                Visit($"{path}.Values", map.Value);
                break;
            case TypeShape.Union union:
                foreach (Type one in union.Cases) Visit($"{path}({TypeName.Short(one)})", one);
                break;
            case TypeShape.Row row:
                VisitRow(path, type, row.Members);
                break;
        }
    }

    void VisitRow(string path, Type type, RowShape row)
    {
        // The shape knows its type only; here it becomes part of a longer path.
        string own = TypeName.Short(type);
        if (Upgrades.CycleOf(type) is { } chain)
            Add(path, type, $"is made from older forms in a circle, {string.Join(" from ", chain.Select(TypeName.Short))}", "remove one of the IUpgrade interfaces");
        foreach (TypeProblem problem in row.Problems) _problems.Add(problem with { Path = path + problem.Path[own.Length..] });
        foreach (RowMember member in row.Members) Visit($"{path}.{member.Name}", member.Type);
    }

    void RequireOrder(string path, Type element, CollectionForm form)
    {
        if (!form.IsSorted || element.IsAssignableTo(typeof(IComparable)) || element.IsAssignableTo(typeof(IComparable<>).MakeGenericType(element))) return;
        Add(path, element, "has no order, which a sorted collection needs", "implement IComparable<T>, or use a collection that is not sorted");
    }

    void Add(string path, Type type, string reason, string cure) => _problems.Add(new TypeProblem(path, type, reason, cure));
}
