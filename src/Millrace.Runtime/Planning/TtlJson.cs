using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Runtime.Planning;

/// <summary>A TTL in the text of a schema lock, on one line: <c>{ "time": "event", "lifetime": "01:00:00", "renewed": "write" }</c>. Pure.</summary>
static class TtlJson
{
    public static JsonObject Of(StateTtl ttl) => new()
    {
        ["time"] = NameOf(ttl.Time),
        ["lifetime"] = ttl.Lifetime.ToString("c", CultureInfo.InvariantCulture),
        ["renewed"] = NameOf(ttl.Refresh),
    };

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static StateTtl Read(JsonNode node)
    {
        string text = Text(node, "lifetime");
        if (!TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out TimeSpan lifetime) || lifetime <= TimeSpan.Zero || lifetime > StateTtl.LifetimeMax)
            throw new FormatException($"'{text}' is no lifetime of state: it is more than zero and at most {StateTtl.LifetimeMax.Days} days");
        StateTtl ttl = OneOf<TtlTime>(Text(node, "time"), NameOf) == TtlTime.EventTime ? StateTtl.EventTime(lifetime) : StateTtl.ProcessingTime(lifetime);
        return ttl with { Refresh = OneOf<TtlRefresh>(Text(node, "renewed"), NameOf) };
    }

    static string NameOf(TtlTime time) => time == TtlTime.EventTime ? "event" : "processing";

    static string NameOf(TtlRefresh refresh) => refresh == TtlRefresh.OnWrite ? "write" : "read or write";

    static T OneOf<T>(string text, Func<T, string> name) where T : struct, Enum =>
        Enum.GetValues<T>().Where(v => name(v) == text).Select(static v => (T?)v).FirstOrDefault()
        ?? throw new FormatException($"'{text}' in a 'ttl' is not one of {string.Join(", ", Enum.GetValues<T>().Select(name))}");

    static string Text(JsonNode node, string name) => node is JsonObject ? node[name]?.GetValue<string>() ?? throw new FormatException($"a 'ttl' has no '{name}'") : throw new FormatException("a 'ttl' is not an object");
}
