using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Transport;

/// <summary>A worker's part of a snapshot, as it travels. Each type of values is told once, in front; states refer to it.</summary>
static class SnapshotParts
{
    public static void Snapshot(this ref CodecWriter writer, WorkerSnapshot part)
    {
        List<TypeSchema> schemas = [];
        Dictionary<TypeSchema, int> numbers = [];
        foreach (TypeSchema schema in part.Operators.SelectMany(SchemasOf))
        {
            if (!numbers.TryAdd(schema, schemas.Count)) continue;
            schemas.Add(schema);
        }

        writer.WriteZigzag(part.Id);
        writer.Texts([.. schemas.Select(static s => s.ToJson())]);
        writer.WriteVarint((ulong)part.Packs.Count);
        foreach (PackEntry pack in part.Packs) writer.Pack(pack);
        writer.WriteVarint((ulong)part.Operators.Count);
        foreach (OperatorSlice slice in part.Operators) writer.Slice(slice, numbers);
        writer.Requests(part.Requests);
    }

    public static WorkerSnapshot Snapshot(this ref CodecReader reader)
    {
        long id = reader.ReadZigzag();
        TypeSchema[] schemas = new TypeSchema[reader.Count()];
        for (int i = 0; i < schemas.Length; i++) schemas[i] = reader.Type();
        PackEntry[] packs = new PackEntry[reader.Count()];
        for (int i = 0; i < packs.Length; i++) packs[i] = reader.Pack();
        OperatorSlice[] slices = new OperatorSlice[reader.Count()];
        for (int i = 0; i < slices.Length; i++) slices[i] = reader.Slice(schemas);
        return new(id, packs, slices) { Requests = reader.Requests() };
    }

    static void Requests(this ref CodecWriter writer, StoreCounts counts)
    {
        foreach (long count in (ReadOnlySpan<long>)[counts.Creates, counts.Puts, counts.Gets, counts.Reads, counts.Lengths, counts.Uploads, counts.Deletes,
            counts.Lists, counts.BytesWritten, counts.BytesRead, counts.Parts]) writer.WriteZigzag(count);
    }

    static StoreCounts Requests(this ref CodecReader reader) => new(
        reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(),
        reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag())
    {
        Parts = reader.ReadZigzag(),
    };

    static IEnumerable<TypeSchema> SchemasOf(OperatorSlice slice) =>
        slice.States.SelectMany(static s => new[] { s.Schema.Key, s.Schema.Sub, s.Schema.Value }).OfType<TypeSchema>().Concat(slice.Prepared.Select(static p => p.Schema));

    static TypeSchema Type(this ref CodecReader reader)
    {
        byte[] json = reader.Bytes();
        try
        {
            return TypeSchema.FromJson(json);
        }
        catch (Exception wrong) when (wrong is FormatException or System.Text.Json.JsonException or InvalidOperationException)
        {
            reader.Fail($"A type is not described as types are: {wrong.Message}");
            return null!;
        }
    }

    static void Pack(this ref CodecWriter writer, PackEntry pack)
    {
        writer.Text(pack.Key);
        writer.WriteZigzag(pack.Length);
        writer.WriteZigzag(pack.FooterOffset);
        writer.Text(pack.FooterSha256);
        writer.Attempt(pack.Attempt);
        writer.Text(pack.About);
    }

    static PackEntry Pack(this ref CodecReader reader) =>
        new(reader.Text(), reader.ReadZigzag(), reader.ReadZigzag(), reader.Text(), reader.Attempt(), reader.Text());

    static void Slice(this ref CodecWriter writer, OperatorSlice slice, Dictionary<TypeSchema, int> schemas)
    {
        writer.Text(slice.OperatorId);
        writer.Subtask(slice.Subtask);
        writer.Flag(slice.IsFinished);
        writer.Time(slice.Watermark);
        writer.WriteVarint((ulong)slice.Ahead.Count);
        foreach (RangeWatermark ahead in slice.Ahead)
        {
            writer.Range(ahead.Range);
            writer.Time(ahead.Watermark);
        }

        writer.WriteVarint((ulong)slice.States.Count);
        foreach (StateEntry state in slice.States) writer.State(state, schemas);
        writer.WriteVarint((ulong)slice.Prepared.Count);
        foreach (OwedTransaction owed in slice.Prepared)
        {
            writer.Text(owed.Operator);
            writer.Text(owed.Id);
            writer.WriteVarint((ulong)schemas[owed.Schema]);
            writer.Bytes(owed.Data.Span);
            writer.Text(owed.Text);
        }
    }

    static OperatorSlice Slice(this ref CodecReader reader, TypeSchema[] schemas)
    {
        string id = reader.Text();
        Subtask subtask = reader.Subtask();
        if (subtask.Parallelism < 1 || (uint)subtask.Index >= (uint)subtask.Parallelism) reader.Fail("An instance is not one of its operator's.");
        bool isFinished = reader.Flag();
        Timestamp watermark = reader.Time();
        RangeWatermark[] ahead = new RangeWatermark[reader.Count()];
        for (int i = 0; i < ahead.Length; i++) ahead[i] = new(reader.Range(), reader.Time());
        StateEntry[] states = new StateEntry[reader.Count()];
        for (int i = 0; i < states.Length; i++) states[i] = reader.State(schemas);
        OwedTransaction[] prepared = new OwedTransaction[reader.Count()];
        for (int i = 0; i < prepared.Length; i++) prepared[i] = new(reader.Text(), reader.Text(), reader.SchemaOf(schemas), reader.Bytes(), reader.Text());
        return new() { OperatorId = id, Subtask = subtask, IsFinished = isFinished, Watermark = watermark, Ahead = ahead, States = states, Prepared = prepared };
    }

