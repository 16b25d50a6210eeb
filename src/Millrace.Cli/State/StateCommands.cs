using System.CommandLine;
using System.Text.Json;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>The commands that open state: what there is, and rows of it.</summary>
internal static class StateCommands
{
    /// <summary>How much of an answer is kept back, so that it can be begun anew.</summary>
    public const int HeldBytesMax = 1 << 20;

    /// <summary>More is no table that people look at.</summary>
    public const int TableRowsMax = 10_000;

    static readonly JsonSerializerOptions s_json = new(JsonSerializerOptions.Web) { WriteIndented = true };

    /// <summary>What states there are.</summary>
    public static Command List(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = SnapshotCommands.Name("snapshot");
        StateOptions state = new(isRequired: false);
        Option<bool> json = SnapshotCommands.Json();
        Command command = new("ls", "Shows the states in a snapshot: operator, kind, columns with their types, rows, bytes, key ranges.") { name, state.Operator, state.State, job.Storage, job.Job, json };
        command.SetAction((parsed, cancellationToken) => SnapshotLook.ReadAsync(tool, job, parsed, parsed.GetValue(name)!, async snapshot =>
        {
            await using StateSnapshot states = new(snapshot.Reader);
            state.Require(parsed, states.Manifest);
            StateLine[] lines = [.. StateLine.Of(states).Where(l => parsed.GetValue(state.Operator) is not { } id || l.Operator == id).Where(l => parsed.GetValue(state.State) is not { } wanted || l.State == wanted)];
            if (parsed.GetValue(json)) await tool.Output.WriteLineAsync(JsonSerializer.Serialize(lines, s_json)).ConfigureAwait(false);
            else StateLine.Print(tool, lines);
            return ExitCodes.Finished;
        }, static () => false, cancellationToken));
        return command;
    }

    /// <summary>Rows of a state.</summary>
    public static Command Query(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> name = SnapshotCommands.Name("snapshot");
        StateOptions state = new();
        Option<long> limit = new("--limit") { Description = "At most so many rows; 0 for all.", DefaultValueFactory = static _ => 100 };
        Option<RowFormat> format = new("--format") { Description = "table, json (an object per line) or csv.", DefaultValueFactory = static _ => RowFormat.Table };
        Command command = new("query", "Prints rows of a state. With --storage, --job and latest it looks at the newest checkpoint of the job, which may be running.")
        {
            name, state.Operator, state.State, state.Key, state.Where, state.Expired, state.Times, limit, format, job.Storage, job.Job,
        };
        command.SetAction((parsed, cancellationToken) =>
        {
            long most = MostOf(parsed, limit);
            HeldOutput output = new(tool.Output, HeldBytesMax);
            return SnapshotLook.ReadAsync(tool, job, parsed, parsed.GetValue(name)!, async snapshot =>
            {
                output.Begin();
                await using StateSnapshot states = new(snapshot.Reader);
                (string id, string stateName) = state.Find(parsed, states.Manifest);
                (StateQuery query, StateColumns columns) = state.QueryOf(parsed, states, id, stateName);
                bool isAll = most == long.MaxValue;
                if (parsed.GetValue(format) != RowFormat.Table)
                {
                    bool isMore = await SnapshotLook.WithProgressAsync(tool, $"reading {id}/{stateName}", progress =>
                        StreamAsync(output, states.ReadAsync(id, stateName, query with { Progress = progress }, cancellationToken), new(parsed.GetValue(format), columns), most), isStreamed: true).ConfigureAwait(false);
                    if (isMore) await tool.Error.WriteLineAsync($"millrace: there are more than {most:N0} rows; --limit 0 prints all").ConfigureAwait(false);
                    if (state.LeftOut(query, isMore) is { } expired) await tool.Error.WriteLineAsync($"millrace: {expired}").ConfigureAwait(false);
                    return ExitCodes.Finished;
                }

                if (most > TableRowsMax && !isAll) throw TooLong();
                TableRows read = await SnapshotLook.WithProgressAsync(tool, $"reading {id}/{stateName}", progress =>
                    TableAsync(columns, states.ReadAsync(id, stateName, query with { Progress = progress }, cancellationToken), (int)Math.Min(most, TableRowsMax))).ConfigureAwait(false);
                if (isAll && read.IsCut) throw TooLong();
                await PrintAsync(tool, states.Manifest, read, state.LeftOut(query, read.IsCut)).ConfigureAwait(false);
                return ExitCodes.Finished;
            }, () => output.HasTold, cancellationToken);
        });
        return command;
    }

