using Millrace.Runtime;

namespace Millrace.Hosting;

/// <summary>Runs a job in this process to its end, and tells of it. Used once.</summary>
internal sealed class JobRun(HostProcess process, HostCommand command, IServiceProvider? services)
{
    readonly ErrorLines _lines = new(process.Error, process.IsTerminal, process.Width);

    bool DrawsProgress => command is { HasProgress: true, IsQuiet: false };

    /// <summary>Runs the job.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="InvalidJobException">The job cannot run as described; nothing was started.</exception>
    public async Task<int> RunAsync(JobGraph graph, CancellationToken cancellationToken)
    {
        using StopRequests stops = new(_lines, process.Exit, cancellationToken);
        EmbeddedOptions options = new()
        {
            Parallelism = command.Parallelism, Threads = command.Threads, IsChaining = command.IsChaining, Time = process.Time, SlowStepSeen = WarnOf,
        };
        EmbeddedJob job;
        try
        {
            job = EmbeddedCluster.Start(graph, services is null ? options : options with { Services = services });
        }
        catch (Exception failure) when (failure is not InvalidJobException)
        {
            // The factories of functions are user code, and run here.
            _lines.Print(FailureText.Of($"job '{graph.Name}' did not start", failure));
            return ExitCodes.Failed;
        }

        // A token that is cancelled already calls back at once, so a signal during the start is not lost.
        using CancellationTokenRegistration stopping = stops.Asked.Register(job.Cancel);
        return await EndAsync(job, stops).ConfigureAwait(false);
    }

    async Task<int> EndAsync(EmbeddedJob job, StopRequests stops)
    {
        try
        {
            JobResult result = await WatchAsync(job).ConfigureAwait(false);
            if (!command.IsQuiet) _lines.Print(SummaryText.Of(result, job.Plan));
            return result.IsCancelled ? stops.ExitCode : ExitCodes.Finished;
        }
        catch (JobFailedException failure) when (failure.InnerException is StuckUserCodeException stuck)
        {
            if (stuck.InnerException is { } first) _lines.Print(FailureText.Of($"job '{job.Plan.JobName}' failed", first));
            await new StuckCode(process, _lines).ReportAsync(job.Plan.JobName, stuck.Steps).ConfigureAwait(false);
            // Nothing can end the stuck thread but the end of the process.
            process.Exit(ExitCodes.Stuck);
            return ExitCodes.Stuck;
        }
        catch (JobFailedException failure)
        {
            _lines.Print(FailureText.Of($"job '{job.Plan.JobName}' failed", failure.InnerException!));
            return ExitCodes.Failed;
        }
    }

    /// <summary>Waits for the job, with its progress shown meanwhile.</summary>
    async Task<JobResult> WatchAsync(EmbeddedJob job)
    {
        if (!DrawsProgress) return await job.Completion.ConfigureAwait(false);
        TextWriter output = Console.Out;
        bool sharesTerminal = process is { IsTerminal: true, IsOutputTerminal: true };
        if (sharesTerminal) Console.SetOut(new ConsoleSideWriter(output, _lines));
        try
        {
            using ProgressReporter progress = new(job, _lines, process.Time);
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
}
