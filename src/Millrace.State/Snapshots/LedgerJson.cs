using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>
/// Terms, entries and the hint as JSON that a person can read (<c>docs/FORMATS.md</c>, sections "Term" and "Ledger"). Unknown fields are
/// ignored, newer formats refused, and whatever else is wrong with the bytes is one typed error.
/// </summary>
static class LedgerJson
{
    /// <summary>The newest format, and the one written.</summary>
    public const int Format = 1;

    const int DepthMax = 64;

    static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,   // nobody puts these bytes into a page
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowOutOfOrderMetadataProperties = true,
        IgnoreReadOnlyProperties = true,
        MaxDepth = DepthMax,
        Converters =
        {
            new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
            new AttemptConverter(), new TimestampConverter(), new SchemaConverter(),
        },
    };

    public static byte[] WriteClaim(TermClaim claim) =>
        Serialize(new ClaimDocument($"Millrace: who leads the job in term {claim.Term}", Format, claim));

    public static TermClaim ReadClaim(string key, ReadOnlyMemory<byte> bytes) => Read<ClaimDocument>(key, bytes).Claim;

    public static byte[] WriteEntry(LedgerEntry entry) =>
        Serialize(new EntryDocument($"Millrace: entry {entry.Sequence} of the ledger of term {entry.Term}", Format, entry));

    public static LedgerEntry ReadEntry(string key, ReadOnlyMemory<byte> bytes)
    {
        LedgerEntry entry = Read<EntryDocument>(key, bytes).Entry;
        return entry.Events.Count > 0 ? entry : throw new LedgerCorruptException(key, "it says nothing");
    }

    public static byte[] WriteHead(long term, long sequence) =>
        Serialize(new HeadDocument("Millrace: a hint where the ledger ends; it may be stale or lost", Format, term, sequence));

    /// <summary>The hint; term 0 when it is unreadable: a hint is never worth an error.</summary>
    public static (long Term, long Sequence) ReadHead(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            HeadDocument head = Read<HeadDocument>("HEAD", bytes);
            return head is { Term: > 0, Sequence: >= 0 } ? (head.Term, head.Sequence) : default;
        }
        catch (Exception e) when (e is LedgerCorruptException or LedgerTooNewException)
        {
            return default;
        }
    }

    static byte[] Serialize<T>(T document) => [.. JsonSerializer.SerializeToUtf8Bytes(document, s_options), (byte)'\n'];

    static T Read<T>(string key, ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = DepthMax });
            RequireFormat(key, document.RootElement);
            RequireNoGaps(key, document.RootElement);
            return document.RootElement.Deserialize<T>(s_options) ?? throw new LedgerCorruptException(key, "it is null");
        }
        // The last three: numbers, dates and base64 that do not fit what they should become.
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or NotSupportedException or CorruptDataException or ArgumentException)
        {
            throw new LedgerCorruptException(key, e.Message, e);
        }
    }

    static void RequireFormat(string key, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("format", out JsonElement format) || !format.TryGetInt32(out int version) || version < 1)
            throw new LedgerCorruptException(key, "it has no format version");
        if (version > Format) throw new LedgerTooNewException(key, version, Format);
    }

    // A null in a list is nothing the serializer would refuse, and nothing anybody wrote.
    static void RequireNoGaps(string key, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in element.EnumerateObject()) RequireNoGaps(key, property.Value);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in element.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Null) throw new LedgerCorruptException(key, "a list has a gap");
                RequireNoGaps(key, item);
            }
        }
    }

    sealed record ClaimDocument(string About, int Format, TermClaim Claim);

    sealed record EntryDocument(string About, int Format, LedgerEntry Entry);

    sealed record HeadDocument(string About, int Format, long Term, long Sequence);

    sealed class AttemptConverter : JsonConverter<AttemptId>
    {
        public override AttemptId Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            string[] parts = (reader.GetString() ?? "").Split('.');
            return parts.Length == 2 && TryParse(parts[0], out long term) && TryParse(parts[1], out long sequence)
                ? new AttemptId(term, sequence)
                : throw new JsonException("an attempt looks like 3.17");
        }

        public override void Write(Utf8JsonWriter writer, AttemptId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

        static bool TryParse(string text, out long value) =>
            long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out value);
    }

    /// <summary>ISO 8601 with all seven digits, which is exact; ticks since 1970 beyond the years 1 to 9999; null for none.</summary>
    sealed class TimestampConverter : JsonConverter<Timestamp>
    {
        static readonly long s_first = DateTime.MinValue.Ticks - DateTime.UnixEpoch.Ticks, s_last = DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks;

        public override bool HandleNull => true;

        public override Timestamp Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.Null => Timestamp.None,
            JsonTokenType.Number => new Timestamp(reader.GetInt64()),
            _ => Timestamp.FromDateTimeOffset(reader.GetDateTimeOffset()),
        };

        public override void Write(Utf8JsonWriter writer, Timestamp value, JsonSerializerOptions options)
        {
            if (value.IsNone) writer.WriteNullValue();
            else if (value.Ticks < s_first || value.Ticks > s_last) writer.WriteNumberValue(value.Ticks);
            else writer.WriteStringValue(value.ToDateTime());
        }
    }

    sealed class SchemaConverter : JsonConverter<TypeSchema>
    {
        public override TypeSchema Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            using JsonDocument schema = JsonDocument.ParseValue(ref reader);
            return TypeSchema.FromJson(System.Text.Encoding.UTF8.GetBytes(schema.RootElement.GetRawText()));
        }

        public override void Write(Utf8JsonWriter writer, TypeSchema value, JsonSerializerOptions options) => writer.WriteRawValue(value.ToJson());
    }
}
