using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>
/// Finds out how values that were written as one type are read as another: members by name, or by a name they had; numbers by widening; what
/// is new by its stated default. Pure. What decides is in <c>docs/evolution.md</c>.
/// </summary>
public sealed partial class SchemaResolver
{
    const string OtherHash = ", whose hash is another, so that rows would be in the wrong place", Rekey = "re-key the state offline (docs/state.md)";

    readonly TypeSchema _written;
    readonly Dictionary<string, SchemaDefinition> _definitions;
    readonly List<SchemaChange> _changes = [];
    readonly List<SchemaProblem> _problems = [];

    // Plans of rows and hierarchies by what was written and the type: a type may be within itself.
    readonly Dictionary<(string Written, Type Type, SchemaUse Use), ReadPlan> _known;

    // The older forms that this very value is tried as. What is inside of it begins anew.
    Stack<Type> _upgrading;

    SchemaResolver(TypeSchema written)
        : this(written, written.Definitions.DistinctBy(static d => d.Name).ToDictionary(static d => d.Name, StringComparer.Ordinal), [], [])
    {
    }

    SchemaResolver(
        TypeSchema written, Dictionary<string, SchemaDefinition> definitions, Dictionary<(string Written, Type Type, SchemaUse Use), ReadPlan> known, Stack<Type> upgrading)
    {
        _written = written;
        _definitions = definitions;
        _known = known;
        _upgrading = upgrading;
    }

