using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Millrace.State.Snapshots;

/// <summary>A place in a JSON document that knows its name: whatever is there, reading it gives a value or an error that names the field.</summary>
/// <param name="element">What is there.</param>
/// <param name="path">Its name: <c>operators[3].states[0].runs[2].file</c>.</param>
readonly struct JsonField(JsonElement element, string path)
{
    public JsonField this[string name] =>
        TryGet(name, out JsonField field) ? field : throw new ManifestFieldException($"{path} has no field '{name}'");

    public bool TryGet(string name, out JsonField field)
    {
        field = default;
        if (element.ValueKind != JsonValueKind.Object) throw Wrong("is not an object");
        if (!element.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return false;
        field = new JsonField(value, $"{path}.{name}");
        return true;
    }

    public List<T> List<T>(string name, Func<JsonField, T> read)
    {
        if (!TryGet(name, out JsonField list)) return [];
        return list.Items(read);
    }

    public IEnumerable<(string Name, JsonField Value)> Properties()
    {
        if (element.ValueKind != JsonValueKind.Object) throw Wrong("is not an object");
        List<(string, JsonField)> properties = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            properties.Add((property.Name, new JsonField(property.Value, $"{path}.{property.Name}")));
        }

        return properties;
    }

    public string Text()
    {
        if (element.ValueKind != JsonValueKind.String) throw Wrong("is not a text");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Escapes of half a surrogate pair.
            throw Wrong("is not valid text");
        }
    }

    public ReadOnlySpan<byte> Raw() => JsonMarshal.GetRawUtf8Value(element);

    public long Number(long smallest, long largest)
    {
        if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out long number)) throw Wrong("is not a whole number of 64 bits");
        return number >= smallest && number <= largest ? number : throw Wrong($"is {number}, which is not from {smallest} to {largest}");
    }

    public int Number(int smallest = 0) => (int)Number(smallest, int.MaxValue);

    public bool Flag() => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("is neither true nor false"),
    };

    public byte[] Bytes() => element.ValueKind == JsonValueKind.String && element.TryGetBytesFromBase64(out byte[]? bytes)
        ? bytes
        : throw Wrong("is not base64");

    public KeyRange Range() => KeyRange.TryParse(Text(), out KeyRange range) && !range.IsEmpty ? range : throw Wrong("is not a slice of the hash space");

    public AttemptId Attempt()
    {
        string[] parts = Text().Split('.');
        return parts.Length == 2 && TryParse(parts[0], out long term) && TryParse(parts[1], out long sequence)
            ? new AttemptId(term, sequence)
            : throw Wrong("is not an attempt such as 3.17");
    }

    public DateTimeOffset Moment() => DateTimeOffset.TryParse(
        Text(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment)
        ? moment
        : throw Wrong("is not a moment such as 2024-02-29T12:00:00Z");

    public string Digest()
    {
        string text = Text();
        return text.Length == 64 && text.All(char.IsAsciiHexDigitLower) ? text : throw Wrong("is not a hash of 64 hexadecimal digits");
    }

    public ManifestFieldException Wrong(string what) => new($"{path} {what}");

    List<T> Items<T>(Func<JsonField, T> read)
    {
        if (element.ValueKind != JsonValueKind.Array) throw Wrong("is not a list");
        List<T> items = [];
        foreach (JsonElement item in element.EnumerateArray()) items.Add(read(new JsonField(item, $"{path}[{items.Count}]")));
        return items;
    }

    static bool TryParse(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>A field of a manifest is not what it should be. Never leaves the reading of manifests.</summary>
/// <param name="message">The field and what is wrong.</param>
sealed class ManifestFieldException(string message) : Exception(message);
