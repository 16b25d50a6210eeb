using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Tests;

/// <summary>
/// How long damage is tried: <c>MILLRACE_FUZZ_TIMES</c> times as often as usual, from <c>MILLRACE_FUZZ_SEED</c> on. Without them every run tries the same.
/// </summary>
static class Fuzzing
{
    /// <summary>How many times as often.</summary>
    public static int Times { get; } = Of("MILLRACE_FUZZ_TIMES", 1);

    /// <summary>The first seed.</summary>
    public static int First { get; } = Of("MILLRACE_FUZZ_SEED", 0);

    /// <summary>Seeds: usually those from zero on.</summary>
    public static IEnumerable<int> Seeds(int count) => Enumerable.Range(First, checked(count * Times));

    /// <summary>Chance of its own for one of several tests.</summary>
    public static Random Chance(int seed) => new(checked((First * 31) + seed));

    static int Of(string name, int usual) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : usual;
}

/// <summary>Changes what a JSON text says, and leaves it JSON: what a checksum that was forged as well would let through.</summary>
static class ForgedJson
{
    /// <summary>A text with one to three changes.</summary>
    public static JsonNode? Of(JsonNode original, Random random)
    {
        JsonNode? root = original.DeepClone();
        for (int changes = random.Next(1, 4); changes > 0; changes--) root = Change(root, random);
        return root;
    }

    static JsonNode? Change(JsonNode? root, Random random)
    {
        List<JsonNode> all = [];
        Gather(root, all);
        if (all.Count == 0) return Any(random, null);
        JsonNode chosen = all[random.Next(all.Count)];
        JsonNode? other = random.Next(4) == 0 ? all[random.Next(all.Count)].DeepClone() : Any(random, chosen);
        switch (chosen.Parent)
        {
            case JsonObject parent:
                string name = parent.First(p => ReferenceEquals(p.Value, chosen)).Key;
                if (random.Next(5) == 0) parent.Remove(name);
                else if (random.Next(8) == 0) parent[name + "2"] = chosen.DeepClone();
                else parent[name] = other;
                return root;
            case JsonArray list:
                int index = list.IndexOf(chosen);
                if (random.Next(5) == 0) list.RemoveAt(index);
                else if (random.Next(4) == 0) list.Insert(index, chosen.DeepClone());
                else list[index] = other;
                return root;
            default:
                return random.Next(10) == 0 ? other : root;
        }
    }

    static void Gather(JsonNode? node, List<JsonNode> into)
    {
        if (node is null) return;
        into.Add(node);
        if (node is JsonObject members) foreach ((_, JsonNode? value) in members) Gather(value, into);
        if (node is JsonArray items) foreach (JsonNode? item in items) Gather(item, into);
    }

    // Near to what was there as often as not, so that it gets far.
    static JsonNode? Any(Random random, JsonNode? was)
    {
        if (was is JsonValue value && random.Next(2) == 0)
        {
            if (value.TryGetValue(out long number)) return random.Next(5) switch { 0 => number + 1, 1 => number - 1, 2 => -number, 3 => number * 1_000_003, _ => 0 };
            if (value.TryGetValue(out string? text) && text.Length > 0) return random.Next(4) switch { 0 => text[..^1], 1 => text + text[^1], 2 => text.ToUpperInvariant(), _ => $"{(char)random.Next(1, 0xd000)}{text[1..]}" };
            if (value.TryGetValue(out bool flag)) return !flag;
        }

        return random.Next(12) switch
        {
            0 => null, 1 => 0, 2 => -1, 3 => long.MaxValue, 4 => 1e300, 5 => "", 6 => "\0", 7 => new JsonArray(), 8 => new JsonObject(), 9 => true,
            10 => Nested(random.Next(1, 600)), _ => new string('x', random.Next(1, 2_000)),
        };
    }

    static JsonArray Nested(int depth)
    {
        JsonArray root = [];
        for (JsonArray at = root; depth > 0; depth--)
        {
            JsonArray inner = [];
            at.Add(inner);
            at = inner;
        }

        return root;
    }
}
