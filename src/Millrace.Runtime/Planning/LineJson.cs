using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Runtime.Planning;

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
