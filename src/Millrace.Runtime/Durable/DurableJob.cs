using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
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
    const string Starting = "the job is starting, restarting or ending; ask again when it runs";

    readonly TaskCompletionSource<JobResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _ending = new();
    readonly Lock _lock = new();   // guards _attempt, _workers, _canBeAsked, _end
    readonly JobGraph _graph;
    readonly EmbeddedOptions _options;
    readonly DurableOptions _durable;
    readonly Func<IReadOnlyList<StreamTask>, ITaskScheduler> _schedulerOf;
    readonly long _started;
    LeaderRole? _attempt;
    JobWorkers? _workers;
    bool _canBeAsked;
    LedgerEvent? _end;

    internal DurableJob(
        JobGraph graph, PlanModel plan, EmbeddedOptions options, DurableOptions durable, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        ExchangeProblems.Require(plan, durable.Workers);
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
    public JobStatus Status
    {
        get
        {
            LeaderRole? attempt;
            JobWorkers? workers;
            lock (_lock) (attempt, workers) = (_attempt, _workers);
            // A worker in this process can be asked; what others have done is as new as what they have told.
            return attempt is null ? new(Plan.JobName, []) : workers?.StatusOf(Plan, attempt.Attempt) ?? attempt.Status;
        }
    }

    internal bool IsOpening => !_completion.Task.IsCompleted && Attempt?.IsOpening != false;

    /// <summary>The deployment that can be asked for something; null between two of them, and after the last.</summary>
    LeaderRole? Running
    {
        get
        {
            lock (_lock) return _canBeAsked ? _attempt : null;
        }
    }

    LeaderRole? Attempt
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
    public Task<CheckpointAnswer> CheckpointAsync() => Running?.Coordinator.TriggerAsync() ?? NotRunning();

    /// <summary>Takes a savepoint.</summary>
    /// <param name="target">The folder under which it gets one of its own; null for the job's place.</param>
    public Task<CheckpointAnswer> SavepointAsync(string? target) => Running?.Coordinator.SavepointAsync(Recorded(target)) ?? NotRunning();

    /// <summary>Stops the job with a savepoint; a crash in the middle is finished by the next start.</summary>
    /// <param name="isDrain">Whether all windows and event timers fire first.</param>
    /// <param name="target">As for <see cref="SavepointAsync"/>.</param>
    public Task<CheckpointAnswer> StopAsync(bool isDrain, string? target) => Running?.StopAsync(isDrain, Recorded(target)) ?? NotRunning();

    /// <summary>Ends the job for good, after a savepoint if one is asked for.</summary>
    /// <param name="isSavepoint">Whether to take a savepoint first; when there is none, the job goes on.</param>
    /// <param name="target">As for <see cref="SavepointAsync"/>.</param>
    public async Task<CheckpointAnswer?> CancelAsync(bool isSavepoint, string? target)
    {
        CheckpointAnswer? answer = isSavepoint ? await SavepointAsync(target).ConfigureAwait(false) : null;
        if (answer is not CheckpointAnswer.Refused) End(new LedgerEvent.Cancelled());
        return answer;
    }

    /// <summary>Changes by hand which checkpoints are kept.</summary>
    /// <param name="edit">The change.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="LedgerFencedException">Another process leads the job.</exception>
    /// <exception cref="StoreUnavailableException">The store refused.</exception>
    public async Task<LedgerEditOutcome> EditAsync(LedgerEdit edit, CancellationToken cancellationToken) => Attempt is { } attempt
        ? await LedgerEdits.ApplyAsync(
            attempt.Ledger, _durable.Store.Under(Plan.JobName),
            edit is LedgerEdit.DisposeSavepoint dispose ? dispose with { Recorded = RecordedAddress.Of(dispose.Address, _durable.StorageRoot) } : edit, cancellationToken).ConfigureAwait(false)
        : new(false, Starting);

    internal void Start() => _ = ReportAsync();

    string? Recorded(string? target) => target is null ? null : RecordedAddress.Of(target, _durable.StorageRoot);

    static Task<CheckpointAnswer> NotRunning() =>
        Task.FromResult<CheckpointAnswer>(new CheckpointAnswer.Refused(Starting));

    void End(LedgerEvent how)
    {
        LeaderRole? attempt;
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
        using JobStart start = new(_graph, Plan, _options, _durable);
        try
        {
            StartOutcome outcome = await start.BeginAsync(_ending.Token).ConfigureAwait(false);
            if (outcome.Ended is { } ended) return Result(JobEnding.AlreadyEnded, ended);
            await using (outcome.Ledger!.ConfigureAwait(false))
            {
                JobWorkers workers = new(_graph, _options, _durable, start, _schedulerOf);
                await using (workers.ConfigureAwait(false))
                {
                    lock (_lock) _workers = workers;
                    try
                    {
                        return await DeployAsync(new(_graph, Plan, _options, _durable, start.Folder, start.Program, workers.Registry), start, outcome).ConfigureAwait(false);
                    }
                    finally
                    {
                        await start.CloseAsync(outcome.Ledger!).ConfigureAwait(false);
                    }
                }
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
        try
        {
            while (true)
            {
                SnapshotReference? damaged = null;
                try
                {
                    return await RunOnceAsync(program, start, ledger, from, restarts).ConfigureAwait(false);
                }
                catch (DeploymentFailedException failed)
                {
                    if (RestoreFailedException.IsDamage(failed.InnerException!)) damaged = from?.Own;
                    await Task.Delay(failed.RestartAfter, _options.Time, _ending.Token).ConfigureAwait(false);
                }
                finally
                {
                    if (from is not null) await from.DisposeAsync().ConfigureAwait(false);
                }

                (from, string? stopped) = await ResumeAsync(start, ledger, damaged, restarts).ConfigureAwait(false);
                if (stopped is not null) return Result(JobEnding.Stopped, stopped);
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // Asked to end between two deployments.
            LedgerEvent asked;
            lock (_lock) asked = _end!;
            await IdleEnding.RecordAsync(ledger, asked, start.Folder, _durable.Checkpoints, new OwedSinks(_graph)).ConfigureAwait(false);
            return Ended(asked);
        }
    }

    /// <summary>Finds what to restore, and commits what is owed. A store or a sink that is away then is a failure like another: the policy says how long it is waited for.</summary>
    async Task<(RestorePoint? From, string? Stopped)> ResumeAsync(JobStart start, Ledger ledger, SnapshotReference? damaged, RestartLoop restarts)
    {
        while (true)
        {
            TimeSpan delay;
            try
            {
                return await start.ResumeAsync(ledger, damaged, _ending.Token).ConfigureAwait(false);
            }
            catch (Exception away) when (away is StoreUnavailableException or SinkFailedException)
            {
                if (restarts.OnFailure(away, RecordedAddress.Resolve(ledger.State, _durable.StorageRoot)) is not { } wait) throw;
                (delay, damaged) = (wait, null);   // which was said and noted
            }

            await Task.Delay(delay, _options.Time, _ending.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Runs one deployment to its end, and records how it ended.</summary>
    async Task<JobResult> RunOnceAsync(DurableProgram program, JobStart start, Ledger ledger, RestorePoint? from, RestartLoop restarts)
    {
        StateChoices choices = StateChoices.For(from, _durable);
        LedgerEvent.AttemptBegun begun = new(ledger.State.Timeline, from?.Own, choices.Drops, choices.Renames, _durable.AcceptsDuplicates);
        await ledger.AppendAsync([begun], _ending.Token).ConfigureAwait(false);
        start.OnDeployed(ledger);
        int taken = 0;
        LeaderRole attempt = new(program, ledger, from, statistics =>
        {
            restarts.OnTaken(statistics);
            if (Interlocked.Increment(ref taken) == 1) start.OnCheckpoint(ledger);
        });
        await using (attempt.ConfigureAwait(false))
        {
            Enter(attempt, from);
            // A stop that was recorded is finished before anything else, whichever deployment it takes.
            if (ledger.State.Stop is { } stop) _ = attempt.StopAsync(stop.IsDrain, stop.Target);
            DeploymentEnd end = await attempt.RunAsync().ConfigureAwait(false);
            LedgerEvent? asked;
            lock (_lock)
            {
                asked = _end;
                _canBeAsked = false;
            }

            if (end.Outcome is JobOutcome.Failed { Cause: LedgerFencedException fenced }) throw fenced;
            LedgerState known = RecordedAddress.Resolve(ledger.State, _durable.StorageRoot);
            JobOutcome outcome = end.Outcome is JobOutcome.Failed { Cause: var found } ? new JobOutcome.Failed(RestoreFailedException.Of(found, from, known)) : end.Outcome;
            if (outcome is JobOutcome.Failed failed && restarts.OnFailure(failed.Cause, known, from?.Own is not null && RestoreFailedException.IsDamage(failed.Cause)) is { } delay)
            {
                await attempt.Coordinator.CloseAsync().ConfigureAwait(false);
                throw new DeploymentFailedException(failed.Cause, delay);
            }

            LedgerEvent ending = DeploymentEnding.Of(outcome, ledger.State, asked);
            await attempt.Coordinator.EndAsync(ending, CancellationToken.None).ConfigureAwait(false);
            return ending switch
            {
                LedgerEvent.Stopped => Result(JobEnding.Stopped, RecordedAddress.Resolve(ledger.State.Savepoints[^1].Address, _durable.StorageRoot)),
                LedgerEvent.Finished => Result(JobEnding.Finished, null),
                LedgerEvent.Failed => throw new JobFailedException(Plan.JobName, ((JobOutcome.Failed)outcome).Cause),
                _ => Ended(asked!),
            };
        }
    }

    void Enter(LeaderRole attempt, RestorePoint? from)
    {
        bool isEnding;
        lock (_lock)
        {
            _attempt = attempt;
            _workers!.Begin(from);
            _canBeAsked = true;
            isEnding = _end is not null;
        }

        // Asked to end before there was anything to cancel.
        if (isEnding) attempt.Cancel();
    }

    JobResult Ended(LedgerEvent asked) => Result(asked is LedgerEvent.Cancelled ? JobEnding.Cancelled : JobEnding.Interrupted, null);

    JobResult Result(JobEnding ending, string? note) => new(Status, _options.Time.GetElapsedTime(_started), ending) { Note = note };

    /// <summary>Carries the failure of a deployment to where restarts are decided.</summary>
    sealed class DeploymentFailedException(Exception cause, TimeSpan restartAfter) : Exception(cause.Message, cause)
    {
        public TimeSpan RestartAfter => restartAfter;
    }
}
