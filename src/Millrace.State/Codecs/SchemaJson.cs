using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.State.Codecs;

/// <summary>The JSON form of schemas.</summary>
internal static class SchemaJson
{
    const int DepthMax = 256;

    public static string Write(TypeSchema schema) => new JsonObject
    {
        ["root"] = Write(schema.Root),
        ["definitions"] = new JsonArray([.. schema.Definitions.Select(Write)]),
    }.ToJsonString();

    public static TypeSchema Read(ReadOnlySpan<byte> json)
    {
        try
        {
            JsonNode root = JsonNode.Parse(json, null, new JsonDocumentOptions { MaxDepth = DepthMax, AllowDuplicateProperties = false }) ?? throw new FormatException("The schema is null.");
            return new TypeSchema(ReadType(root["root"]), [.. Items(root, "definitions").Select(ReadDefinition)]);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new CorruptDataException($"A schema is not readable: {e.Message}", 0);
        }
    }

    static JsonNode Write(SchemaType type) => type switch
    {
        SchemaType.Scalar scalar => JsonValue.Create(scalar.Name),
        SchemaType.Optional optional => new JsonObject { ["optional"] = Write(optional.Inner) },
        SchemaType.List list => new JsonObject { ["list"] = Write(list.Element) },
        SchemaType.Set set => new JsonObject { ["set"] = Write(set.Element) },
        SchemaType.Map map => new JsonObject { ["map"] = new JsonArray(Write(map.Key), Write(map.Value)) },
        SchemaType.Tuple tuple => new JsonObject { ["tuple"] = new JsonArray([.. tuple.Items.Select(Write)]) },
        SchemaType.Named named => new JsonObject { ["ref"] = named.Name },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static JsonNode Write(SchemaDefinition definition) => definition switch
    {
        SchemaDefinition.Row row => new JsonObject
        {
            ["row"] = row.Name,
            ["members"] = new JsonArray([.. row.Members.Select(m => new JsonObject { ["name"] = m.Name, ["type"] = Write(m.Type) })]),
        },
        SchemaDefinition.Enumeration enumeration => new JsonObject
        {
            ["enum"] = enumeration.Name,
            ["underlying"] = enumeration.Underlying,
            ["values"] = new JsonArray([.. enumeration.Values.Select(v => new JsonObject { ["name"] = v.Name, ["number"] = v.Number })]),
        },
        SchemaDefinition.Union union => new JsonObject
        {
            ["union"] = union.Name,
            ["cases"] = new JsonArray([.. union.Cases.Select(c => (JsonNode)c)]),
        },
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    static SchemaType ReadType(JsonNode? node)
    {
        if (node is JsonValue) return new SchemaType.Scalar(node.GetValue<string>());
        if (node is not JsonObject { Count: 1 } wrapped) throw new FormatException("A type is neither a name nor an object with one property.");
        (string kind, JsonNode? inner) = wrapped.First();
        switch (kind)
        {
            case "optional": return new SchemaType.Optional(ReadType(inner));
            case "list": return new SchemaType.List(ReadType(inner));
            case "set": return new SchemaType.Set(ReadType(inner));
            case "ref": return new SchemaType.Named(TextOf(inner));
            case "map" when inner is JsonArray { Count: 2 } pair: return new SchemaType.Map(ReadType(pair[0]), ReadType(pair[1]));
            case "tuple" when inner is JsonArray { Count: > 0 } items: return new SchemaType.Tuple([.. items.Select(ReadType)]);
            default: throw new FormatException($"'{kind}' is not a kind of type.");
        }
    }

    static SchemaDefinition ReadDefinition(JsonNode? node)
    {
        if (node?["row"] is { } row)
        {
            return new SchemaDefinition.Row(TextOf(row), [.. Items(node, "members").Select(m => new SchemaMember(TextOf(m?["name"]), ReadType(m?["type"])))]);
        }

        if (node?["enum"] is { } enumeration)
        {
            ImmutableArray<SchemaEnumValue> values = [.. Items(node, "values").Select(v => new SchemaEnumValue(TextOf(v?["name"]), TextOf(v?["number"])))];
            return new SchemaDefinition.Enumeration(TextOf(enumeration), TextOf(node["underlying"]), values);
        }

        if (node?["union"] is { } union) return new SchemaDefinition.Union(TextOf(union), [.. Items(node, "cases").Select(TextOf)]);
        throw new FormatException("A definition is neither row, enum nor union.");
    }

    static JsonArray Items(JsonNode node, string name) => node[name] as JsonArray ?? throw new FormatException($"'{name}' is not a list.");

    static string TextOf(JsonNode? node) => node is JsonValue value ? value.GetValue<string>() : throw new FormatException("A text is missing.");
}
