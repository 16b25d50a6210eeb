using System.Text;
using System.Text.Json;

namespace Millrace.Benchmarks.Reporting;

/// <summary>One line of the report: a JSON object whose members keep the order they were added in.</summary>
sealed class ResultLine
{
    readonly List<(string Name, object Value)> _members = [];

    /// <summary>Adds a member; null values are left out.</summary>
    public ResultLine With(string name, object? value)
    {
        if (value is not null) _members.Add((name, value is double number ? Statistics.Rounded(number) : value));
        return this;
    }

    /// <summary>Adds what a value has to be, and whether it is.</summary>
    public ResultLine WithTarget(string suffix, double value, double target, bool isAtMost) =>
        With("target" + suffix, target).With("met" + suffix, isAtMost ? value <= target : value >= target);

    public override string ToString()
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            foreach ((string name, object value) in _members)
            {
                json.WritePropertyName(name);
                JsonSerializer.Serialize(json, value, value.GetType());
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>The targets a printed line says it missed: members that begin with <c>met</c> and are false.</summary>
    public static string[] Missed(string line)
    {
        using JsonDocument json = JsonDocument.Parse(line);
        return [.. json.RootElement.EnumerateObject()
            .Where(static m => m.Name.StartsWith("met", StringComparison.Ordinal) && m.Value.ValueKind == JsonValueKind.False)
            .Select(static m => m.Name["met".Length..].TrimStart('_'))];
    }
}
