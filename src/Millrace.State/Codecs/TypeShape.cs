
namespace Millrace.State.Codecs;

/// <summary>
/// How a type is stored, as far as the type itself decides: what is inside is described by the shapes of the inner types.
/// The check, the schema, the codec and the immutability of a type all follow from its shape.
/// </summary>
internal abstract record TypeShape
{
    TypeShape()
    {
    }

    public sealed record Scalar(ScalarEncoding Encoding) : TypeShape;

    public sealed record Enumeration(Type Underlying) : TypeShape;

    public sealed record Nullable(Type Inner) : TypeShape;

    public sealed record Sequence(Type Element, CollectionForm Form) : TypeShape;

    public sealed record Map(Type Key, Type Value, CollectionForm Form) : TypeShape;

    public sealed record Row(RowShape Members) : TypeShape;

    public sealed record Union(IReadOnlyList<Type> Cases) : TypeShape;

    public sealed record Refused(string Reason, string Cure) : TypeShape;

    /// <summary>
    /// Whether an absent value needs a presence bit or byte. Strings, collections and unions mark absence in the length or
    /// index that they start with anyway.
    /// </summary>
    public bool NeedsPresence(Type type) => this switch
    {
        Nullable => true,
        Scalar scalar => scalar.Encoding.NeedsPresence,
        Row => !type.IsValueType,
        _ => false,
    };

    public static TypeShape Of(Type type)
    {
        if (ScalarEncoding.Find(type) is { } scalar) return new Scalar(scalar);
        if (type.IsEnum) return new Enumeration(type.GetEnumUnderlyingType());
        if (System.Nullable.GetUnderlyingType(type) is { } inner) return new Nullable(inner);
        if (RefusedKind(type) is { } refused) return refused;
        if (CollectionForm.Find(type) is { } form)
        {
            Type[] inside = type.IsArray ? [type.GetElementType()!] : type.GetGenericArguments();
            return inside.Length == 1 ? new Sequence(inside[0], form) : new Map(inside[0], inside[1], form);
        }

        if (IsTuple(type) || GeneratedEquality.IsAnonymous(type)) return new Row(RowShape.OfTuple(type));
        if (type.IsAbstract || type.IsDefined(typeof(StateTypesAttribute), false)) return ClosedHierarchy.ShapeOf(type);
        if (type.IsAssignableTo(typeof(System.Collections.IEnumerable)))
        {
            return new Refused("is a collection that has no codec", "use List<T>, Dictionary<TKey, TValue> or an immutable collection");
        }

        return IsOfTheFramework(type)
            ? new Refused("has no codec", "store the data it stands for, or remove the member")
            : new Row(RowShape.Of(type));
    }

    /// <summary>Whether the type is a tuple or a key-value pair: rows whose constructor takes the members in order.</summary>
    public static bool IsTuple(Type type) => GeneratedEquality.IsTuple(type) || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>));

    static Refused? RefusedKind(Type type)
    {
        if (type.IsByRefLike || type.IsPointer || type.IsFunctionPointer || type.IsByRef) return new("lives on the stack or outside managed memory and cannot be stored", "copy the data into an array or a string");
        if (type.IsAssignableTo(typeof(Delegate))) return new("is code and cannot be stored", "remove the member, or mark it [NotStored] and set it in the constructor");
        if (type == typeof(object) || type == typeof(ValueType) || type == typeof(Enum)) return new("does not say which types it holds", "use a concrete type, or a closed hierarchy of records");
        if (type.IsArray && !type.IsSZArray) return new("is an array of more than one dimension", "use an array of arrays");
        if (type.IsAssignableTo(typeof(Task)) || type == typeof(CancellationToken)) return new("is work in progress and cannot be stored", "store its result");
        if (type.IsAssignableTo(typeof(Stream))) return new("is an open resource and cannot be stored", "store the bytes, or the name to open it by");
        return type.ContainsGenericParameters ? new("is not a closed type", "name its type arguments") : null;
    }

    static bool IsOfTheFramework(Type type) =>
        type.Assembly == typeof(object).Assembly || (type.Assembly.GetName().Name is { } name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal)));
}
