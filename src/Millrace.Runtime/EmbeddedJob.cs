using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;

namespace Millrace.Runtime;

/// <summary>A job that runs in this process, without a store: what its sinks prepare is committed once its input has ended. Thread-safe.</summary>
public sealed class EmbeddedJob : IRunningJob
{
    readonly TaskCompletionSource<JobResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _cancellation = new();
    readonly OwedSinks _sinks;
    readonly BuildContext _context;
    readonly Deployment _deployment;

    internal EmbeddedJob(JobGraph graph, PlanModel plan, EmbeddedOptions options, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        Plan = plan;
        SinkContext any = new(plan.JobName, "", Timeline: options.Nonces.NextName(), Attempt: "1.1", options.Nonces.NextName(), IsFresh: true, IsDurable: false, options.Time, options.Services);
        SinkContext sinkOf(string id) => any with { OperatorId = id, Parallelism = plan.ParallelismOf(id) };
        _sinks = new(graph);
        _context = new(plan, options.Time, options.Services, _cancellation.Token) { SinkContextOf = sinkOf };
        _deployment = new(_context, _cancellation, options, schedulerOf)
        {
            Hooks = new() { BeforeOpening = PrepareSinksAsync, AfterFinish = CommitAsync },
        };
    }

    /// <summary>How the job runs.</summary>
    public PlanModel Plan { get; }

    /// <summary>
    /// Completes when the job has finished or was cancelled, and everything is closed. Fails with <see cref="JobFailedException"/> when it
    /// failed, with <see cref="StuckUserCodeException"/> as the cause when user code did not return.
    /// </summary>
    public Task<JobResult> Completion => _completion.Task;

    /// <summary>What the job has done so far.</summary>
    public JobStatus Status => _deployment.Status;

    /// <summary>Whether sources, sinks and functions are still being opened.</summary>
    internal bool IsOpening => _deployment.IsOpening;

    /// <summary>Asks the job to stop without its result: what is under way is dropped. Returns at once.</summary>
    public void Cancel() => _deployment.Cancel();

    internal void Start()
    {
        _deployment.Start();
        _ = ReportAsync();
    }

    async Task PrepareSinksAsync(CancellationToken cancellationToken)
    {
        await _sinks.CheckAsync(_context.SinkContextOf, cancellationToken).ConfigureAwait(false);
        await _sinks.BeginAttemptAsync(_context.SinkContextOf, [], cancellationToken).ConfigureAwait(false);
    }

    async Task CommitAsync()
    {
        foreach (Cell cell in _deployment.Tasks.SelectMany(static t => t.Driver.Cells).Where(static c => c.IsOperator))
        {
            if (cell.FinalCut(confirmed: 0).Prepared is not { } prepared) continue;
            foreach (OwedTransaction owed in await prepared.ConfigureAwait(false)) await OwedSettlement.CommitAsync(owed, _sinks, CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task ReportAsync()
    {
        try
        {
            DeploymentEnd end = await _deployment.Ended.ConfigureAwait(false);
            if (end.Outcome is JobOutcome.Failed failed) _completion.TrySetException(new JobFailedException(Plan.JobName, failed.Cause));
            else _completion.TrySetResult(new(Status, end.Elapsed, end.Outcome is JobOutcome.Cancelled ? JobEnding.Cancelled : JobEnding.Finished));
        }
        catch (StuckUserCodeException stuck)
        {
            _completion.TrySetException(new JobFailedException(Plan.JobName, stuck));
        }
    }
}
