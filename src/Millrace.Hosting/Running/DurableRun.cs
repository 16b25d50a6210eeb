using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>
/// Runs a job whose state is in a store: answers those who ask about it, waits while another process runs it if told to, and says how it
/// ended. Used once.
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
                while (true)
                {
                    if (await AttendAsync(storage, graph, options, stops, watch).ConfigureAwait(false) is { } exitCode) return exitCode;
                }
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

    /// <summary>Waits for its turn, if told to, and runs the job.</summary>
    /// <returns>Null when another standby was faster.</returns>
    async Task<int?> AttendAsync(JobStorage storage, JobGraph graph, EmbeddedOptions options, StopRequests stops, Func<IRunningJob, Task<int>> watch)
    {
        StorageCommand asked = storage.Command;
        LeaderWatch leader = new(storage.Store.Under(graph.Name), graph.Name, storage.Surroundings, asked.TakeoverAfter, Tell(graph));
        if (asked.IsStandby) await leader.WaitAsync(stops.Asked).ConfigureAwait(false);
        JobCommands commands = new(_tally);
        ControlServer control = ControlServer.Start(process.Time, commands.AnswerAsync);
        await using (control.ConfigureAwait(false))
        {
            DurableOptions durable = storage.Options() with
            {
                Store = storage.Store.Metered(_tally.Store),
                Endpoint = control.Address.ToClaim(),
                IsAlive = leader.IsAliveAsync,
                AskLeader = new OtherLeader(process.Time).AskAsync,
                Tell = Tell(graph),
                CheckpointTaken = taken => Add(graph, taken),
            };
            DurableJob job = EmbeddedCluster.StartDurable(graph, options, durable);
            commands.Bind(job);
            // A token that is cancelled already calls back at once, so a signal during the start is not lost.
            using CancellationTokenRegistration stopping = stops.Asked.Register(() => job.Interrupt(stops.Cause));
            try
            {
                return await watch(job).ConfigureAwait(false);
            }
            catch (JobLedElsewhereException) when (asked.IsStandby)
            {
                return null;
            }
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
