using System.CommandLine;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>Compares the states of two snapshots row by row.</summary>
internal static class StateDiff
{
    const int ShownByDefault = 20;

    public static Command Make(Tool tool)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> before = SnapshotCommands.Name("before"), after = SnapshotCommands.Name("after");
        StateOptions state = new(isRequired: false);
        Option<long> limit = new("--limit") { Description = "At most so many differing rows of each state; 0 for all.", DefaultValueFactory = static _ => ShownByDefault };
        Option<bool> counts = new("--counts") { Description = "Counts alone, no rows." };
        Option<RowFormat> format = new("--format")
        {
            Description = "table, json (a line per differing row, then one with the counts of its state) or csv (counts on the standard error).", DefaultValueFactory = static _ => RowFormat.Table,
        };
        Command command = new("diff", "Compares state in two snapshots: rows added, removed and changed, with counts. All states that both have, or those named.")
        {
            before, after, state.Operator, state.State, state.Key, state.Where, state.Expired, limit, counts, format, job.Storage, job.Job,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            long shown = StateCommands.MostOf(parsed, limit), most = parsed.GetValue(counts) ? 0 : shown;
            if (parsed.GetValue(format) == RowFormat.Table && most > StateCommands.TableRowsMax)
                throw new ToolException($"a table has at most {StateCommands.TableRowsMax:N0} rows: give a smaller --limit, or --format json or csv", ExitCodes.Refused);
            string[] names = [parsed.GetValue(before)!, parsed.GetValue(after)!];
            for (int attempt = 1; ; attempt++)
            {
                await using OpenSnapshot first = await job.FindAsync(tool, parsed, names[0], cancellationToken).ConfigureAwait(false);
                await using OpenSnapshot second = await job.FindAsync(tool, parsed, names[1], cancellationToken).ConfigureAwait(false);
                await using StateSnapshot left = new(first.Reader), right = new(second.Reader);
                DifferenceWriter writer = DifferenceWriter.Of(parsed.GetValue(format), tool, parsed.GetValue(state.Expired));
                try
                {
                    foreach ((string id, string name) in Wanted(writer, parsed, state, left.Manifest, right.Manifest))
                        await CompareAsync(tool, left, right, id, name, state.DifferenceOf(parsed, left, right, id, name), writer, most, cancellationToken).ConfigureAwait(false);
                    writer.Complete();
                    return ExitCodes.Finished;
                }
                catch (Exception gone) when (gone is SnapshotCorruptException or ObjectMissingException)
                {
                    if (await DeletedAsync([(first, names[0]), (second, names[1])], cancellationToken).ConfigureAwait(false) is not var (id, name)) throw SnapshotLook.Damaged(gone, first, second);
                    await SnapshotLook.BeginAnewAsync(tool, id, name, writer.HasTold, attempt).ConfigureAwait(false);
                }
            }
        });
        return command;
    }

    /// <summary>One that its job has deleted meanwhile, the one that was asked for by its id before <c>latest</c>; null for none.</summary>
    static async ValueTask<(long Id, string Name)?> DeletedAsync((OpenSnapshot Snapshot, string Name)[] opened, CancellationToken cancellationToken)
    {
        foreach ((OpenSnapshot snapshot, string name) in opened.OrderBy(static o => o.Name == "latest"))
        {
            if (await snapshot.IsDeletedAsync(cancellationToken).ConfigureAwait(false)) return (snapshot.Reader.Manifest.Id, name);
        }

        return null;
    }

    static async Task CompareAsync(
        Tool tool, StateSnapshot left, StateSnapshot right, string id, string name, DifferenceQuery query, DifferenceWriter writer, long most, CancellationToken cancellationToken)
    {
        DifferenceTally tally = new();
        writer.Begin(id, name);
        await SnapshotLook.WithProgressAsync(tool, $"comparing {id}/{name}", async progress =>
        {
            long shown = 0;
            await foreach (RowDifference difference in StateDifferences.ReadAsync(left, right, id, name, tally, query with { Progress = progress }, cancellationToken).ConfigureAwait(false))
            {
                if (shown++ < most) writer.Add(difference);
            }

            return shown;
        }, writer.IsStreamed).ConfigureAwait(false);
        writer.End(tally);
    }

    /// <summary>The states to compare: those that both have. What only one has is told.</summary>
    static IReadOnlyList<(string Operator, string State)> Wanted(DifferenceWriter writer, ParseResult parsed, StateOptions options, SnapshotManifest left, SnapshotManifest right)
    {
        string? id = parsed.GetValue(options.Operator), name = parsed.GetValue(options.State);
        bool isOfOne = parsed.GetValue(options.Key) is not null || parsed.GetValue(options.Where) is not null;
        if (isOfOne && id is null) throw new ToolException($"{options.Key.Name} and {options.Where.Name} are asked of one state: name it with {options.Operator.Name} and {options.State.Name}", ExitCodes.Refused);
        if (isOfOne && options.Find(parsed, left) is var one && options.Find(parsed, right) == one) return [one];
        HashSet<(string, string)> before = StatesOf(left, id, name), after = StatesOf(right, id, name);
        // What neither has is told by what the first has.
        if (before.Count + after.Count == 0) options.Require(parsed, left);
        foreach ((string op, string state) in before.Except(after)) writer.Tell($"{op}/{state}: only in the first");
        foreach ((string op, string state) in after.Except(before)) writer.Tell($"{op}/{state}: only in the second");
        return [.. before.Intersect(after)];
    }

    static HashSet<(string, string)> StatesOf(SnapshotManifest manifest, string? id, string? name) =>
        [.. from owner in manifest.Operators from state in owner.States where (id is null || owner.Id == id) && (name is null || state.Schema.Name == name) select (owner.Id, state.Schema.Name)];
}