    static void State(this ref CodecWriter writer, StateEntry state, Dictionary<TypeSchema, int> schemas)
    {
        StateSchema schema = state.Schema;
        writer.Text(schema.Name);
        writer.WriteByte((byte)schema.Layout);
        writer.Text(schema.Kind);
        // Zero for none, so one more than the number.
        writer.WriteVarint(schema.Key is null ? 0 : (ulong)schemas[schema.Key] + 1);
        writer.WriteVarint(schema.Sub is null ? 0 : (ulong)schemas[schema.Sub] + 1);
        writer.WriteVarint((ulong)schemas[schema.Value]);
        writer.Ttl(schema.Ttl);
        writer.WriteVarint((ulong)state.Runs.Count);
        foreach (RunEntry run in state.Runs) writer.Run(run);
        writer.WriteVarint((ulong)state.Items.Count);
        foreach (ItemEntry item in state.Items)
        {
            writer.WriteZigzag(item.Subtask);
            writer.Bytes(item.Data.Span);
            writer.Text(item.Text);
            writer.Time(item.Watermark);
        }
    }

    // Zero for none; otherwise the ticks, then the kind of time and of renewal.
    static void Ttl(this ref CodecWriter writer, StateTtl? ttl)
    {
        writer.WriteVarint((ulong)(ttl?.Lifetime.Ticks ?? 0));
        if (ttl is not null) writer.WriteByte((byte)(((int)ttl.Time << 1) | (int)ttl.Refresh));
    }

    static StateTtl? Ttl(this ref CodecReader reader)
    {
        ulong ticks = reader.ReadVarint();
        if (ticks == 0) return null;
        byte kinds = reader.ReadByte();
        if (ticks > (ulong)StateTtl.LifetimeMax.Ticks || kinds > 3) reader.Fail("A TTL is none that there can be.");
        TimeSpan lifetime = new((long)ticks);
        return (kinds & 2) == 0
            ? StateTtl.EventTime(lifetime) with { Refresh = (TtlRefresh)(kinds & 1) }
            : StateTtl.ProcessingTime(lifetime) with { Refresh = (TtlRefresh)(kinds & 1) };
    }

    static StateEntry State(this ref CodecReader reader, TypeSchema[] schemas)
    {
        string name = reader.Text();
        byte layout = reader.ReadByte();
        if (layout > (byte)StateLayout.InFlight) reader.Fail("A state has a layout that there is not.");
        StateSchema schema = new()
        {
            Name = name,
            Layout = (StateLayout)layout,
            Kind = reader.Text(),
            Key = reader.OptionalSchemaOf(schemas),
            Sub = reader.OptionalSchemaOf(schemas),
            Value = reader.SchemaOf(schemas),
            Ttl = reader.Ttl(),
        };
        RunEntry[] runs = new RunEntry[reader.Count()];
        for (int i = 0; i < runs.Length; i++) runs[i] = reader.Run();
        ItemEntry[] items = new ItemEntry[reader.Count()];
        for (int i = 0; i < items.Length; i++) items[i] = new(reader.Int(), reader.Bytes(), reader.Text(), reader.Time());
        return new() { Schema = schema, Runs = runs, Items = items };
    }

    static TypeSchema SchemaOf(this ref CodecReader reader, TypeSchema[] schemas)
    {
        ulong number = reader.ReadVarint();
        if (number >= (ulong)schemas.Length) reader.Fail("A type is named that is not described.");
        return schemas[number];
    }

    static TypeSchema? OptionalSchemaOf(this ref CodecReader reader, TypeSchema[] schemas)
    {
        ulong number = reader.ReadVarint((ulong)schemas.Length);
        return number == 0 ? null : schemas[number - 1];
    }

    static void Run(this ref CodecWriter writer, RunEntry run)
    {
        writer.WriteZigzag(run.Pack);
        writer.WriteZigzag(run.Section);
        writer.Range(run.Range);
        writer.Flag(run.IsFull);
        writer.WriteZigzag(run.Snapshot);
        writer.WriteZigzag(run.Base);
        writer.WriteZigzag(run.Rows);
        writer.WriteZigzag(run.Deletions);
        writer.WriteZigzag(run.Bytes);
        writer.WriteZigzag(run.DroppedBelow);
    }

    static RunEntry Run(this ref CodecReader reader) => new(
        reader.Int(), reader.Int(), reader.Range(), reader.Flag(), reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag(),
        reader.ReadZigzag(), reader.ReadZigzag(), reader.ReadZigzag());

    static void Range(this ref CodecWriter writer, KeyRange range)
    {
        writer.WriteVarint((ulong)range.Start);
        writer.WriteVarint((ulong)range.End);
    }

    static KeyRange Range(this ref CodecReader reader)
    {
        long start = (long)reader.ReadVarint((ulong)KeyRange.SpaceSize), end = (long)reader.ReadVarint((ulong)KeyRange.SpaceSize);
        if (end < start) reader.Fail("A range ends before it begins.");
        return new(start, end);
    }
}
