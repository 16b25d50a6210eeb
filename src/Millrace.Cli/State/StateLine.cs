using System.Text.Json;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>One state of a snapshot.</summary>
/// <param name="Operator">The operator's id.</param>
/// <param name="State">The name of the state.</param>
/// <param name="Kind">What it is: <c>value</c>, <c>list</c>, <c>map</c>, <c>event-timer</c> ….</param>
/// <param name="Layout">How it is dealt out to instances.</param>
/// <param name="Rows">Stored rows or items; rows that later ones replace count too.</param>
/// <param name="Deletions">Rows among them that say that a row was deleted.</param>
/// <param name="Bytes">Bytes of all of them.</param>
/// <param name="KeyRanges">The slices of the hash space that have rows, in hexadecimal.</param>
/// <param name="Columns">What its rows look like, each column with its type.</param>
/// <param name="Ttl">Its TTL in words; null for none. Rows that were over and had not been removed count among the rows.</param>
/// <param name="Key">The schema of keys; null for none.</param>
/// <param name="Sub">The schema of what tells rows of one key apart; null for none.</param>
/// <param name="Value">The schema of values.</param>
internal sealed record StateLine(
    string Operator, string State, string Kind, string Layout, long Rows, long Deletions, long Bytes, string KeyRanges, IReadOnlyList<string> Columns, string? Ttl, JsonElement? Key, JsonElement? Sub, JsonElement Value)
{
    /// <summary>The states of a snapshot, in the order of the manifest.</summary>
    public static IEnumerable<StateLine> Of(StateSnapshot snapshot) =>
        from owner in snapshot.Manifest.Operators
        from state in owner.States
        let size = StateSize.Of(state)
        let columns = snapshot.Columns(owner.Id, state.Schema.Name)
        select new StateLine(
            owner.Id, state.Schema.Name, state.Schema.Kind, state.Schema.Layout.ToString(), size.Rows, size.Deletions, size.Bytes, ManifestView.Ranges(state.Runs),
            columns.Describe(), state.Schema.Ttl?.ToString(), Json(state.Schema.Key), Json(state.Schema.Sub), Json(state.Schema.Value)!.Value);

    /// <summary>Prints states as a table, and below it every type that their columns mention.</summary>
    public static void Print(Tool tool, IReadOnlyList<StateLine> lines)
    {
        bool hasTtl = lines.Any(static l => l.Ttl is not null);
        Table table = Tool.Table(["operator", "state", "kind", "rows", "deleted", "bytes", "key ranges", .. hasTtl ? ["TTL"] : (string[])[], "columns"]);
        foreach (StateLine line in lines)
        {
            Tool.Add(table, [line.Operator, line.State, line.Kind, $"{line.Rows:N0}", $"{line.Deletions:N0}", $"{line.Bytes:N0}", line.KeyRanges,
                .. hasTtl ? [line.Ttl ?? ""] : (string[])[], string.Join(", ", line.Columns)]);
        }

        tool.Print(table);
        string[] types = [.. lines.SelectMany(static l => new[] { l.Key, l.Sub, l.Value }).Where(static s => s is not null).SelectMany(static s => DefinitionsOf(s!.Value)).Distinct(StringComparer.Ordinal)];
        if (types.Length > 0) tool.Output.WriteLine();
        foreach (string type in types) tool.Output.WriteLine(type);
    }

    static IEnumerable<string> DefinitionsOf(JsonElement schema) =>
        Millrace.State.Codecs.TypeSchema.FromJson(System.Text.Encoding.UTF8.GetBytes(schema.GetRawText())).Definitions.Select(static d => d.ToString());

    static JsonElement? Json(Millrace.State.Codecs.TypeSchema? schema) => schema is null ? null : JsonDocument.Parse(schema.ToJson()).RootElement;
}
