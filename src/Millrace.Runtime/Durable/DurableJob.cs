using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// A job that runs in this process and keeps its state in a store: leads its ledger, deploys its tasks, restarts them from the newest
/// checkpoint when they fail, and records how it ended. Thread-safe.
/// </summary>
public sealed class DurableJob : IRunningJob
{
    readonly TaskCompletionSource<JobResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _ending = new();
    readonly Lock _lock = new();   // guards _attempt, _end
    readonly JobGraph _graph;
    readonly EmbeddedOptions _options;
    readonly DurableOptions _durable;
    readonly Func<IReadOnlyList<StreamTask>, ITaskScheduler> _schedulerOf;
    readonly long _started;
    DurableAttempt? _attempt;
    LedgerEvent? _end;

    internal DurableJob(
        JobGraph graph, PlanModel plan, EmbeddedOptions options, DurableOptions durable, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        Plan = plan;
        _graph = graph;
        _options = options;
        _durable = durable;
        _schedulerOf = schedulerOf;
        _started = options.Time.GetTimestamp();
    }

    /// <inheritdoc/>
    public PlanModel Plan { get; }

    /// <inheritdoc/>
    /// <remarks>
    /// Besides, fails with <see cref="StartRefusedException"/>, <see cref="JobLedElsewhereException"/>, or <see cref="LedgerFencedException"/>
    /// when another process took the job over.
    /// </remarks>
    public Task<JobResult> Completion => _completion.Task;

    /// <inheritdoc/>
    public JobStatus Status => Attempt?.Status ?? new(Plan.JobName, []);

    internal bool IsOpening => !_completion.Task.IsCompleted && Attempt?.IsOpening != false;

    DurableAttempt? Attempt
    {
        get
        {
            lock (_lock) return _attempt;
        }
    }

    /// <summary>Drops what is under way; the next start of the job goes on from the newest checkpoint. Returns at once.</summary>
    public void Cancel() => End(new LedgerEvent.Interrupted("asked to end"));

    /// <summary>As <see cref="Cancel"/>, with the reason.</summary>
    /// <param name="cause">The signal or reason, for people.</param>
    public void Interrupt(string cause) => End(new LedgerEvent.Interrupted(cause));

    /// <summary>Takes a checkpoint now.</summary>
    public Task<CheckpointAnswer> CheckpointAsync() => Attempt?.Coordinator.TriggerAsync() ?? NotRunning();

    /// <summary>Takes a savepoint.</summary>
    /// <param name="target">The folder under which it gets one of its own; null for the job's place.</param>
    public Task<CheckpointAnswer> SavepointAsync(string? target) => Attempt?.Coordinator.SavepointAsync(target) ?? NotRunning();

    /// <summary>Stops the job with a savepoint; a crash in the middle is finished by the next start.</summary>
    /// <param name="isDrain">Whether all windows and event timers fire first.</param>
    /// <param name="target">As for <see cref="SavepointAsync"/>.</param>
    public Task<CheckpointAnswer> StopAsync(bool isDrain, string? target) => Attempt?.StopAsync(isDrain, target) ?? NotRunning();

    /// <summary>Ends the job for good, after a savepoint if one is asked for.</summary>
    /// <param name="isSavepoint">Whether to take a savepoint first; when there is none, the job goes on.</param>
    /// <param name="target">As for <see cref="SavepointAsync"/>.</param>
    public async Task<CheckpointAnswer?> CancelAsync(bool isSavepoint, string? target)
    {
        CheckpointAnswer? answer = isSavepoint ? await SavepointAsync(target).ConfigureAwait(false) : null;
        if (answer is not CheckpointAnswer.Refused) End(new LedgerEvent.Cancelled());
        return answer;
    }

    internal void Start() => _ = ReportAsync();

    static Task<CheckpointAnswer> NotRunning() =>
        Task.FromResult<CheckpointAnswer>(new CheckpointAnswer.Refused("the job is starting, restarting or ending; ask again when it runs"));

    void End(LedgerEvent how)
    {
        DurableAttempt? attempt;
        lock (_lock)
        {
            _end ??= how;
            attempt = _attempt;
        }

        _ending.Cancel();
        attempt?.Cancel();
    }

    async Task ReportAsync()
    {
        try
        {
            _completion.TrySetResult(await RunAsync().ConfigureAwait(false));
        }
        catch (Exception failure)
        {
            // The edge of the job: whatever ended it is what its completion says.
            _completion.TrySetException(failure);
        }
    }

