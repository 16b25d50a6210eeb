using System.CommandLine;
using System.Globalization;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;

namespace Millrace.Cli;

/// <summary>The commands that change what is kept: by the process that leads the job, or by leading it for a moment.</summary>
internal static class KeepCommands
{
    /// <summary>Keeps a checkpoint.</summary>
    public static Command Pin(Tool tool)
    {
        Option<string> reason = new("--reason") { Description = "Why, for people.", DefaultValueFactory = static _ => "by hand" };
        Command command = Make(tool, "pin", "Keeps a checkpoint whatever retention says.", (id, parsed) =>
            (new() { Command = ControlRequest.Pin, Id = id, Reason = parsed.GetValue(reason)! }, new LedgerEdit.Pin(id, parsed.GetValue(reason)!)));
        command.Add(reason);
        return command;
    }

    /// <summary>Ends the pins of a checkpoint.</summary>
    public static Command Unpin(Tool tool) => Make(tool, "unpin", "Leaves a pinned checkpoint to retention again, whoever pinned it; one that is not retained is deleted.", static (id, _) =>
        (new() { Command = ControlRequest.Unpin, Id = id }, new LedgerEdit.Unpin(id)));

    /// <summary>Deletes a snapshot.</summary>
    public static Command Dispose(Tool tool) => Make(tool, "dispose", "Deletes a checkpoint by its id, or a savepoint by the address of its folder.", static (id, _) =>
        (new() { Command = ControlRequest.Dispose, Id = id }, new LedgerEdit.Dispose(id)));

    static Command Make(Tool tool, string name, string meaning, Func<long, ParseResult, (ControlRequest, LedgerEdit)> edit)
    {
        JobOptions job = new(isRequired: false);
        Argument<string> snapshot = new("snapshot") { Description = name == "dispose" ? "The id of a checkpoint, latest, latest-savepoint, or the address of a savepoint's folder." : "The id of a checkpoint, or latest." };
        Option<bool> yes = Yes();
        Command command = new(name, meaning) { snapshot, job.Storage, job.Job, yes };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string text = parsed.GetValue(snapshot)!;
            bool isId = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id);
            if (!isId && text != SnapshotLook.Latest)
            {
                if (name != "dispose") throw new ToolException($"'{text}' is neither the id of a checkpoint nor {SnapshotLook.Latest}; 'millrace snapshots ls' shows them", ExitCodes.Refused);
                string address = text == SnapshotLook.LatestSavepoint ? await LatestSavepointAsync(tool, job, parsed, cancellationToken).ConfigureAwait(false) : text;
                return await SavepointDisposal.RunAsync(tool, job, parsed, address, parsed.GetValue(yes), cancellationToken).ConfigureAwait(false);
            }

            await using JobPlace place = await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
            (ControlRequest request, LedgerEdit change) = edit(isId ? id : LedgerEdit.Newest, parsed);
            return await ApplyAsync(tool, place, request, change, parsed.GetValue(yes), cancellationToken).ConfigureAwait(false);
        });
        return command;
    }

    public static Option<bool> Yes() => new("--yes") { Description = "Lead the job for a moment where its process cannot be asked: a process that runs it after all is overtaken, and ends." };

    /// <summary>Has the process that leads the job record a change; or leads it for a moment.</summary>
    /// <returns>One of <see cref="ExitCodes"/>; finished when it is recorded, and what was done is printed.</returns>
    public static async Task<int> ApplyAsync(Tool tool, JobPlace place, ControlRequest request, LedgerEdit edit, bool isSure, CancellationToken cancellationToken)
    {
        LedgerView view = await place.ReadAsync(cancellationToken).ConfigureAwait(false);
        switch (await place.Verbs.AskAsync(request, view.Claim, cancellationToken).ConfigureAwait(false))
        {
            case ControlOutcome.Answered answered:
                // One that is older than all that are there has probably just been deleted.
                bool isGone = !answered.Reply.IsDone && request.Id > LedgerEdit.Newest && request.Id < view.State.Latest?.Snapshot.Id;
                return await SayAsync(tool, place, answered.Reply.IsDone, answered.Reply.Text + (isGone ? $"; '{SnapshotLook.Latest}' is the newest, whichever that is by then" : "")).ConfigureAwait(false);
            case var unanswered when !isSure:
                throw new ToolException(Warning(view, unanswered), ExitCodes.NotRunning);
        }

        await tool.Error.WriteLineAsync($"millrace: leading job {place.Job} for a moment, as term {view.Claim.Term + 1}").ConfigureAwait(false);
        await using Ledger ledger = await place.LeadAsync(view, cancellationToken).ConfigureAwait(false);
        LedgerEditOutcome outcome = await LedgerEdits.ApplyAsync(ledger, place.Folder, edit, cancellationToken).ConfigureAwait(false);
        return await SayAsync(tool, place, outcome.IsDone, outcome.Text).ConfigureAwait(false);
    }

    static async ValueTask<string> LatestSavepointAsync(Tool tool, JobOptions job, ParseResult parsed, CancellationToken cancellationToken)
    {
        await using JobPlace place = await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
        return (await place.ReadAsync(cancellationToken).ConfigureAwait(false)).State.Savepoints.LastOrDefault()?.Address ?? throw new ToolException($"job {place.Job} has no savepoint");
    }

    /// <summary>Why the tool does not go on without being told to.</summary>
    public static string Warning(LedgerView view, ControlOutcome outcome) => outcome is ControlOutcome.Unknown unknown
        ? $"{view.Claim.Leader} leads the job and could not be asked: {unknown.Why}. Ask there; or add --yes to claim term {view.Claim.Term + 1}, which overtakes that process if it lives: it would end, and the job would stand still until it is started again"
        : $"no process runs the job, so this tool has to lead it for a moment: add --yes to claim term {view.Claim.Term + 1}. If a process starts the job at the same time, that process goes on and this tool gives up";

    static async Task<int> SayAsync(Tool tool, JobPlace place, bool isDone, string text)
    {
        await (isDone ? tool.Output : tool.Error).WriteLineAsync($"{place.Job}: {text}").ConfigureAwait(false);
        return isDone ? ExitCodes.Finished : ExitCodes.Failed;
    }
}
