using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>Describes a checked type as a schema.</summary>
internal sealed class SchemaBuilder
{
    readonly Dictionary<Type, string> _names = [];
    readonly List<SchemaDefinition?> _definitions = [];

    public static TypeSchema Of(Type type)
    {
        SchemaBuilder builder = new();
        SchemaType root = builder.Mention(type);
        return new TypeSchema(root, [.. builder._definitions.Select(d => d!)]) { Origin = type };
    }

    SchemaType Mention(Type type)
    {
        TypeShape shape = TypeShape.Of(type);
        SchemaType mention = shape switch
        {
            TypeShape.Scalar scalar => new SchemaType.Scalar(scalar.Encoding.Name),
            TypeShape.Nullable nullable => Mention(nullable.Inner),
            TypeShape.Sequence { Form.IsSet: true } set => new SchemaType.Set(Mention(set.Element)),
            TypeShape.Sequence list => new SchemaType.List(Mention(list.Element)),
            TypeShape.Map map => new SchemaType.Map(Mention(map.Key), Mention(map.Value)),
            TypeShape.Row row when TypeShape.IsTuple(type) => new SchemaType.Tuple([.. row.Members.Members.Select(m => Mention(m.Type))]),
            _ => new SchemaType.Named(Define(type, shape)),
        };
        return shape.NeedsPresence(type) ? new SchemaType.Optional(mention) : mention;
    }

    string Define(Type type, TypeShape shape)
    {
        if (_names.TryGetValue(type, out string? name)) return name;
        name = UniqueName(TypeName.Of(type));
        _names.Add(type, name);
        int place = _definitions.Count;
        _definitions.Add(null);
        _definitions[place] = shape switch
        {
            TypeShape.Enumeration enumeration => Enumeration(name, type, enumeration.Underlying),
            TypeShape.Row row => new SchemaDefinition.Row(name, [.. row.Members.Members.Select(m => new SchemaMember(m.Name, Mention(m.Type)))]),
            TypeShape.Union union => new SchemaDefinition.Union(name, [.. union.Cases.Select(c => Define(c, TypeShape.Of(c)))]),
            _ => throw new System.Diagnostics.UnreachableException($"{type} was not checked."),
        };
        return name;
    }

    // Types of two assemblies may share a full name.
    string UniqueName(string name)
    {
        string unique = name;
        for (int n = 2; _names.ContainsValue(unique); n++) unique = $"{name}#{n}";
        return unique;
    }

    static SchemaDefinition.Enumeration Enumeration(string name, Type type, Type underlying)
    {
        ImmutableArray<SchemaEnumValue> values = [.. type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => (f.Name, Number: Int128.Parse(Enum.Format(type, f.GetValue(null)!, "D"), CultureInfo.InvariantCulture)))
            .OrderBy(v => v.Number).ThenBy(v => v.Name, StringComparer.Ordinal)
            .Select(v => new SchemaEnumValue(v.Name, v.Number.ToString(CultureInfo.InvariantCulture)))];
        return new SchemaDefinition.Enumeration(name, ScalarEncoding.Find(underlying)!.Name, values);
    }
}