    /// <summary>How many rows are asked for: the most there can be where that is 0.</summary>
    /// <exception cref="ToolException">It is less.</exception>
    public static long MostOf(ParseResult parsed, Option<long> limit) => parsed.GetValue(limit) switch
    {
        < 0 and var few => throw new ToolException($"--limit is {few}: give 0 for all rows, or more", ExitCodes.Refused),
        0 => long.MaxValue,
        var some => some,
    };

    static ToolException TooLong() => new($"a table has at most {TableRowsMax:N0} rows: give a smaller --limit, or --format json or csv, or export to a file", ExitCodes.Refused);

    /// <summary>Whether there are more rows.</summary>
    static async Task<bool> StreamAsync(HeldOutput output, IAsyncEnumerable<StateValue.Row> rows, RowWriter writer, long most)
    {
        using (writer)
        {
            long count = 0;
            bool isCut = false;
            await foreach (StateValue.Row row in rows.ConfigureAwait(false))
            {
                isCut = count == most;
                if (isCut) break;
                count++;
                writer.Write(row);
                output.Add(writer);
            }

            output.Add(writer);
            output.End();
            return isCut;
        }
    }

    static async Task<TableRows> TableAsync(StateColumns columns, IAsyncEnumerable<StateValue.Row> rows, int most)
    {
        Table table = Tool.Table([.. columns.FlatNames]);
        int count = 0;
        await foreach (StateValue.Row row in rows.ConfigureAwait(false))
        {
            if (count == most) return new(table, count, IsCut: true);
            count++;
            Tool.Add(table, [.. columns.FlatCells(row).Select(Cell)]);
        }

        return new(table, count, IsCut: false);
    }

    static async Task PrintAsync(Tool tool, SnapshotManifest manifest, TableRows read, string? leftOut)
    {
        if (read.Count > 0) tool.Print(read.Table);
        string what = read.Count == 1 ? "1 row" : $"{read.Count:N0} rows";
        string more = read.IsCut ? "; there are more, --limit 0 with --format json or csv prints all" : "";
        await tool.Output.WriteLineAsync($"{what} of {SnapshotText.Of(manifest)}{more}").ConfigureAwait(false);
        if (leftOut is not null) await tool.Output.WriteLineAsync(leftOut).ConfigureAwait(false);
    }

    sealed record TableRows(Table Table, int Count, bool IsCut);

    /// <summary>A cell in one line, whatever is in the text.</summary>
    internal static string Cell(StateValue? value)
    {
        string text = value is null ? "" : value.ToString();
        return text.Any(char.IsControl) ? System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString() : text;
    }
}

/// <summary>A snapshot in a few words.</summary>
internal static class SnapshotText
{
    public static string Of(SnapshotManifest manifest) => $"{manifest.Kind.ToString().ToLowerInvariant()} {manifest.Id} of {manifest.Job}, taken {manifest.TakenAt:u}";
}

/// <summary>Keeps back the beginning of an output, so that it can be begun anew.</summary>
/// <param name="output">Where it goes in the end.</param>
/// <param name="bytesMax">How much is kept back.</param>
internal sealed class HeldOutput(TextWriter output, int bytesMax)
{
    readonly System.Text.StringBuilder _held = new();

    /// <summary>Whether any of it is out.</summary>
    public bool HasTold { get; private set; }

    /// <summary>Begins anew.</summary>
    public void Begin() => _held.Clear();

    /// <summary>Takes what a writer has.</summary>
    public void Add(RowWriter writer)
    {
        if (writer.Written.IsEmpty) return;
        _held.Append(System.Text.Encoding.UTF8.GetString(writer.Written.Span));
        writer.Clear();
        if (_held.Length > bytesMax) End();
    }

    /// <summary>Takes a text.</summary>
    public void Add(string text)
    {
        _held.Append(text);
        if (_held.Length > bytesMax) End();
    }

    /// <summary>Lets it out.</summary>
    public void End()
    {
        if (_held.Length == 0) return;
        HasTold = true;
        output.Write(_held);
        _held.Clear();
    }
}
