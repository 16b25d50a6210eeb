using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Takes schemas apart.</summary>
internal static class SchemaParts
{
    /// <summary>The schema of a part of a schema: with the definitions it needs, in the order of first mention.</summary>
    public static TypeSchema Part(this TypeSchema whole, SchemaType root)
    {
        Dictionary<string, SchemaDefinition> all = whole.Definitions.DistinctBy(static d => d.Name).ToDictionary(static d => d.Name, StringComparer.Ordinal);
        List<SchemaDefinition> needed = [];
        Collect(root, all, needed);
        return new TypeSchema(root, [.. needed]);
    }

    /// <summary>The schema of the elements of a list.</summary>
    /// <exception cref="CorruptDataException">It is the schema of something else.</exception>
    public static TypeSchema Elements(this TypeSchema list) => list.Root is SchemaType.List { Element: var element }
        ? list.Part(element)
        : throw new CorruptDataException($"'{list.Root}' is not the schema of a list.", 0);

    /// <summary>A type without the mark that says whether a value is there.</summary>
    public static SchemaType Present(SchemaType type) => type is SchemaType.Optional optional ? optional.Inner : type;

    static void Collect(SchemaType type, Dictionary<string, SchemaDefinition> all, List<SchemaDefinition> needed)
    {
        switch (type)
        {
            case SchemaType.Optional optional: Collect(optional.Inner, all, needed); break;
            case SchemaType.List list: Collect(list.Element, all, needed); break;
            case SchemaType.Set set: Collect(set.Element, all, needed); break;
            case SchemaType.Map map:
                Collect(map.Key, all, needed);
                Collect(map.Value, all, needed);
                break;
            case SchemaType.Tuple tuple:
                foreach (SchemaType item in tuple.Items) Collect(item, all, needed);
                break;
            case SchemaType.Named named when all.TryGetValue(named.Name, out SchemaDefinition? definition) && !needed.Contains(definition):
                needed.Add(definition);
                if (definition is SchemaDefinition.Row row) foreach (SchemaMember member in row.Members) Collect(member.Type, all, needed);
                if (definition is SchemaDefinition.Union union) foreach (string one in union.Cases) Collect(new SchemaType.Named(one), all, needed);
                break;
        }
    }
}
