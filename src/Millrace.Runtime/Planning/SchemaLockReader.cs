using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Planning;

/// <summary>Reads the text of a lock. What is wrong is said with its line, because people merge such files. Pure.</summary>
static class SchemaLockReader
{
    // Schemas may be 256 deep, and have some levels of the lock around them.
    const int DepthMax = 320;

    public static JsonDocumentOptions Options => new() { MaxDepth = DepthMax };

    /// <exception cref="FormatException">It is not the text of a lock.</exception>
    public static SchemaLock Read(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        try
        {
            // Of two properties of a name, as a merge leaves them behind, nobody knows which was meant.
            if (JsonLines.Twice(utf8, DepthMax) is { } twice) throw new FormatException($"line {twice.Line}: '{twice.Name}' is there twice");
            JsonNode root = JsonNode.Parse(utf8, null, Options) ?? throw new FormatException("line 1: it is null");
            return In(root, () => Lock(root));
        }
        catch (JsonException broken)
        {
            throw new FormatException($"line {broken.LineNumber + 1}: it is not JSON: {JsonLines.Reason(broken)}", broken);
        }
        catch (MisplacedException misplaced)
        {
            throw new FormatException($"line {JsonLines.Of(utf8, misplaced.Node, DepthMax)}: {misplaced.Message}", misplaced);
        }
    }

    static SchemaLock Lock(JsonNode root)
    {
        if (root is not JsonObject) throw new FormatException("it is no object");
        if (root["format"] is not { } written) throw new FormatException("it has no 'format'");
        if (written is not JsonValue value || !value.TryGetValue(out int format) || format < 1) throw new MisplacedException(written, "'format' is no version");
        if (format > SchemaLock.Format) throw new MisplacedException(written, $"its format {format} is newer than this program knows, which is {SchemaLock.Format}");
        return new(Text(root, "job"), Each(root, "operators", "id", static op => new ProgramOperator(Text(op, "id"), Text(op, "verb"), Each(op, "states", "name", State))
        {
            Prepared = Schema(op, SchemaLock.Prepared),
        }));
    }

    static StateSchema State(JsonNode state) => new()
    {
        Name = Text(state, "name"),
        Layout = LayoutOf(Text(state, "layout")),
        Kind = Text(state, "kind"),
        Key = Schema(state, "key"),
        Sub = Schema(state, "sub"),
        Value = Schema(state, "value") ?? throw new FormatException("a state has no 'value'"),
        Ttl = state["ttl"] is { } ttl ? In(ttl, () => TtlJson.Read(ttl)) : null,
    };

    static StateLayout LayoutOf(string name) => Enum.GetValues<StateLayout>().Where(l => SchemaLock.NameOf(l) == name).Select(static l => (StateLayout?)l).FirstOrDefault()
        ?? throw new FormatException($"'{name}' is no layout of state");

    static TypeSchema? Schema(JsonNode node, string name) =>
        node[name] is { } schema ? In(schema, () => TypeSchema.FromJson(Encoding.UTF8.GetBytes(schema.ToJsonString()))) : null;

    /// <summary>The objects of a list, which have different names.</summary>
    static T[] Each<T>(JsonNode node, string list, string key, Func<JsonNode, T> read)
    {
        if (node[list] is not JsonArray items) throw new FormatException(node[list] is null ? $"it has no '{list}'" : $"'{list}' is not a list");
        HashSet<string> names = new(StringComparer.Ordinal);
        return [.. items.Select(item => item is JsonObject ? In(item, () => One(item)) : throw new MisplacedException(item ?? items, $"an entry of '{list}' is no object"))];

        T One(JsonNode item)
        {
            string name = Text(item, key);
            return names.Add(name) ? read(item) : throw new FormatException($"'{name}' is there twice in '{list}'");
        }
    }

    static string Text(JsonNode node, string name) => node[name] switch
    {
        null => throw new FormatException($"it has no '{name}'"),
        JsonValue value when value.TryGetValue(out string? text) => text,
        var other => throw new MisplacedException(other, $"'{name}' is no text"),
    };

    /// <summary>What goes wrong inside has the place of the innermost node around it.</summary>
    static T In<T>(JsonNode node, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (CorruptDataException wrong)
        {
            // The place in the schema alone says nothing about the file.
            throw new MisplacedException(node, wrong.Message.Replace($" (at byte {wrong.Offset})", "", StringComparison.Ordinal).TrimEnd('.'));
        }
        catch (Exception wrong) when (wrong is FormatException or InvalidOperationException)
        {
            throw new MisplacedException(node, wrong.Message);
        }
    }

    sealed class MisplacedException(JsonNode node, string message) : Exception(message)
    {
        public JsonNode Node => node;
    }
}
