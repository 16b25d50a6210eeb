using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>JSON to manifests: types and bounds of single fields. How fields go together is <see cref="ManifestRules"/>.</summary>
static class ManifestReading
{
    /// <summary>Refuses a newer format. Everything else about a manifest may be otherwise in one.</summary>
    public static void RequireFormat(JsonField root, string key)
    {
        long version = root["format"].Number(1, long.MaxValue);
        if (version > FormatVersion.Manifest) throw new NewerFormatException(key, version, FormatVersion.Manifest);
    }

    public static SnapshotManifest Read(JsonField root)
    {
        Dictionary<string, TypeSchema> schemas = ReadSchemas(root["schemas"]);
        return new SnapshotManifest
        {
            Id = root["id"].Number(1, long.MaxValue),
            Kind = ReadKind(root["kind"]),
            Job = root["job"].Text(),
            Timeline = root["timeline"].Text(),
            Attempt = root["attempt"].Attempt(),
            Parent = root.TryGet("parent", out JsonField parent) ? ReadParent(parent) : null,
            TakenAt = root["takenAt"].Moment(),
            Watermark = ReadTime(root, "watermark"),
            IsDrained = root.TryGet("drained", out JsonField drained) && drained.Flag(),
            Engine = root["engine"].Text(),
            Fingerprint = root["fingerprint"].Text(),
            Honoured = root.List("honoured", static o => o.Text()),
            Packs = root.List("files", ReadPack),
            Operators = root.List("operators", o => ReadOperator(o, schemas)),
            Owed = root.List("owed", o => ReadOwed(o, schemas)),
        };
    }

    static Dictionary<string, TypeSchema> ReadSchemas(JsonField field)
    {
        Dictionary<string, TypeSchema> schemas = new(StringComparer.Ordinal);
        foreach ((string name, JsonField schema) in field.Properties())
        {
            try
            {
                if (!schemas.TryAdd(name, TypeSchema.FromJson(schema.Raw()))) throw schema.Wrong("is there twice");
            }
            catch (Exception e) when (e is CorruptDataException or ArgumentException)
            {
                // Objects with a property twice are the argument's fault to the framework.
                throw schema.Wrong($"is not a schema: {e.Message}");
            }
        }

        return schemas;
    }

    static SnapshotKind ReadKind(JsonField field) => field.Text() switch
    {
        "checkpoint" => SnapshotKind.Checkpoint,
        "savepoint" => SnapshotKind.Savepoint,
        _ => throw field.Wrong("is neither checkpoint nor savepoint"),
    };

    static SnapshotReference ReadParent(JsonField field) => new(
        field["id"].Number(1, long.MaxValue), field["attempt"].Attempt(), ReadKey(field["key"]), field["sha256"].Digest());

    static PackEntry ReadPack(JsonField field) => new(
        ReadKey(field["key"]),
        field["length"].Number(1, long.MaxValue),
        field["footerOffset"].Number(1, long.MaxValue),
        field["footerSha256"].Digest(),
        field["attempt"].Attempt(),
        field["about"].Text());

    static OperatorEntry ReadOperator(JsonField field, Dictionary<string, TypeSchema> schemas) => new()
    {
        Id = field["id"].Text(),
        Verb = field["verb"].Text(),
        Parallelism = field["parallelism"].Number(1),
        Finished = field["finished"].Number(),
        Watermarks = field.List("watermarks", static w => new RangeWatermark(w["range"].Range(), ReadTime(w, "watermark"))),
        States = field.List("states", s => ReadState(s, schemas)),
    };

    static StateEntry ReadState(JsonField field, Dictionary<string, TypeSchema> schemas) => new()
    {
        Schema = new StateSchema
        {
            Name = field["name"].Text(),
            Layout = ManifestNames.LayoutOf(field["layout"]),
            Kind = field["kind"].Text(),
            Key = field.TryGet("key", out JsonField key) ? SchemaOf(key, schemas) : null,
            Sub = field.TryGet("sub", out JsonField sub) ? SchemaOf(sub, schemas) : null,
            Value = SchemaOf(field["value"], schemas),
            Ttl = field.TryGet("ttl", out JsonField ttl) ? ReadTtl(ttl) : null,
        },
        Runs = field.List("runs", ReadRun),
        Items = field.List("items", static i => new ItemEntry(i["subtask"].Number(), i["data"].Bytes(), i["text"].Text(), ReadTime(i, "watermark"))),
    };

    static StateTtl ReadTtl(JsonField field)
    {
        TimeSpan lifetime = new(field["ticks"].Number(1, StateTtl.LifetimeMax.Ticks));
        TtlRefresh refresh = ManifestNames.RefreshOf(field["refresh"]);
        return ManifestNames.TimeOf(field["time"]) == TtlTime.EventTime
            ? StateTtl.EventTime(lifetime) with { Refresh = refresh }
            : StateTtl.ProcessingTime(lifetime) with { Refresh = refresh };
    }

    static RunEntry ReadRun(JsonField field)
    {
        bool isFull = field.TryGet("full", out JsonField full) && full.Flag();
        return new RunEntry(
            field["file"].Number(),
            field["section"].Number(),
            field["range"].Range(),
            isFull,
            field["snapshot"].Number(1, long.MaxValue),
            isFull ? 0 : field["base"].Number(1, long.MaxValue),
            field["rows"].Number(0, long.MaxValue),
            field["deletions"].Number(0, long.MaxValue),
            field["bytes"].Number(0, long.MaxValue),
            field.TryGet("droppedBelow", out JsonField dropped) ? dropped.Number(long.MinValue, long.MaxValue) : long.MinValue);
    }

    static OwedTransaction ReadOwed(JsonField field, Dictionary<string, TypeSchema> schemas) => new(
        field["operator"].Text(), field["id"].Text(), SchemaOf(field["schema"], schemas), field["data"].Bytes(), field["text"].Text());

    static TypeSchema SchemaOf(JsonField field, Dictionary<string, TypeSchema> schemas) =>
        schemas.TryGetValue(field.Text(), out TypeSchema? schema) ? schema : throw field.Wrong("names a schema that is not there");

    static string ReadKey(JsonField field)
    {
        string key = field.Text();
        return SnapshotKeys.IsKey(key) ? key : throw field.Wrong("is not a relative path of letters, digits and . _ -");
    }

    static Timestamp ReadTime(JsonField owner, string name) =>
        owner.TryGet(name, out JsonField time) ? new Timestamp(time["ticks"].Number(long.MinValue, long.MaxValue)) : Timestamp.None;
}
