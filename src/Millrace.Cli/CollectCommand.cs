using System.CommandLine;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>
/// The only command that lists a store: finds what nobody names, which processes left behind that were overtaken or killed, and deletes it.
/// </summary>
internal static class CollectCommand
{
    const int KeysPerEntry = 500;

    public static Command Make(Tool tool)
    {
        JobOptions job = new();
        Option<bool> dryRun = new("--dry-run") { Description = "Only say what would be deleted, and why." };
        Option<bool> yes = KeepCommands.Yes();
        Command command = new("gc", "Deletes what no snapshot of a job names, and entries of its ledger that count no more. Lists the folder of the job; not while the job runs.") { job.Storage, job.Job, dryRun, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using JobPlace place = await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
            LedgerView view = await place.ReadAsync(cancellationToken).ConfigureAwait(false);
            ControlOutcome outcome = await place.Verbs.AskAsync(new() { Command = ControlRequest.Status }, view.Claim, cancellationToken).ConfigureAwait(false);
            if (outcome is ControlOutcome.Answered) throw new ToolException($"{view.Claim.Leader} runs the job; collect when it has ended", ExitCodes.LedElsewhere);
            if (parsed.GetValue(dryRun)) return await ReportAsync(tool, place, view, cancellationToken).ConfigureAwait(false);
            if (!parsed.GetValue(yes)) throw new ToolException(KeepCommands.Warning(view, outcome), ExitCodes.NotRunning);
            return await CollectAsync(tool, place, view, cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    static async Task<int> CollectAsync(Tool tool, JobPlace place, LedgerView view, CancellationToken cancellationToken)
    {
        await using Ledger ledger = await place.LeadAsync(view, cancellationToken).ConfigureAwait(false);
        await tool.Error.WriteLineAsync($"millrace: leading job {place.Job} for a moment, as term {ledger.Claim.Term}").ConfigureAwait(false);
        // What the ledger knows of itself to be superfluous needs no listing; what is found then was written late, and is void.
        await ledger.PruneAsync(cancellationToken).ConfigureAwait(false);
        // A manifest names packs of its own term or of its parent's manifest, so what is of an earlier term and unnamed stays unnamed.
        Garbage garbage = await Garbage.FindAsync(place.Folder, ledger.State, ledger.Claim.Term - 1, ledger.Claim.Term, cancellationToken).ConfigureAwait(false);
        Print(tool, garbage);
        SnapshotCleaner cleaner = new(place.Folder, ledger.Keys);
        await cleaner.ResumeAsync(ledger, cancellationToken).ConfigureAwait(false);
        await Bars.ShowAsync(tool, "deleting", async report =>
        {
            int done = 0;
            foreach (GarbageFile[] some in garbage.Files.Chunk(KeysPerEntry))
            {
                await ledger.AppendAsync([new LedgerEvent.Doomed([], [.. some.Select(static f => f.Key)])], cancellationToken).ConfigureAwait(false);
                await cleaner.ResumeAsync(ledger, cancellationToken).ConfigureAwait(false);
                report((done += some.Length) / (double)garbage.Files.Count, $"deleting, {done:N0} files");
            }

            return done;
        }).ConfigureAwait(false);

        if (ledger.PrunedEntries + garbage.Entries > 0) await tool.Output.WriteLineAsync($"{ledger.PrunedEntries + garbage.Entries} entries of earlier terms of the ledger are deleted").ConfigureAwait(false);
        IReadOnlyList<StoredObject> hidden = await HiddenAsync(tool, place, cancellationToken).ConfigureAwait(false);
        foreach (StoredObject file in hidden) await place.Local!.DeleteHiddenAsync(file, cancellationToken).ConfigureAwait(false);
        if (hidden.Count > 0) await tool.Output.WriteLineAsync($"{hidden.Count} hidden files of writes that were cut off a day ago or more are deleted").ConfigureAwait(false);
        await tool.Output.WriteLineAsync(garbage.Rest("deleted")).ConfigureAwait(false);
        return ExitCodes.Finished;
    }

    /// <summary>What crashes leave of files that were being written, in a folder. A write takes less than a day.</summary>
    static async Task<IReadOnlyList<StoredObject>> HiddenAsync(Tool tool, JobPlace place, CancellationToken cancellationToken) => place.Local is not { } local ? [] :
    [
        .. (await local.ListHiddenAsync(cancellationToken).ConfigureAwait(false))
            .Where(h => h.Key.StartsWith(place.Job + "/", StringComparison.Ordinal) && tool.Time.GetUtcNow() - h.ModifiedAt >= TimeSpan.FromDays(1)),
    ];

    /// <summary>Names all that would go: with the term that is claimed to delete it, the entries of the newest one are superseded too.</summary>
    static async Task<int> ReportAsync(Tool tool, JobPlace place, LedgerView view, CancellationToken cancellationToken)
    {
        Garbage garbage = await Garbage.FindAsync(place.Folder, view.State, view.Claim.Term, view.Claim.Term + 1, cancellationToken).ConfigureAwait(false);
        Print(tool, garbage);
        if (garbage.Entries > 0) await tool.Output.WriteLineAsync($"{garbage.Entries} entries of earlier terms of the ledger would be deleted").ConfigureAwait(false);
        IReadOnlyList<StoredObject> hidden = await HiddenAsync(tool, place, cancellationToken).ConfigureAwait(false);
        foreach (StoredObject file in hidden) await tool.Output.WriteLineAsync($"{file.Key}: hidden, of a write that was cut off a day ago or more").ConfigureAwait(false);
        if (hidden.Count > 0) await tool.Output.WriteLineAsync($"{hidden.Count} hidden files would be deleted").ConfigureAwait(false);
        await tool.Output.WriteLineAsync(garbage.Rest("would be deleted")).ConfigureAwait(false);
        return ExitCodes.Finished;
    }

    static void Print(Tool tool, Garbage garbage)
    {
        if (garbage.Files.Count > 0)
        {
            Table table = Tool.Table("file", "bytes", "why");
            foreach (GarbageFile file in garbage.Files) Tool.Add(table, file.Key, $"{file.Length:N0}", file.Why);
            tool.Print(table);
        }

        foreach (string stranger in garbage.Strangers) tool.Output.WriteLine($"{stranger}: not a name that Millrace makes; left alone");
    }
}