    /// <summary>Resolves.</summary>
    /// <param name="written">The schema of what was written.</param>
    /// <param name="type">The type to read it as; one that can be stored.</param>
    /// <param name="use">What values are for.</param>
    /// <param name="role">What values are called where they are not a type of their own, for people: <c>value</c>, <c>key</c>.</param>
    public static SchemaResolution Resolve(TypeSchema written, Type type, SchemaUse use, string role)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(type);
        SchemaResolver resolver = new(written);
        ReadPlan? plan = resolver.Whole(written.Root, type, role, use);
        return new([.. resolver._changes.Distinct()], [.. resolver._problems.Distinct()]) { Plan = resolver._problems.Count == 0 ? plan : null };
    }

    /// <summary>A value that is the root, or within another.</summary>
    ReadPlan? Whole(SchemaType written, Type type, string path, SchemaUse use)
    {
        Stack<Type> outside = _upgrading;
        _upgrading = [];
        ReadPlan? plan = Whole(written, type, path, use, isOld: false);
        _upgrading = outside;
        return plan;
    }

    /// <summary>A value with or without its mark of presence.</summary>
    ReadPlan? Whole(SchemaType written, Type type, string path, SchemaUse use, bool isOld)
    {
        Type body = Nullable.GetUnderlyingType(type) ?? type;
        bool mayBeAbsent = TypeShape.Of(type).NeedsPresence(type);
        bool wasMarked = written is SchemaType.Optional;
        // Types that have a form of their own for null have it without a mark.
        if (wasMarked && !mayBeAbsent && type.IsValueType) return Mismatch(written, type, path, use, "may have been absent and cannot be any more");
        if (Body(SchemaParts.Present(written), body, path, use, isOld) is not { } plan) return null;
        if (wasMarked) return new ReadPlan.Optional(type, plan);
        if (mayBeAbsent && !isOld) Change(path, "may be absent now");
        return body == type ? plan : new ReadPlan.Lifted(type, plan);
    }

    /// <summary>A value that is there.</summary>
    ReadPlan? Body(SchemaType written, Type type, string path, SchemaUse use, bool isOld)
    {
        if (_written.Part(written).Text == OwnText(type)) return new ReadPlan.Own(type);
        Type[] olds = Upgrades.OlderForms(type);
        return olds.Length == 0 || use == SchemaUse.Key ? Direct(written, type, path, use, isOld) : Nearest(written, type, olds, path, use, isOld);
    }

    ReadPlan? Direct(SchemaType written, Type type, string path, SchemaUse use, bool isOld)
    {
        switch (written, TypeShape.Of(type))
        {
            case (SchemaType.Scalar scalar, TypeShape.Scalar own): return Scalar(scalar, own, type, path, use);
            case (SchemaType.List list, TypeShape.Sequence { Form.IsSet: false } own): return Sequence(list.Element, own, type, path, SchemaUse.Value);
            case (SchemaType.Set set, TypeShape.Sequence own):
                if (!own.Form.IsSet) Change(path, "is a list now, and was a set");
                return Sequence(set.Element, own, type, path, own.Form.IsSet ? SchemaUse.Distinct : SchemaUse.Value);
            case (SchemaType.Map map, TypeShape.Map own):
                ReadPlan? key = Whole(map.Key, own.Key, $"{path}.Keys", SchemaUse.Distinct);
                ReadPlan? value = Whole(map.Value, own.Value, $"{path}.Values", SchemaUse.Value);
                return key is null || value is null ? null : new ReadPlan.Map(type, own, key, value);
            case (SchemaType.Tuple tuple, TypeShape.Row own) when TypeShape.IsTuple(type): return Tuple(tuple, type, own.Members, path, use);
            case (SchemaType.Named { Name: var name }, var own): return Defined(_definitions.GetValueOrDefault(name), own, type, path, use, isOld);
            default: return Mismatch(written, type, path, use);
        }
    }

    ReadPlan? Defined(SchemaDefinition? written, TypeShape own, Type type, string path, SchemaUse use, bool isOld)
    {
        if (written is null) return Mismatch(_written.Root, type, path, use, "is of a type that its schema does not define");
        bool isKind = (written, own) switch
        {
            (SchemaDefinition.Row, TypeShape.Row) => !TypeShape.IsTuple(type),
            (SchemaDefinition.Union, TypeShape.Union) or (SchemaDefinition.Enumeration, TypeShape.Enumeration) => true,
            _ => false,
        };
        if ((written, own) is (SchemaDefinition.Row, TypeShape.Union))
        {
            return Problem(path, written.Name, type, $"was {FormerNames.Short(written.Name)} and is {FormerNames.Short(SchemaBuilder.Of(type).Root.ToString())}; it was one type and is a closed hierarchy",
                use == SchemaUse.Value ? "make the case that it is from the old with IUpgrade" : CureOf(use, "declare it as one type again"));
        }

        if (!isKind) return Mismatch(new SchemaType.Named(written.Name), type, path, use);
        if (!isOld && FormerNames.Fit(written.Name, type) == 0) return Renamed(written.Name, type, path, use);
        if (_known.TryGetValue((written.Name, type, use), out ReadPlan? known)) return known;
        return (written, own) switch
        {
            (SchemaDefinition.Row row, TypeShape.Row shape) => Row(row, type, shape.Members, use),
            (SchemaDefinition.Union union, TypeShape.Union cases) => Union(union, type, cases.Cases, use),
            _ => Enumeration((SchemaDefinition.Enumeration)written, type, path, use),
        };
    }

    ReadPlan? Scalar(SchemaType.Scalar written, TypeShape.Scalar own, Type type, string path, SchemaUse use)
    {
        if (written.Name == own.Encoding.Name) return new ReadPlan.Own(type);
        if (!ScalarWidening.IsExact(written.Name, own.Encoding.Name))
        {
            return Mismatch(written, type, path, use, ScalarWidening.TypeOf(written.Name) is null || ScalarWidening.TypeOf(own.Encoding.Name) is null
                ? null : $"was {written.Name} and is {own.Encoding.Name}, which does not hold all its values");
        }

        if (use == SchemaUse.Key && !ScalarWidening.KeepsHash(written.Name, own.Encoding.Name))
            return Mismatch(written, type, path, use, $"was {written.Name} and is {own.Encoding.Name}{OtherHash}");
        Change(path, $"widened from {written.Name} to {own.Encoding.Name}");
        return new ReadPlan.Widened(type, ScalarWidening.TypeOf(written.Name)!);
    }

    ReadPlan? Sequence(SchemaType element, TypeShape.Sequence own, Type type, string path, SchemaUse use) =>
        Whole(element, own.Element, $"{path}[]", use) is { } plan ? new ReadPlan.Sequence(type, own, plan) : null;

    void Change(string path, string text) => _changes.Add(new(path, text));

    ReadPlan? Problem(string path, string was, Type type, string reason, string cure)
    {
        _problems.Add(new(path, FormerNames.Short(was), FormerNames.Short(SchemaBuilder.Of(type).Root.ToString()), reason, cure));
        return null;
    }

    ReadPlan? Mismatch(SchemaType written, Type type, string path, SchemaUse use, string? reason = null)
    {
        string was = FormerNames.Short(written.ToString());
        string now = FormerNames.Short(SchemaBuilder.Of(type).Root.ToString());
        return Problem(path, was, type, reason ?? $"was {was} and is {now}{(use == SchemaUse.Key ? OtherHash : "")}", CureOf(use, $"declare it as {was} again"));
    }

    ReadPlan? Renamed(string written, Type type, string path, SchemaUse use)
    {
        string was = FormerNames.Short(written);
        return Problem(path, was, type, $"was a {was} and is a {TypeName.Short(type)}",
            CureOf(use, $"say that the type was renamed with [FormerName(\"{was}\")]"));
    }

    /// <summary>What helps besides a declaration. Nothing is upgraded where the new value may be equal to another one, or have another hash.</summary>
    static string CureOf(SchemaUse use, string declare) => use switch
    {
        SchemaUse.Key => $"{declare}, or {Rekey}",
        SchemaUse.Distinct => $"{declare}, or change the state offline (docs/state.md)",
        _ => $"{declare}, or make the new values from the old with IUpgrade",
    };

    static string OwnText(Type type)
    {
        TypeSchema own = SchemaBuilder.Of(type);
        return own.Root is SchemaType.Optional optional ? new TypeSchema(optional.Inner, own.Definitions).Text : own.Text;
    }
}