    async Task<JobResult> RunAsync()
    {
        JobStart start = new(_graph, Plan, _options, _durable);
        try
        {
            StartOutcome outcome = await start.BeginAsync(_ending.Token).ConfigureAwait(false);
            if (outcome.Ended is { } ended) return Result(JobEnding.AlreadyEnded, ended);
            await using (outcome.Ledger!.ConfigureAwait(false))
            {
                DurableProgram program = new(_graph, Plan, _options, _durable, start.Folder, start.Program, _schedulerOf);
                return await DeployAsync(program, start, outcome).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            return Result(JobEnding.Interrupted, null);
        }
    }

    /// <summary>Deploys the tasks again and again, until the job ends or is given up.</summary>
    async Task<JobResult> DeployAsync(DurableProgram program, JobStart start, StartOutcome outcome)
    {
        RestartLoop restarts = new(_options, _durable);
        Ledger ledger = outcome.Ledger!;
        RestorePoint? from = outcome.From;
        bool isStopping = outcome.IsStopping;
        while (true)
        {
            Exception failure;
            SnapshotReference? damaged = null;
            try
            {
                if (await RunOnceAsync(program, ledger, from, isStopping, restarts).ConfigureAwait(false) is { } result) return result;
                throw new System.Diagnostics.UnreachableException("a deployment ends or fails");
            }
            catch (DeploymentFailedException failed)
            {
                failure = failed.InnerException!;
                if (failure is SnapshotCorruptException or ObjectMissingException) damaged = from?.Own;
            }
            finally
            {
                if (from is not null) await from.DisposeAsync().ConfigureAwait(false);
            }

            await restarts.WaitAsync(failure, ledger, Plan.JobName, _ending.Token).ConfigureAwait(false);
            // A stop that failed in the middle goes on where it was: its savepoint may have been taken, and then nothing is deployed.
            StartOutcome resumed = await start.ResumeAsync(ledger, damaged, _ending.Token).ConfigureAwait(false);
            if (resumed.Ended is { } stopped) return Result(JobEnding.Stopped, stopped);
            (from, isStopping) = (resumed.From, resumed.IsStopping);
        }
    }

    /// <summary>Runs one deployment to its end, and records how it ended.</summary>
    async Task<JobResult?> RunOnceAsync(DurableProgram program, Ledger ledger, RestorePoint? from, bool isStopping, RestartLoop restarts)
    {
        await ledger.AppendAsync(
            [new LedgerEvent.AttemptBegun(ledger.State.Timeline, from?.Own, _durable.Drops, _durable.Renames, _durable.AcceptsDuplicates)], _ending.Token).ConfigureAwait(false);
        DurableAttempt attempt = new(program, ledger, from, restarts.OnTaken);
        await using (attempt.ConfigureAwait(false))
        {
            Enter(attempt);
            if (isStopping) _ = attempt.StopAsync(ledger.State.Stop!.IsDrain, ledger.State.Stop.Target);
            DeploymentEnd end = await attempt.RunAsync().ConfigureAwait(false);
            LedgerEvent? asked;
            lock (_lock) asked = _end;
            switch (end.Outcome)
            {
                case JobOutcome.Finished when attempt.Stop is not null:
                    await attempt.Coordinator.EndAsync(new LedgerEvent.Stopped(), CancellationToken.None).ConfigureAwait(false);
                    return Result(JobEnding.Stopped, ledger.State.Savepoints[^1].Address);
                case JobOutcome.Finished:
                    await attempt.Coordinator.EndAsync(new LedgerEvent.Finished(), CancellationToken.None).ConfigureAwait(false);
                    return Result(JobEnding.Finished, null);
                case JobOutcome.Cancelled:
                    await attempt.Coordinator.EndAsync(asked!, CancellationToken.None).ConfigureAwait(false);
                    return Result(asked is LedgerEvent.Cancelled ? JobEnding.Cancelled : JobEnding.Interrupted, null);
                case JobOutcome.Failed { Cause: LedgerFencedException fenced }:
                    throw fenced;
                case JobOutcome.Failed failed:
                    await attempt.Coordinator.CloseAsync().ConfigureAwait(false);
                    throw new DeploymentFailedException(failed.Cause);
                default:
                    return null;
            }
        }
    }

    void Enter(DurableAttempt attempt)
    {
        bool isEnding;
        lock (_lock)
        {
            _attempt = attempt;
            isEnding = _end is not null;
        }

        // Asked to end before there was anything to cancel.
        if (isEnding) attempt.Cancel();
    }

    JobResult Result(JobEnding ending, string? note) => new(Status, _options.Time.GetElapsedTime(_started), ending) { Note = note };

    /// <summary>Carries the failure of a deployment to where restarts are decided.</summary>
    sealed class DeploymentFailedException(Exception cause) : Exception(cause.Message, cause);
}
