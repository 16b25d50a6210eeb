using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>Runs a job in this process to its end, and tells of it. Used once.</summary>
internal sealed class JobRun(HostProcess process, HostCommand command, IServiceProvider? services)
{
    readonly ErrorLines _lines = new(process.Error, process.IsTerminal, process.Width);

    bool DrawsProgress => command is { HasProgress: true, IsQuiet: false };

    /// <summary>Runs the job.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="InvalidJobException">The job cannot run as described; nothing was started.</exception>
    /// <exception cref="UsageException">The storage cannot be opened as it was given; nothing was started.</exception>
    public async Task<int> RunAsync(JobGraph graph, CancellationToken cancellationToken)
    {
        using StopRequests stops = new(_lines, process.Exit, process.Time, cancellationToken);
        EmbeddedOptions options = new()
        {
            Parallelism = command.Parallelism, Threads = command.Threads, IsChaining = command.IsChaining, Time = process.Time, SlowStepSeen = WarnOf,
        };
        if (services is not null) options = options with { Services = services };
        try
        {
            if (command.Storage is null) return await RunWithoutStorageAsync(graph, options, stops).ConfigureAwait(false);
            DurableRun durable = new(process, command, _lines, services);
            return await durable.RunAsync(graph, options, stops, job => EndAsync(job, stops, durable.Tally)).ConfigureAwait(false);
        }
        catch (StartFailedException failure)
        {
            // The factories of functions are user code, and run here.
            _lines.Print(FailureText.Of($"job '{graph.Name}' did not start", failure.InnerException!));
            return ExitCodes.Failed;
        }
    }

    async Task<int> RunWithoutStorageAsync(JobGraph graph, EmbeddedOptions options, StopRequests stops)
    {
        EmbeddedJob job;
        try
        {
            job = EmbeddedCluster.Start(graph, options);
        }
        catch (Exception failure) when (failure is not InvalidJobException)
        {
            throw new StartFailedException(failure);
        }

        if (!command.IsQuiet)
            _lines.Print($"{graph.Name} keeps its state in memory alone and begins anew at every start; {StorageOption.Storage} ./state makes it durable{Environment.NewLine}");
        // A token that is cancelled already calls back at once, so a signal during the start is not lost.
        using CancellationTokenRegistration stopping = stops.Asked.Register(job.Cancel);
        return await EndAsync(job, stops, null).ConfigureAwait(false);
    }

    async Task<int> EndAsync(IRunningJob job, StopRequests stops, CheckpointTally? tally)
    {
        string name = job.Plan.JobName;
        try
        {
            JobResult result = await WatchAsync(job, tally).ConfigureAwait(false);
            if (!command.IsQuiet) _lines.Print(SummaryText.Of(result, job.Plan, tally));
            return result.Ending switch
            {
                JobEnding.Interrupted => stops.ExitCode,
                JobEnding.Cancelled => tally is null ? stops.ExitCode : ExitCodes.CancelledForGood,
                _ => ExitCodes.Finished,
            };
        }
        catch (JobFailedException failure) when (failure.InnerException is StuckUserCodeException stuck)
        {
            if (stuck.InnerException is { } first) _lines.Print(FailureText.Of($"job '{name}' failed", first));
            await new StuckCode(process, _lines).ReportAsync(name, stuck.Steps).ConfigureAwait(false);
            // Nothing can end the stuck thread but the end of the process.
            process.Exit(ExitCodes.Stuck);
            return ExitCodes.Stuck;
        }
        catch (JobFailedException failure)
        {
            _lines.Print(FailureText.Of($"job '{name}' failed", failure.InnerException!));
            return ExitCodes.Failed;
        }
        catch (Exception failure) when (tally is not null && command.Storage!.IsStandby && failure is (JobLedElsewhereException or LedgerFencedException))
        {
            // It waits for its next turn.
            throw;
        }
        catch (Exception failure) when (tally is not null && ExitCodeOf(failure) is not null)
        {
            _lines.Print($"{name}: {failure.Message}{Advice(failure)}{Environment.NewLine}");
            return ExitCodeOf(failure)!.Value;
        }
        catch (Exception failure) when (tally is not null)
        {
            // The factories of functions and the checks of sinks are user code, and run before any task does.
            _lines.Print(FailureText.Of($"job '{name}' did not start", failure));
            return ExitCodes.Failed;
        }
    }

    /// <summary>What the endings of a durable job that are no failures of user code come to.</summary>
    static int? ExitCodeOf(Exception failure) => failure switch
    {
        StartRefusedException or LedgerRefusedException or LedgerCorruptException or LedgerTooNewException => ExitCodes.Refused,
        JobLedElsewhereException => ExitCodes.LedElsewhere,
        LedgerFencedException => ExitCodes.Fenced,
        StoreUnavailableException or SavepointFailedException or SnapshotCorruptException or NewerFormatException or ObjectMissingException or ArgumentException =>
            ExitCodes.Failed,
        _ => null,
    };

    static string Advice(Exception failure) => failure switch
    {
        JobLedElsewhereException => $"; add {StorageOption.Standby} to wait and take over when it is gone, or ask it to stop",
        LedgerFencedException => "; what this process had not committed was dropped, and the other one goes on",
        _ => "",
    };

    /// <summary>Waits for the job, with its progress shown meanwhile.</summary>
    async Task<JobResult> WatchAsync(IRunningJob job, CheckpointTally? tally)
    {
        if (!DrawsProgress) return await job.Completion.ConfigureAwait(false);
        TextWriter output = Console.Out;
        bool sharesTerminal = process is { IsTerminal: true, IsOutputTerminal: true };
        if (sharesTerminal) Console.SetOut(new ConsoleSideWriter(output, _lines));
        try
        {
            using ProgressReporter progress = new(job, tally, _lines, process.Time);
            return await job.Completion.ConfigureAwait(false);
        }
        finally
        {
            if (sharesTerminal) Console.SetOut(output);
        }
    }

    void WarnOf(SlowStep step) => _lines.Print(
        $"warning: operator '{step.OperatorId}' in task '{step.Task}' has been busy with one step for {step.Elapsed.TotalSeconds:N1} s; "
        + $"code that blocks belongs behind .Blocking(){Environment.NewLine}");

    /// <summary>The factories of functions threw.</summary>
    sealed class StartFailedException(Exception cause) : Exception(cause.Message, cause);
}
