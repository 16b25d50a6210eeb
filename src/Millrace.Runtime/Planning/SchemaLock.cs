using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Planning;

/// <summary>
/// The states of a program, and what its sinks prepare, as text, to be kept with its source: a later version of the program is compared with it before it meets a
/// snapshot. The same program always gives the same text, in the order of names. Immutable.
/// </summary>
/// <param name="Job">The job.</param>
/// <param name="Operators">Its operators that have state, or prepare transactions.</param>
public sealed record SchemaLock(string Job, IReadOnlyList<ProgramOperator> Operators)
{
    /// <summary>The version of the text that is written. Greater ones are refused.</summary>
    public const int Format = 1;

    /// <summary>What the prepared transactions of a sink are called where states have names.</summary>
    public const string Prepared = "prepared";

    /// <summary>The lock of a program.</summary>
    public static SchemaLock Of(string job, IReadOnlyList<ProgramOperator> program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return new(job,
        [
            .. program.Select(static op => new ProgramOperator(op.Id, op.Verb, StatesOf(op)) { Prepared = op.Prepared })
                .Where(static op => op.States.Count > 0 || op.Prepared is not null)
                .OrderBy(static op => op.Id, StringComparer.Ordinal),
        ]);
    }

    /// <summary>The text.</summary>
    public string Text
    {
        get
        {
            JsonObject root = new()
            {
                ["about"] = $"The state of the job {Job} as its program declares it. `schema write` writes this file, and `schema check` compares the program with it; commit it.",
                ["format"] = Format,
                ["job"] = Job,
                ["operators"] = new JsonArray([.. Operators.Select(Operator)]),
            };
            return LineJson.Of(root);
        }
    }

    /// <summary>Reads a text. Locks of earlier versions are read; what they do not have is missing.</summary>
    /// <exception cref="FormatException">It is not the text of a lock, or of a newer version. Names the line.</exception>
    public static SchemaLock Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SchemaLockReader.Read(text);
    }

    internal static List<StateSchema> StatesOf(ProgramOperator op) =>
        [.. (op.InFlight is null || op.States.Count == 0 ? op.States : op.States.Append(op.InFlight)).OrderBy(static s => s.Name, StringComparer.Ordinal)];

    internal static string NameOf(StateLayout layout) => JsonNamingPolicy.KebabCaseLower.ConvertName(layout.ToString());

    static JsonObject Operator(ProgramOperator op)
    {
        JsonObject json = new() { ["id"] = op.Id, ["verb"] = op.Verb, ["states"] = new JsonArray([.. op.States.Select(State)]) };
        if (op.Prepared is not null) json[Prepared] = Schema(op.Prepared);
        return json;
    }

    static JsonObject State(StateSchema state)
    {
        JsonObject json = new() { ["name"] = state.Name, ["layout"] = NameOf(state.Layout), ["kind"] = state.Kind };
        if (state.Key is not null) json["key"] = Schema(state.Key);
        if (state.Sub is not null) json["sub"] = Schema(state.Sub);
        json["value"] = Schema(state.Value);
        if (state.Ttl is not null) json["ttl"] = TtlJson.Of(state.Ttl);
        return json;
    }

    static JsonNode Schema(TypeSchema schema) => JsonNode.Parse(schema.ToJson(), null, SchemaLockReader.Options)!;
}
