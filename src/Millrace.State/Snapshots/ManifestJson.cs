using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>
/// Manifests to JSON that explains itself to whoever opens it, and back. Equal manifests give equal bytes. The form is in
/// <c>docs/FORMATS.md</c>, section "Manifest".
/// </summary>
public static class ManifestJson
{
    static readonly JsonWriterOptions Lines = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The bytes of a manifest.</summary>
    /// <param name="manifest">A manifest that keeps the rules: every reference resolves.</param>
    /// <returns>UTF-8 with line feeds, ending in one.</returns>
    /// <exception cref="InvariantBrokenException">The manifest breaks a rule, which readers would refuse.</exception>
    public static byte[] Write(SnapshotManifest manifest)
    {
        string? broken = ManifestRules.Broken(manifest);
        Invariant.That(broken is null, $"a manifest is written as it can be read: {broken}");
        ArrayBufferWriter<byte> buffer = new(4_096);
        using (Utf8JsonWriter json = new(buffer, Lines)) new ManifestWriter(json).Write(manifest);
        return ManifestSeal.Seal(buffer.WrittenSpan);
    }

    /// <summary>Reads a manifest. Fields it does not know are ignored.</summary>
    /// <param name="bytes">What is at the key.</param>
    /// <param name="key">Where the bytes are from, for errors.</param>
    /// <returns>A manifest that keeps the rules.</returns>
    /// <exception cref="SnapshotCorruptException">It is no manifest, or not as it was written, or a reference in it leads nowhere; the message names the field.</exception>
    /// <exception cref="NewerFormatException">It has a newer format.</exception>
    public static SnapshotManifest Read(ReadOnlyMemory<byte> bytes, string key)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 512 });
            JsonField root = new(document.RootElement, "the manifest");
            ManifestReading.RequireFormat(root, key);
            string? broken = ManifestSeal.Broken(bytes.Span);
            if (broken is not null) throw new SnapshotCorruptException(key, broken);
            SnapshotManifest manifest = ManifestReading.Read(root);
            broken = ManifestRules.Broken(manifest);
            if (broken is not null) throw new SnapshotCorruptException(key, broken);
            return manifest;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The framework reports texts and names that are no Unicode only when they are looked at, and as an invalid operation.
            throw new SnapshotCorruptException(key, $"it is not JSON: {e.Message}", e);
        }
        catch (ManifestFieldException e)
        {
            throw new SnapshotCorruptException(key, e.Message, e);
        }
    }

    /// <summary>The hash by which a ledger entry or a later manifest names this one.</summary>
    /// <param name="bytes">The manifest as it was written.</param>
    /// <returns>64 hexadecimal digits.</returns>
    public static string Sha256(ReadOnlySpan<byte> bytes) => BlockDigest.Text(bytes);

    internal static string About(SnapshotManifest manifest)
    {
        string what = manifest.Kind == SnapshotKind.Savepoint ? "savepoint" : "checkpoint";
        string packs = manifest.Packs.Count switch
        {
            0 => "Everything it has is in this file",
            1 => "The rows of its keyed states are in one more file",
            _ => string.Create(CultureInfo.InvariantCulture, $"The rows of its keyed states are in {manifest.Packs.Count} more files"),
        };
        string where = manifest.Packs.Count == 0 ? ""
            : manifest.Kind == SnapshotKind.Savepoint ? ", listed below with paths relative to this folder"
            : ", listed below with paths relative to the folder of the job, two levels up; other checkpoints share them";
        return string.Create(CultureInfo.InvariantCulture, $"Millrace {what} {manifest.Id} of job {manifest.Job}. {packs}{where}.");
    }
}

/// <summary>Writes one manifest.</summary>
/// <param name="json">Borrowed.</param>
sealed class ManifestWriter(Utf8JsonWriter json)
{
    static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly List<TypeSchema> _schemas = [];
    readonly Dictionary<TypeSchema, string> _schemaIds = [];

