using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Planning;

/// <summary>
/// The states of a program as text, to be kept with its source: a later version of the program is compared with it before it meets a
/// snapshot. The same states always give the same text, in the order of names. Immutable.
/// </summary>
/// <param name="Job">The job.</param>
/// <param name="Operators">Its operators that have state.</param>
public sealed record SchemaLock(string Job, IReadOnlyList<ProgramOperator> Operators)
{
    /// <summary>The version of the text that is written. Greater ones are refused.</summary>
    public const int Format = 1;

    /// <summary>The lock of a program.</summary>
    public static SchemaLock Of(string job, IReadOnlyList<ProgramOperator> program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return new(job,
        [
            .. from op in program
               let states = StatesOf(op)
               where states.Count > 0
               orderby op.Id
               select new ProgramOperator(op.Id, op.Verb, states),
        ]);
    }

    /// <summary>The text.</summary>
    public string Text
    {
        get
        {
            JsonObject root = new()
            {
                ["about"] = $"The state of the job {Job} as its program declares it. `schema write` writes this file, and `schema check` compares the program with it; commit it.",
                ["format"] = Format,
                ["job"] = Job,
                ["operators"] = new JsonArray([.. Operators.Select(static op => new JsonObject
                {
                    ["id"] = op.Id, ["verb"] = op.Verb, ["states"] = new JsonArray([.. op.States.Select(State)]),
                })]),
            };
            return LineJson.Of(root);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="FormatException">It is not the text of a lock, or of a newer version.</exception>
    public static SchemaLock Read(string text)
    {
        try
        {
            JsonNode root = JsonNode.Parse(text) ?? throw new FormatException("it is empty");
            int format = root["format"]?.GetValue<int>() ?? throw new FormatException("it has no 'format'");
            if (format > Format) throw new FormatException($"its format {format} is newer than this program knows, which is {Format}");
            return new(Name(root, "job"), [.. List(root, "operators").Select(static op => new ProgramOperator(Name(op, "id"), Name(op, "verb"), [.. List(op, "states").Select(ReadState)]))]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or CorruptDataException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    internal static List<StateSchema> StatesOf(ProgramOperator op) =>
        [.. (op.InFlight is null || op.States.Count == 0 ? op.States : op.States.Append(op.InFlight)).OrderBy(static s => s.Name, StringComparer.Ordinal)];

    static JsonObject State(StateSchema state)
    {
        JsonObject json = new() { ["name"] = state.Name, ["layout"] = NameOf(state.Layout), ["kind"] = state.Kind };
        if (state.Key is not null) json["key"] = Schema(state.Key);
        if (state.Sub is not null) json["sub"] = Schema(state.Sub);
        json["value"] = Schema(state.Value);
        if (state.Ttl is not null) json["ttl"] = TtlJson.Of(state.Ttl);
        return json;
    }

    static StateSchema ReadState(JsonNode? state) => new()
    {
        Name = Name(state, "name"),
        Layout = LayoutOf(Name(state, "layout")),
        Kind = Name(state, "kind"),
        Key = ReadSchema(state?["key"]),
        Sub = ReadSchema(state?["sub"]),
        Value = ReadSchema(state?["value"]) ?? throw new FormatException("a state has no 'value'"),
        Ttl = state?["ttl"] is { } ttl ? TtlJson.Read(ttl) : null,
    };

    static string NameOf(StateLayout layout) => JsonNamingPolicy.KebabCaseLower.ConvertName(layout.ToString());

    static StateLayout LayoutOf(string name) => Enum.GetValues<StateLayout>().Where(l => NameOf(l) == name).Select(static l => (StateLayout?)l).FirstOrDefault()
        ?? throw new FormatException($"'{name}' is no layout of state");

    static JsonNode Schema(TypeSchema schema) => JsonNode.Parse(schema.ToJson())!;

    static TypeSchema? ReadSchema(JsonNode? schema) => schema is null ? null : TypeSchema.FromJson(Encoding.UTF8.GetBytes(schema.ToJsonString()));

    static JsonArray List(JsonNode? node, string name) => node?[name] as JsonArray ?? throw new FormatException($"'{name}' is not a list");

    static string Name(JsonNode? node, string name) => node?[name]?.GetValue<string>() ?? throw new FormatException($"it has no '{name}'");
}

/// <summary>JSON in as few lines as people like to read and to compare: what is short stays on one line.</summary>
static class LineJson
{
    const int WidthMax = 120;

    static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Of(JsonNode root)
    {
        StringBuilder text = new();
        Write(text, root, 0, isWhole: true);
        return text.Append('\n').ToString();
    }

    static void Write(StringBuilder text, JsonNode? node, int indent, bool isWhole = false)
    {
        string line = Line(node);
        if (node is not (JsonObject or JsonArray) || (!isWhole && indent + line.Length <= WidthMax))
        {
            text.Append(line);
            return;
        }

        (char open, char close) = node is JsonObject ? ('{', '}') : ('[', ']');
        IEnumerable<(string? Name, JsonNode? Value)> items = node is JsonObject all ? all.Select(static p => ((string?)p.Key, p.Value)) : ((JsonArray)node).Select(static v => ((string?)null, v));
        text.Append(open);
        string separator = "\n";
        foreach ((string? name, JsonNode? value) in items)
        {
            text.Append(separator).Append(' ', indent + 2);
            if (name is not null) text.Append(JsonSerializer.Serialize(name, s_relaxed)).Append(": ");
            Write(text, value, indent + 2);
            separator = ",\n";
        }

        text.Append('\n').Append(' ', indent).Append(close);
    }

    static string Line(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject { Count: 0 } => "{}",
        JsonObject all => $"{{ {string.Join(", ", all.Select(static p => $"{JsonSerializer.Serialize(p.Key, s_relaxed)}: {Line(p.Value)}"))} }}",
        JsonArray list => $"[{string.Join(", ", list.Select(Line))}]",
        _ => node.ToJsonString(s_relaxed),
    };
}
