using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Millrace.Engine;

namespace Millrace.Runtime.Planning;

/// <summary>
/// A plan as one JSON document for programs: what <c>--explain=json</c> prints. Pure; the same plan always gives the same bytes.
/// Members are only ever added.
/// </summary>
public static class PlanJson
{
    static readonly JsonWriterOptions s_options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Describes a plan.</summary>
    /// <param name="plan">The plan.</param>
    public static string Of(PlanModel plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes, s_options)) Write(json, plan);
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    static void Write(Utf8JsonWriter json, PlanModel plan)
    {
        json.WriteStartObject();
        json.WriteString("job", plan.JobName);
        json.WriteNumber("tasks", plan.TaskCount);
        json.WriteNumber("channels", plan.ChannelCount);
        json.WriteNumber("channelBytesMax", plan.ChannelBytesMax);
        json.WriteStartArray("chains");
        foreach (PlanChain chain in plan.Chains) WriteChain(json, chain);
        json.WriteEndArray();
        json.WriteStartArray("edges");
        foreach (PlanEdge edge in plan.Edges) WriteEdge(json, edge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteChain(Utf8JsonWriter json, PlanChain chain)
    {
        json.WriteStartObject();
        json.WriteNumber("number", chain.Number);
        json.WriteNumber("parallelism", chain.Parallelism);
        json.WriteBoolean("hasOwnThread", chain.HasOwnThread);
        json.WriteStartArray("operators");
        foreach (GraphNode node in chain.Nodes) WriteNode(json, node);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteNode(Utf8JsonWriter json, GraphNode node)
    {
        json.WriteStartObject();
        json.WriteString("id", node.Id);
        json.WriteString("verb", node.Verb);
        if (node.Verb != "Sink") json.WriteString("output", PlanTextTypes.NameOf(node.Output.RecordType));
        if (node.Spec?.Detail is { } detail) json.WriteString("detail", detail);
        if (PlanTextWatermarks.Of(node) is { } watermarks)
        {
            json.WriteStartObject("watermarks");
            WriteTime(json, "outOfOrderness", watermarks.OutOfOrderness);
            WriteTime(json, "idleAfter", watermarks.IdleAfter);
            json.WriteEndObject();
        }

        json.WriteStartArray("inputs");
        foreach (GraphEdge input in node.Inputs)
        {
            json.WriteStartObject();
            json.WriteString("from", input.From!.Id);
            if (input.SideName is not null) json.WriteString("side", input.SideName);
            json.WriteString("type", PlanTextTypes.NameOf(input.RecordType));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteEdge(Utf8JsonWriter json, PlanEdge edge)
    {
        json.WriteStartObject();
        json.WriteString("from", edge.Edge.From!.Id);
        if (edge.Edge.SideName is { } side) json.WriteString("side", side);
        json.WriteString("to", edge.To.Id);
        json.WriteString("partitioning", JsonNamingPolicy.CamelCase.ConvertName(edge.Kind.ToString()));
        if (edge.Kind == PartitionKind.KeyBy) json.WriteString("keyType", PlanTextTypes.NameOf(edge.Edge.KeyType!));
        json.WriteNumber("channels", edge.ChannelCount);
        json.WriteNumber("batchRecords", edge.BatchRecords);
        json.WriteNumber("bytesMax", edge.ChannelBytesMax);
        json.WriteEndObject();
    }

    static void WriteTime(Utf8JsonWriter json, string name, TimeSpan? time)
    {
        if (time is { } value) json.WriteString(name, value.ToString("c", System.Globalization.CultureInfo.InvariantCulture));
        else json.WriteNull(name);
    }
}