    public void Write(SnapshotManifest manifest)
    {
        json.WriteStartObject();
        json.WriteString("about", ManifestJson.About(manifest));
        json.WriteNumber("format", FormatVersion.Manifest);
        json.WriteString("kind", SnapshotKeys.Text(manifest.Kind));
        json.WriteString("job", manifest.Job);
        json.WriteNumber("id", manifest.Id);
        json.WriteString("attempt", manifest.Attempt.ToString());
        json.WriteString("timeline", manifest.Timeline);
        json.WriteString("takenAt", manifest.TakenAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture));
        WriteTime(json, "watermark", manifest.Watermark);
        json.WriteBoolean("drained", manifest.IsDrained);
        json.WriteString("engine", manifest.Engine);
        json.WriteString("fingerprint", manifest.Fingerprint);
        if (manifest.Honoured.Count > 0)
        {
            json.WriteStartArray("honoured");
            foreach (string done in manifest.Honoured) json.WriteStringValue(done);
            json.WriteEndArray();
        }

        if (manifest.Parent is { } parent) WriteParent(parent);
        WriteLines("files", manifest.Packs, WritePack);
        WriteObjects("operators", manifest.Operators, WriteOperator);
        WriteObjects("owed", manifest.Owed, WriteOwed);
        json.WriteStartObject("schemas");
        // Collected while the rest was written.
        foreach (TypeSchema schema in _schemas)
        {
            json.WritePropertyName(_schemaIds[schema]);
            json.WriteRawValue(schema.ToJson());
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    void WriteParent(SnapshotReference parent)
    {
        json.WriteStartObject("parent");
        json.WriteNumber("id", parent.Id);
        json.WriteString("attempt", parent.Attempt.ToString());
        json.WriteString("key", parent.Key);
        json.WriteString("sha256", parent.Sha256);
        json.WriteEndObject();
    }

    static void WritePack(Utf8JsonWriter line, PackEntry pack)
    {
        line.WriteString("key", pack.Key);
        line.WriteString("about", pack.About);
        line.WriteNumber("length", pack.Length);
        line.WriteNumber("footerOffset", pack.FooterOffset);
        line.WriteString("footerSha256", pack.FooterSha256);
        line.WriteString("attempt", pack.Attempt.ToString());
    }

    void WriteOperator(OperatorEntry entry)
    {
        json.WriteString("id", entry.Id);
        json.WriteString("verb", entry.Verb);
        json.WriteNumber("parallelism", entry.Parallelism);
        json.WriteNumber("finished", entry.Finished);
        WriteLines("watermarks", entry.Watermarks, static (line, item) =>
        {
            line.WriteString("range", item.Range.ToString());
            WriteTime(line, "watermark", item.Watermark);
        });
        WriteObjects("states", entry.States, WriteState);
    }

    void WriteState(StateEntry state)
    {
        json.WriteString("name", state.Schema.Name);
        json.WriteString("layout", ManifestNames.Of(state.Schema.Layout));
        json.WriteString("kind", state.Schema.Kind);
        if (state.Schema.Key is { } key) json.WriteString("key", SchemaId(key));
        if (state.Schema.Sub is { } sub) json.WriteString("sub", SchemaId(sub));
        json.WriteString("value", SchemaId(state.Schema.Value));
        if (state.Schema.Ttl is { } ttl) WriteTtl(ttl);
        if (state.Runs.Count > 0) WriteLines("runs", state.Runs, WriteRun);
        if (state.Items.Count > 0) WriteLines("items", state.Items, WriteItem);
    }

    // The text is for people; the ticks are what is read.
    void WriteTtl(StateTtl ttl)
    {
        json.WriteStartObject("ttl");
        json.WriteString("time", ManifestNames.Of(ttl.Time));
        json.WriteString("refresh", ManifestNames.Of(ttl.Refresh));
        json.WriteString("lifetime", ttl.Lifetime.ToString("c", CultureInfo.InvariantCulture));
        json.WriteNumber("ticks", ttl.Lifetime.Ticks);
        json.WriteEndObject();
    }

    static void WriteRun(Utf8JsonWriter line, RunEntry run)
    {
        line.WriteNumber("file", run.Pack);
        line.WriteNumber("section", run.Section);
        line.WriteString("range", run.Range.ToString());
        line.WriteNumber("snapshot", run.Snapshot);
        if (run.IsFull) line.WriteBoolean("full", true);
        else line.WriteNumber("base", run.Base);
        line.WriteNumber("rows", run.Rows);
        line.WriteNumber("deletions", run.Deletions);
        line.WriteNumber("bytes", run.Bytes);
        if (run.DroppedBelow != long.MinValue) line.WriteNumber("droppedBelow", run.DroppedBelow);
    }

    static void WriteItem(Utf8JsonWriter line, ItemEntry item)
    {
        line.WriteNumber("subtask", item.Subtask);
        line.WriteString("text", item.Text);
        WriteTime(line, "watermark", item.Watermark);
        line.WriteBase64String("data", item.Data.Span);
    }

    void WriteOwed(OwedTransaction owed)
    {
        json.WriteString("operator", owed.Operator);
        json.WriteString("id", owed.Id);
        json.WriteString("text", owed.Text);
        json.WriteString("schema", SchemaId(owed.Schema));
        json.WriteBase64String("data", owed.Data.Span);
    }

    // The text is for people; the ticks are what is read, because calendars end before ticks do.
    static void WriteTime(Utf8JsonWriter json, string name, Timestamp time)
    {
        if (time.IsNone) return;
        json.WriteStartObject(name);
        json.WriteString("time", time.ToString());
        json.WriteNumber("ticks", time.Ticks);
        json.WriteEndObject();
    }

    string SchemaId(TypeSchema schema)
    {
        if (_schemaIds.TryGetValue(schema, out string? id)) return id;
        id = string.Create(CultureInfo.InvariantCulture, $"s{_schemas.Count}");
        _schemas.Add(schema);
        _schemaIds.Add(schema, id);
        return id;
    }

    void WriteObjects<T>(string name, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    // A line for each: there are many, and they are read as a table.
    void WriteLines<T>(string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        ArrayBufferWriter<byte> buffer = new(256);
        using Utf8JsonWriter line = new(buffer, OneLine);
        foreach (T item in items)
        {
            // Raw values come without line breaks of their own.
            buffer.Write("\n"u8);
            for (int spaces = 2 * json.CurrentDepth; spaces > 0; spaces -= 2) buffer.Write("  "u8);
            line.WriteStartObject();
            write(line, item);
            line.WriteEndObject();
            line.Flush();
            json.WriteRawValue(buffer.WrittenSpan, skipInputValidation: true);
            buffer.ResetWrittenCount();
            line.Reset();
        }

        json.WriteEndArray();
    }
}

/// <summary>The words of manifests.</summary>
static class ManifestNames
{
    static readonly Dictionary<string, StateLayout> Layouts = Enum.GetValues<StateLayout>().ToDictionary(Of, StringComparer.Ordinal);

    public static string Of(StateLayout layout) => layout switch
    {
        StateLayout.Keyed => "keyed",
        StateLayout.Split => "split",
        StateLayout.Union => "union",
        StateLayout.Broadcast => "broadcast",
        StateLayout.Leader => "leader",
        StateLayout.InFlight => "in-flight",
        _ => throw new System.Diagnostics.UnreachableException($"There is no name for {layout}."),
    };

    public static string Of(TtlTime time) => time == TtlTime.EventTime ? "event" : "processing";

    public static string Of(TtlRefresh refresh) => refresh == TtlRefresh.OnWrite ? "write" : "read-write";

    public static TtlTime TimeOf(JsonField field) => field.Text() switch
    {
        "event" => TtlTime.EventTime,
        "processing" => TtlTime.ProcessingTime,
        _ => throw field.Wrong("is neither event nor processing"),
    };

    public static TtlRefresh RefreshOf(JsonField field) => field.Text() switch
    {
        "write" => TtlRefresh.OnWrite,
        "read-write" => TtlRefresh.OnReadAndWrite,
        _ => throw field.Wrong("is neither write nor read-write"),
    };

    public static StateLayout LayoutOf(JsonField field) => Layouts.TryGetValue(field.Text(), out StateLayout layout)
        ? layout
        : throw field.Wrong($"is not one of {string.Join(", ", Layouts.Keys)}");
}
