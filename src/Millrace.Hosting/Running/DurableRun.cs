using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>
/// Runs a job whose state is in a store, when it is this process's turn: answers those who ask about it, and says how it ended. Used once.
/// </summary>
internal sealed class DurableRun(HostProcess process, HostCommand command, ErrorLines lines, IServiceProvider? services)
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    readonly CheckpointTally _tally = new();
    readonly ILogger? _log = (services?.GetService(typeof(ILoggerFactory)) as ILoggerFactory)?.CreateLogger(LogMessages.Category);

    /// <summary>The checkpoints so far.</summary>
    public CheckpointTally Tally => _tally;

    /// <summary>Runs the job.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="stops">Whether the process is to end.</param>
    /// <param name="watch">Waits for the job, with its progress shown; makes failures of it an exit code.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(JobGraph graph, EmbeddedOptions options, StopRequests stops, Func<IRunningJob, Task<int>> watch)
    {
        try
        {
            JobStorage storage = await JobStorage.OpenAsync(command.Storage!, process.Time, stops.Asked).ConfigureAwait(false);
            await using (storage.ConfigureAwait(false))
            {
                await ProbeAsync(storage, graph, stops.Asked).ConfigureAwait(false);
                OtherLeader other = new(process.Time);
                DurableOptions durable = storage.Options() with
                {
                    Store = storage.Store.Metered(_tally.Store),
                    AskLeader = (claim, token) => other.AskAsync(claim, null, token),
                    AskLender = other.AskAsync,
                    Takeover = new() { After = storage.Command.TakeoverAfter },
                    Tell = Tell(graph),
                    CheckpointTaken = taken => Add(graph, taken),
                };
                if (!storage.Command.IsStandby) return await LeadAsync(graph, options, durable, stops, watch).ConfigureAwait(false);
                Standby standby = new(graph.Name, options, durable);
                return await standby.RunAsync(turn => LeadAsync(graph, options, turn, stops, watch), stops.Asked).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stops.Asked.IsCancellationRequested)
        {
            return stops.ExitCode;
        }
        catch (StoreNotConformantException unfit)
        {
            lines.Print($"{graph.Name}: {unfit.Message}{Environment.NewLine}");
            return ExitCodes.Refused;
        }
        catch (StoreUnavailableException unavailable)
        {
            // What it refuses for good has to be mended first; what did not answer may answer the next start.
            lines.Print($"{graph.Name} was not started: {unavailable.Message}{Environment.NewLine}");
            return unavailable.IsUnchanged ? ExitCodes.Refused : ExitCodes.Failed;
        }
        catch (SocketException failure)
        {
            lines.Print($"{graph.Name}: this machine's loopback gives no port to answer requests on: {failure.Message}{Environment.NewLine}");
            return ExitCodes.Failed;
        }
    }

    /// <summary>Finds out whether the storage is fit, and says so when that takes long: it may be down.</summary>
    async Task ProbeAsync(JobStorage storage, JobGraph graph, CancellationToken cancellationToken)
    {
        Task probing = storage.ProbeAsync(cancellationToken);
        if (await Task.WhenAny(probing, Task.Delay(s_patience, process.Time, cancellationToken)).ConfigureAwait(false) != probing)
            Tell(graph)($"waits for the storage {storage.Store.Address}, which has not answered yet");
        await probing.ConfigureAwait(false);
    }

    /// <summary>Runs the job once, and answers those who ask about it meanwhile.</summary>
    async Task<int> LeadAsync(JobGraph graph, EmbeddedOptions options, DurableOptions durable, StopRequests stops, Func<IRunningJob, Task<int>> watch)
    {
        JobCommands commands = new(_tally);
        ControlServer control = ControlServer.Start(process.Time, commands.AnswerAsync);
        await using (control.ConfigureAwait(false))
        {
            DurableJob job = EmbeddedCluster.StartDurable(graph, options, durable with { Endpoint = control.Address.ToClaim() });
            commands.Bind(job);
            // A token that is cancelled already calls back at once, so a signal during the start is not lost.
            using CancellationTokenRegistration stopping = stops.Asked.Register(() => job.Interrupt(stops.Cause));
            return await watch(job).ConfigureAwait(false);
        }
    }

    void Add(JobGraph graph, CheckpointStatistics taken)
    {
        _tally.Add(taken);
        _log?.CheckpointCompleted(graph.Name, taken);
        if (command.Storage!.LogsCheckpoints) Tell(graph)(CheckpointText.Of(taken));
    }

    Action<string> Tell(JobGraph graph) => command.IsQuiet ? static _ => { } : line => lines.Print($"{graph.Name}: {line}{Environment.NewLine}");
}
