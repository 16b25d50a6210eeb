using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Runtime.Planning;

/// <summary>Finds lines in JSON text, counted from one. Pure.</summary>
static class JsonLines
{
    /// <summary>The line in which a node begins.</summary>
    /// <param name="utf8">The text that the node was read from.</param>
    /// <param name="node">The node.</param>
    /// <param name="depthMax">The greatest depth of the text.</param>
    public static int Of(ReadOnlySpan<byte> utf8, JsonNode node, int depthMax)
    {
        Stack<JsonNode> path = [];
        for (JsonNode step = node; step.Parent is not null; step = step.Parent) path.Push(step);
        Utf8JsonReader reader = Begin(utf8, depthMax);
        reader.Read();
        foreach (JsonNode step in path)
        {
            reader.Read();
            if (step.Parent is JsonArray)
            {
                for (int before = step.GetElementIndex(); before > 0; before--) Pass(ref reader);
            }
            else
            {
                string name = step.GetPropertyName();
                while (!reader.ValueTextEquals(name)) Pass(ref reader);
                reader.Read();
            }
        }

        return LineOf(utf8, ref reader);
    }

    /// <summary>The first name that an object has twice, and the line of the second; null when there is none.</summary>
    /// <exception cref="JsonException">It is not JSON. Has the line.</exception>
    public static (string Name, int Line)? Twice(ReadOnlySpan<byte> utf8, int depthMax)
    {
        Stack<HashSet<string>> objects = [];
        Utf8JsonReader reader = Begin(utf8, depthMax);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject: objects.Push(new(StringComparer.Ordinal)); break;
                case JsonTokenType.EndObject: objects.Pop(); break;
                case JsonTokenType.PropertyName or JsonTokenType.String:
                    string text = TextOf(utf8, ref reader);
                    if (reader.TokenType == JsonTokenType.PropertyName && !objects.Peek().Add(text)) return (text, LineOf(utf8, ref reader));
                    break;
            }
        }

        return null;
    }

    /// <summary>Why a text is not JSON, without the place.</summary>
    public static string Reason(JsonException broken)
    {
        int place = broken.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (place < 0 ? broken.Message : broken.Message[..place]).TrimEnd('.');
    }

    static Utf8JsonReader Begin(ReadOnlySpan<byte> utf8, int depthMax) => new(utf8, new JsonReaderOptions { MaxDepth = depthMax });

    /// <summary>From a value, or from a name and its value, to what comes next.</summary>
    static void Pass(ref Utf8JsonReader reader)
    {
        reader.Skip();
        reader.Read();
    }

    /// <summary>Half of a surrogate pair is JSON and no text.</summary>
    static string TextOf(ReadOnlySpan<byte> utf8, ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException broken)
        {
            throw new JsonException(broken.Message, null, LineOf(utf8, ref reader) - 1, null);
        }
    }

    static int LineOf(ReadOnlySpan<byte> utf8, ref Utf8JsonReader reader) => 1 + utf8[..(int)reader.TokenStartIndex].Count((byte)'\n');
}
