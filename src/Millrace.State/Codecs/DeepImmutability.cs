using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>Finds out whether a copy of a value of a checked type can never change.</summary>
internal sealed class DeepImmutability
{
    const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // A type within itself is immutable unless something else in it is not.
    readonly HashSet<Type> _visited = [];

    public static bool Of(Type type) => new DeepImmutability().Visit(type);

    bool Visit(Type type)
    {
        if (!_visited.Add(type)) return true;
        return TypeShape.Of(type) switch
        {
            TypeShape.Scalar scalar => scalar.Encoding.IsImmutable,
            TypeShape.Enumeration => true,
            TypeShape.Nullable nullable => Visit(nullable.Inner),
            TypeShape.Sequence sequence => sequence.Form.IsImmutable && Visit(sequence.Element),
            TypeShape.Map map => map.Form.IsImmutable && Visit(map.Key) && Visit(map.Value),
            TypeShape.Union union => union.Cases.All(Visit),
            TypeShape.Row row => row.Members.Members.All(m => Visit(m.Type)) && (type.IsValueType || HasReadOnlyFields(type)),
            _ => false,
        };
    }

    // A struct is captured by copying it, so only what it refers to matters. Fields that are not stored are not captured.
    static bool HasReadOnlyFields(Type type)
    {
        for (Type? level = type; level is not null && level != typeof(object); level = level.BaseType)
        {
            if (level.GetFields(Declared).Any(f => !f.IsInitOnly && !IsNotStored(level, f))) return false;
        }

        return true;
    }

    static bool IsNotStored(Type level, FieldInfo field) => field.IsDefined(typeof(NotStoredAttribute))
        || (field.Name.StartsWith('<') && field.Name.IndexOf('>') is > 0 and var end && level.GetProperty(field.Name[1..end], Declared)?.IsDefined(typeof(NotStoredAttribute)) == true);
}
