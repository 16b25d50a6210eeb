using System.CommandLine;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>The words of the tool.</summary>
internal static class ToolCommands
{
    /// <summary>Does what a command line says.</summary>
    /// <param name="tool">The surroundings.</param>
    /// <param name="words">The command line.</param>
    /// <param name="cancellationToken">Ends what is under way, with one line.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(Tool tool, string[] words, CancellationToken cancellationToken = default)
    {
        // Signals are the business of whoever has the process.
        InvocationConfiguration surroundings = new() { Output = tool.Output, Error = tool.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        ParseResult parsed = Root(tool).Parse(words);
        // What System.CommandLine finds wrong is a wrong command line.
        if (parsed.Errors.Count > 0)
        {
            await parsed.InvokeAsync(surroundings, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Refused;
        }

        try
        {
            return await parsed.InvokeAsync(surroundings, cancellationToken).ConfigureAwait(false);
        }
        catch (ToolException wrong)
        {
            await tool.Error.WriteLineAsync($"millrace: {wrong.Message}").ConfigureAwait(false);
            return wrong.ExitCode;
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException or LedgerRefusedException or LedgerTooNewException or NewerFormatException)
        {
            await tool.Error.WriteLineAsync($"millrace: {wrong.Message}").ConfigureAwait(false);
            return ExitCodes.Refused;
        }
        catch (Exception failure) when (failure is StoreUnavailableException or ObjectMissingException or ObjectExistsException or SnapshotCorruptException
            or LedgerCorruptException or LedgerFencedException)
        {
            await tool.Error.WriteLineAsync($"millrace: {failure.Message}").ConfigureAwait(false);
            return ExitCodes.Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await tool.Error.WriteLineAsync("millrace: interrupted; what a running job was asked for it may do all the same").ConfigureAwait(false);
            return ExitCodes.Cancelled;
        }
    }

    const string About = """
        Looks at the snapshots of Millrace jobs and the state in them, copies and checks them, asks running jobs, and probes stores.

        Exit codes:
            0  what was asked for was done
            1  it could not be done, or a snapshot is damaged, or a store is not fit
            2  the command line is wrong; nothing was done
            3  another process runs the job
            6  no process runs the job that was to be asked, or there is no such job
          130  ended by Ctrl-C
          143  ended by SIGTERM
        """;

    static RootCommand Root(Tool tool) => new(About)
    {
        Snapshots(tool),
        State(tool),
        Ask(tool, ControlRequest.Status, "Says where the job is in its life."),
        Ask(tool, ControlRequest.Checkpoint, "Has the running job take a checkpoint now."),
        Ask(tool, ControlRequest.Savepoint, "Has the running job take a savepoint."),
        Ask(tool, ControlRequest.Stop, "Stops the running job with a savepoint."),
        Ask(tool, ControlRequest.Cancel, "Ends the running job for good."),
        Storage(tool),
    };

    static Command Snapshots(Tool tool) => new("snapshots", "Checkpoints and savepoints, from the store alone.")
    {
        SnapshotCommands.List(tool),
        SnapshotCommands.Show(tool),
        SnapshotCommands.Verify(tool),
        SnapshotCommands.Diff(tool),
        SnapshotCommands.Copy(tool),
        KeepCommands.Pin(tool),
        KeepCommands.Unpin(tool),
        KeepCommands.Dispose(tool),
        CollectCommand.Make(tool),
    };

    static Command State(Tool tool) => new("state", "The state in snapshots, from the store alone: no program, no types.")
    {
        StateCommands.List(tool),
        StateCommands.Query(tool),
        StateExport.Make(tool),
        StateDiff.Make(tool),
    };

    static Command Ask(Tool tool, string verb, string meaning)
    {
        JobOptions job = new();
        Option<string?> to = new("--to") { Description = "The address under which the savepoint gets a folder of its own; the job's own place unless said." };
        Option<bool> drain = new("--drain") { Description = "Fire all windows and event timers first." };
        Option<bool> savepoint = new("--savepoint", "-s") { Description = "Take a savepoint first; when there is none, the job runs on." };
        Command command = new(verb, meaning) { job.Storage, job.Job };
        if (verb is ControlRequest.Savepoint or ControlRequest.Stop or ControlRequest.Cancel) command.Add(to);
        if (verb == ControlRequest.Stop) command.Add(drain);
        if (verb == ControlRequest.Cancel) command.Add(savepoint);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using JobPlace place = await job.OpenAsync(tool, parsed, cancellationToken).ConfigureAwait(false);
            if (verb == ControlRequest.Status) return await place.Verbs.StatusAsync(tool.Output, tool.Error, cancellationToken).ConfigureAwait(false);
            string? target = command.Options.Contains(to) && parsed.GetValue(to) is { } text ? StoreAddress.Parse(text).ToString() : null;
            ControlRequest request = new()
            {
                Command = verb, Target = target, IsDrain = command.Options.Contains(drain) && parsed.GetValue(drain),
                IsSavepoint = command.Options.Contains(savepoint) && parsed.GetValue(savepoint),
            };
            return await Bars.WaitAsync(tool, $"waiting for the job's answer to {verb}", (output, error) => place.Verbs.RunAsync(request, output, error, cancellationToken)).ConfigureAwait(false);
        });
        return command;
    }

    static Command Storage(Tool tool)
    {
        Argument<string> address = new("address") { Description = "A folder, or s3://bucket/prefix?endpoint=http://host:port." };
        Option<bool> quick = new("--quick") { Description = "Only what every start of a job tries." };
        Command probe = new("probe", "Finds out by trial whether a store can hold snapshots and a ledger.") { address, quick };
        probe.SetAction(async (parsed, cancellationToken) =>
        {
            await using IListableStore store = await tool.OpenAsync(parsed.GetValue(address)!, cancellationToken).ConfigureAwait(false);
            ProbeForm form = parsed.GetValue(quick) ? ProbeForm.Quick : ProbeForm.Full;
            ProbeReport report = await new StoreProbe(store, tool.Time, tool.Surroundings.Nonces).RunAsync(form, cancellationToken).ConfigureAwait(false);
            await tool.Output.WriteLineAsync(report.ToString()).ConfigureAwait(false);
            return report.IsConformant ? ExitCodes.Finished : ExitCodes.Failed;
        });
        return new("storage", "Stores.") { probe };
    }
}
