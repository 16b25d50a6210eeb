using System.Collections;
using System.Reflection;

namespace Millrace.State;

/// <summary>Finds everything that keeps a type from being a key.</summary>
internal sealed class KeyTypeCheck
{
    // A generic record may contain itself with other arguments, and so have no end.
    const int NestingMax = 64;

    readonly List<TypeProblem> _problems = [];
    readonly Stack<Type> _inside = [];

    /// <summary>All problems of a key type; empty when it is supported.</summary>
    public static IReadOnlyList<TypeProblem> Problems(Type type)
    {
        KeyTypeCheck check = new();
        string path = TypeName.Short(type);
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            check.Add(path, type, "may be null, and a key never is", $"extract {TypeName.Short(underlying)}, for example with `?? …`, or filter the records without it before KeyBy");
            return check._problems;
        }

        check.Visit(path, type);
        return check._problems;
    }

    /// <summary>Whether <see cref="KeyWord"/> has an overload for the type.</summary>
    public static bool IsScalar(Type type) => typeof(KeyWord).GetMethod(nameof(KeyWord.Of), BindingFlags.Public | BindingFlags.Static, [type]) is { } of
        && of.GetParameters()[0].ParameterType == type;

    void Visit(string path, Type type)
    {
        if (IsScalar(type) || type.IsEnum) return;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            Visit(path, underlying);
            return;
        }

        if (RefuseKind(type) is { } kind) Add(path, type, kind.Reason, kind.Cure);
        else if (_inside.Contains(type) || _inside.Count > NestingMax) Add(path, type, "contains itself", "use the members that make the identity as the key");
        else if (GeneratedEquality.Refuse(type) is { } equality) Add(path, type, equality.Reason, equality.Cure);
        else VisitFields(path, type);
    }

    void VisitFields(string path, Type type)
    {
        _inside.Push(type);
        foreach ((string name, FieldInfo field) in GeneratedEquality.FieldsOf(type))
        {
            string member = $"{path}.{name}";
            // A struct is copied where it is extracted; an object could be changed after it was placed.
            if (!type.IsValueType && !field.IsInitOnly) Add(member, field.FieldType, "can be changed after the key was placed", "make the member `init` or `readonly`");
            else if (IsLost(name, field)) Add(member, field.FieldType, "is not stored, so that the key would be another after a restore", "remove [NotStored], or leave it out of the key");
            else Visit(member, field.FieldType);
        }

        _inside.Pop();
    }

    // What nobody sets from outside is made by the constructor from what is stored.
    static bool IsLost(string name, FieldInfo field)
    {
        if (field.IsPublic) return !field.IsInitOnly && field.IsDefined(typeof(NotStoredAttribute));
        PropertyInfo? property = field.DeclaringType!.GetProperty(name, BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return property?.SetMethod is not null && property.IsDefined(typeof(NotStoredAttribute));
    }

    static (string Reason, string Cure)? RefuseKind(Type type)
    {
        const string byParts = "use its parts as the key, for example in a tuple or a record";
        if (type.IsByRefLike || type.IsPointer || type.IsFunctionPointer || type.IsByRef) return ("cannot be stored", byParts);
        if (type.IsSubclassOf(typeof(Delegate))) return ("has no stable equality", "use data, not code, as the key");
        if (type.IsArray || type.IsAssignableTo(typeof(IEnumerable))) return ("is a collection, whose equality is not that of its elements", "use a string, a tuple or a record made from its elements");
        if (type == typeof(object) || type.IsInterface) return ("does not say which values it holds", "use a concrete type");
        return type.IsAbstract ? ("is abstract: it does not say which values it holds", "use a sealed record") : null;
    }

    void Add(string path, Type type, string reason, string cure) => _problems.Add(new TypeProblem(path, type, reason, cure));
}
