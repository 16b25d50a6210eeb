using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>Runs jobs inside this process.</summary>
public static class EmbeddedCluster
{
    /// <summary>Plans a job and starts it.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How to run it.</param>
    /// <returns>The running job.</returns>
    /// <exception cref="InvalidJobException">The job cannot run as described; nothing was started.</exception>
    public static EmbeddedJob Start(JobGraph graph, EmbeddedOptions? options = null)
    {
        options ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        PlanModel plan = Planner.Plan(graph, options.Parallelism, options.IsChaining);
        EmbeddedJob job = new(graph, plan, options, tasks => new WorkerThreads(options.Threads, tasks, options.Time));
        job.Start();
        return job;
    }

    /// <summary>Plans a job and starts it with its state in a store: from where it was, or as the options ask.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="durable">Where its state is, and what the start asks for.</param>
    /// <returns>The job, which begins by reading its ledger; refusals and failures are told by its completion.</returns>
    /// <exception cref="InvalidJobException">The job cannot run as described; nothing was started.</exception>
    public static DurableJob StartDurable(JobGraph graph, EmbeddedOptions options, DurableOptions durable)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(durable);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        PlanModel plan = Planner.Plan(graph, options.Parallelism, options.IsChaining);
        DurableJob job = new(graph, plan, options, durable, tasks => new WorkerThreads(options.Threads, tasks, options.Time));
        job.Start();
        return job;
    }

    /// <summary>Runs a job to its end.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How to run it.</param>
    /// <param name="cancellationToken">Cancels the job.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described; nothing was started.</exception>
    /// <exception cref="JobFailedException">The job failed.</exception>
    public static async Task<JobResult> RunAsync(JobGraph graph, EmbeddedOptions? options = null, CancellationToken cancellationToken = default)
    {
        EmbeddedJob job = Start(graph, options);
        await using (cancellationToken.Register(job.Cancel).ConfigureAwait(false))
        {
            return await job.Completion.ConfigureAwait(false);
        }
    }
}
