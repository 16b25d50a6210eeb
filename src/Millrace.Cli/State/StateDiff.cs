using System.CommandLine;
using System.Text;
using System.Text.Json;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>Compares the states of two snapshots row by row.</summary>
internal static class StateDiff
{
    public static Command Make(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> before = SnapshotCommands.Name("before"), after = SnapshotCommands.Name("after");
        StateOptions state = new(isRequired: false);
        Option<int> limit = new("--limit") { Description = "Print at most so many differing rows of each state; 0 for counts alone.", DefaultValueFactory = static _ => 20 };
        Option<RowFormat> format = new("--format") { Description = "table, or json: a line per differing row, then one with the counts of its state.", DefaultValueFactory = static _ => RowFormat.Table };
        Command command = new("diff", "Compares state in two snapshots: rows added, removed and changed, with counts. All states that both have, or those named.") { before, after, state.Operator, state.State, state.Expired, limit, format, job.Storage, job.Job };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(format) == RowFormat.Csv) throw new ToolException("differences are printed as a table or as json", ExitCodes.Refused);
            await using OpenSnapshot first = await job.FindAsync(tool, parsed, parsed.GetValue(before)!, cancellationToken).ConfigureAwait(false);
            await using OpenSnapshot second = await job.FindAsync(tool, parsed, parsed.GetValue(after)!, cancellationToken).ConfigureAwait(false);
            await using StateSnapshot left = new(first.Reader), right = new(second.Reader);
            bool isJson = parsed.GetValue(format) == RowFormat.Json;
            try
            {
                foreach ((string id, string name) in Wanted(tool, parsed, state, left.Manifest, right.Manifest, isJson))
                {
                    DifferenceTally tally = new();
                    List<RowDifference> shown = await ReadAsync(tool, left, right, id, name, tally, parsed.GetValue(limit), parsed.GetValue(state.Expired), cancellationToken).ConfigureAwait(false);
                    if (isJson) PrintJson(tool, id, name, shown, tally);
                    else Print(tool, id, name, shown, tally, parsed.GetValue(state.Expired));
                }
            }
            catch (Exception gone) when (gone is SnapshotCorruptException or ObjectMissingException)
            {
                foreach (OpenSnapshot snapshot in (OpenSnapshot[])[first, second]) await snapshot.RequireThereAsync(cancellationToken).ConfigureAwait(false);
                throw;
            }

            return ExitCodes.Finished;
        });
        return command;
    }

    static async Task<List<RowDifference>> ReadAsync(
        Tool tool, StateSnapshot left, StateSnapshot right, string id, string name, DifferenceTally tally, int limit, bool keepsExpired, CancellationToken cancellationToken) =>
        await SnapshotLook.WithProgressAsync(tool, $"comparing {id}/{name}", async progress =>
        {
            List<RowDifference> shown = [];
            await foreach (RowDifference difference in StateDifferences.ReadAsync(left, right, id, name, tally, progress, keepsExpired, cancellationToken).ConfigureAwait(false))
            {
                if (shown.Count < limit) shown.Add(difference);
            }

            return shown;
        }).ConfigureAwait(false);

    /// <summary>The states to compare: those that both have. What only one has is told.</summary>
    static IReadOnlyList<(string Operator, string State)> Wanted(Tool tool, ParseResult parsed, StateOptions options, SnapshotManifest left, SnapshotManifest right, bool isJson)
    {
        string? id = parsed.GetValue(options.Operator), name = parsed.GetValue(options.State);
        HashSet<(string, string)> before = StatesOf(left, id, name), after = StatesOf(right, id, name);
        if (before.Count + after.Count == 0) throw new ToolException($"neither snapshot has {(name is null ? $"an operator '{id}' with state" : $"such a state: {id}/{name}")}", ExitCodes.Refused);
        TextWriter told = isJson ? tool.Error : tool.Output;
        foreach ((string op, string state) in before.Except(after)) told.WriteLine($"{op}/{state}: only in the first");
        foreach ((string op, string state) in after.Except(before)) told.WriteLine($"{op}/{state}: only in the second");
        return [.. before.Intersect(after)];
    }

    static HashSet<(string, string)> StatesOf(SnapshotManifest manifest, string? id, string? name) =>
        [.. from owner in manifest.Operators from state in owner.States where (id is null || owner.Id == id) && (name is null || state.Schema.Name == name) select (owner.Id, state.Schema.Name)];

    static void Print(Tool tool, string id, string name, List<RowDifference> shown, DifferenceTally tally, bool keepsExpired)
    {
        string expired = tally.ExpiredBefore.Count + tally.ExpiredAfter.Count == 0 ? ""
            : $"; {(keepsExpired ? "expired rows among them" : "expired rows left out")}: {tally.ExpiredBefore.Count:N0} of the first, {tally.ExpiredAfter.Count:N0} of the second";
        tool.Output.WriteLine($"{id}/{name}: {tally.Added:N0} added, {tally.Removed:N0} removed, {tally.Changed:N0} changed, {tally.Same:N0} the same{expired}");
        if (shown.Count == 0) return;
        bool hasKeys = shown.Any(static d => !d.Key.IsAbsent), hasSubs = shown.Any(static d => !d.Sub.IsAbsent);
        Table table = Tool.Table([" ", .. hasKeys ? ["key"] : (string[])[], .. hasSubs ? ["sub-key"] : (string[])[], "before", "after"]);
        foreach (RowDifference difference in shown)
        {
            string sign = difference.Change switch { RowChange.Added => "+", RowChange.Removed => "-", _ => "~" };
            Tool.Add(table, [sign, .. hasKeys ? [StateCommands.Cell(difference.Key)] : (string[])[], .. hasSubs ? [StateCommands.Cell(difference.Sub)] : (string[])[], Cell(difference.Before), Cell(difference.After)]);
        }

        tool.Print(table);
        long left = tally.Added + tally.Removed + tally.Changed - shown.Count;
        if (left > 0) tool.Output.WriteLine($"… and {left:N0} more; --limit shows them");
    }

    static string Cell(StateValue value) => value.IsAbsent ? "" : StateCommands.Cell(value);

    static void PrintJson(Tool tool, string id, string name, List<RowDifference> shown, DifferenceTally tally)
    {
        StringBuilder lines = new();
        string state = $"\"operator\":{JsonSerializer.Serialize(id)},\"state\":{JsonSerializer.Serialize(name)}";
        foreach (RowDifference d in shown)
        {
            string sub = d.Sub.IsAbsent ? "" : $",\"sub\":{d.Sub.ToJson()}";
            lines.Append($"{{{state},\"change\":\"{d.Change.ToString().ToLowerInvariant()}\",\"key\":{d.Key.ToJson()}{sub},\"before\":{d.Before.ToJson()},\"after\":{d.After.ToJson()}}}\n");
        }

        lines.Append($"{{{state},\"added\":{tally.Added},\"removed\":{tally.Removed},\"changed\":{tally.Changed},\"same\":{tally.Same},\"expiredBefore\":{tally.ExpiredBefore.Count},\"expiredAfter\":{tally.ExpiredAfter.Count}}}\n");
        tool.Output.Write(lines);
    }
}
