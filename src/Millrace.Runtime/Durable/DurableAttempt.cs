using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.Runtime.Workers;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>What the deployments of a durable job share.</summary>
/// <param name="Graph">The job.</param>
/// <param name="Plan">How it runs.</param>
/// <param name="Options">How it is run.</param>
/// <param name="Durable">Where its state is.</param>
/// <param name="Folder">The folder of the job in the store.</param>
/// <param name="Program">What manifests say of the program.</param>
/// <param name="SchedulerOf">Makes the scheduler of tasks.</param>
sealed record DurableProgram(
    JobGraph Graph, PlanModel Plan, EmbeddedOptions Options, DurableOptions Durable, IObjectStore Folder, ProgramDescription Program,
    Func<IReadOnlyList<StreamTask>, ITaskScheduler> SchedulerOf);

/// <summary>
/// One deployment of a durable job: its tasks, and the checkpoints taken of them. Made after the entry that begins it. Thread-safe.
/// </summary>
sealed class DurableAttempt : ICheckpointTasks, ISnapshotLeader, IAsyncDisposable
{
    readonly DurableProgram _program;
    readonly Ledger _ledger;
    readonly CancellationTokenSource _cancellation = new();
    readonly BuildContext _context;
    readonly Deployment _deployment;
    readonly WorkerSnapshots _snapshots;
    readonly CheckpointCoordinator _coordinator;
    readonly OwedSinks _sinks;
    readonly TaskCompletionSource<Exception> _prepareFailed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly Lock _lock = new();   // guards _stop
    Task<CheckpointAnswer>? _stop;
    volatile bool _isEndedByStop;

    public DurableAttempt(DurableProgram program, Ledger ledger, RestorePoint? from, Action<CheckpointStatistics> taken)
    {
        _program = program;
        _ledger = ledger;
        AttemptId attempt = ledger.State.Attempt!.Value;
        EmbeddedOptions options = program.Options;
        SinkContext any = new(
            program.Plan.JobName, "", ledger.State.Timeline, attempt.ToString(), options.Nonces.NextName(),
            IsFresh: ledger.State.Origin is TimelineOrigin.Nothing, IsDurable: true, options.Time, options.Services);
        SinkContext sinkOf(string id) => any with { OperatorId = id, Parallelism = program.Plan.ParallelismOf(id) };
        _sinks = new(program.Graph);
        _snapshots = new(barrier => BeginPacks(attempt, barrier), this, _cancellation.Token);
        Dictionary<string, RestoredOperator> restored = from?.Operators(program.Durable) ?? [];
        HashSet<string> heads = [.. restored.Where(static r => r.Value.HasInFlight).Select(static r => r.Key)];
        // Records in flight come in by a gate, which an operator has at the head of a chain only.
        PlanModel plan = heads.Count == 0 ? program.Plan : Planner.Plan(program.Graph, options.Parallelism, options.IsChaining, heads);
        _context = new(plan, options.Time, options.Services, _cancellation.Token)
        {
            SinkContextOf = sinkOf,
            Collector = _snapshots,
            Restored = restored,
        };
        _deployment = new(_context, _cancellation, options, program.SchedulerOf)
        {
            Hooks = new() { BeforeOpening = BeginSinksAsync, Running = () => _coordinator!.Start(), AfterFinish = CompleteAsync, TaskEnded = task => _snapshots.OnFinished(task) },
        };
        _snapshots.Bind(_deployment.Tasks);
        _coordinator = new(new()
        {
            Ledger = ledger,
            Store = program.Folder,
            Program = program.Program,
            Options = program.Durable.Checkpoints,
            Tasks = this,
            Manifests = new ManifestStore(program.Folder, new StoreRetry(RetryPolicy.Default, options.Time, options.Nonces)),
            Commits = _sinks,
            Savepoints = new SavepointCopy(program.Folder, program.Durable, options.Nonces),
            Time = options.Time,
            OnTaken = taken,
            OnAborted = (id, why) => program.Durable.Tell($"checkpoint {id} failed: {why}"),
        });
    }

    /// <summary>What the tasks have done so far.</summary>
    public JobStatus Status => _deployment.Status;

    /// <summary>Whether tasks are still being restored and opened.</summary>
    public bool IsOpening => _deployment.IsOpening;

    /// <summary>The ledger the deployment was begun in.</summary>
    public Ledger Ledger => _ledger;

    /// <summary>The checkpoints of the deployment.</summary>
    public CheckpointCoordinator Coordinator => _coordinator;

    /// <summary>Runs to the end of the tasks.</summary>
    /// <exception cref="StuckUserCodeException">User code did not return.</exception>
    public async Task<DeploymentEnd> RunAsync()
    {
        _ = WatchAsync();
        _deployment.Start();
        return await _deployment.Ended.ConfigureAwait(false);
    }

    /// <summary>Drops what is under way. Returns at once.</summary>
    public void Cancel() => _deployment.Cancel();

    /// <summary>Begins to stop: sources end with a savepoint, then everything is committed and recorded. Asked twice, it is one stop.</summary>
    public Task<CheckpointAnswer> StopAsync(bool isDrain, string? target)
    {
        lock (_lock)
        {
            // One that was refused before it was recorded, for a folder that cannot be written say, was none.
            bool wasRefused = _stop is { IsCompleted: true } && _ledger.State.Stop is null;
            if (_stop is null || wasRefused) _stop = _coordinator.StopAsync(isDrain, target, CancellationToken.None);
            return _stop;
        }
    }

    public async ValueTask DisposeAsync() => await _coordinator.DisposeAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    void ICheckpointTasks.Trigger(Barrier barrier)
    {
        KeyValuePair<string, StateEntry>[] leaders = [.. _context.Assigners.Select(a => KeyValuePair.Create(a.Key, a.Value.Cut(barrier.Id)))];
        _isEndedByStop |= barrier.IsStop;
        _snapshots.Begin(barrier, leaders);
        _deployment.Trigger(barrier);
    }

    /// <summary>Tasks learn of it with the next barrier, which names the newest committed checkpoint.</summary>
    void ICheckpointTasks.Confirm(long id)
    {
    }

    /// <inheritdoc/>
    void ICheckpointTasks.Abort(long id) => _snapshots.Abort(id);

    /// <inheritdoc/>
    void ISnapshotLeader.OnSnapshot(WorkerSnapshot snapshot) => _coordinator.OnSnapshot(snapshot);

    /// <inheritdoc/>
    void ISnapshotLeader.OnDeclined(SnapshotDeclined declined) => _coordinator.OnDeclined(declined);

    /// <inheritdoc/>
    void ISnapshotLeader.OnFailed(Exception failure)
    {
        _prepareFailed.TrySetResult(failure);
        _deployment.Fail(failure);
    }

    PackWriter BeginPacks(AttemptId attempt, Barrier barrier) =>
        new(_program.Folder, "", new PackOrigin(attempt, 0, barrier.Id, _program.Options.Nonces.NextName()), _program.Durable.Packs);

    async Task BeginSinksAsync(CancellationToken cancellationToken)
    {
        await _sinks.CheckAsync(_context.SinkContextOf, cancellationToken).ConfigureAwait(false);
        await _sinks.BeginAttemptAsync(_context.SinkContextOf, _ledger.State.Owed, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All tasks have finished: by the end of their input, or because they were stopped.</summary>
    async Task CompleteAsync()
    {
        Task<CheckpointAnswer>? stop;
        lock (_lock) stop = _stop;
        if (stop is not null)
        {
            CheckpointAnswer answer = await AnswerAsync(stop).ConfigureAwait(false);
            if (answer is CheckpointAnswer.Taken) return;
            if (_isEndedByStop) throw Failure($"the job could not be stopped: {((CheckpointAnswer.Refused)answer).Why}");
            // The tasks came to the end of their input before they heard of it.
        }

        if (await AnswerAsync(_coordinator.FinishAsync()).ConfigureAwait(false) is CheckpointAnswer.Refused unfinished)
            throw Failure($"the last output could not be committed: {unfinished.Why}");
    }

    /// <summary>Waits for the last checkpoint, which a sink that cannot prepare its part keeps from ever being whole.</summary>
    async Task<CheckpointAnswer> AnswerAsync(Task<CheckpointAnswer> answer)
    {
        await Task.WhenAny(answer, _prepareFailed.Task).ConfigureAwait(false);
        if (!answer.IsCompleted) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(await _prepareFailed.Task.ConfigureAwait(false));
        return await answer.ConfigureAwait(false);
    }

    // What ended the checkpoints says more than that there is no answer: whether the process was overtaken, or a sink refused for good.
    Exception Failure(string otherwise) => _coordinator.Completion.Exception?.InnerException ?? new CheckpointFailedException(otherwise);

    /// <summary>What ends the checkpoints ends the tasks.</summary>
    async Task WatchAsync()
    {
        await _coordinator.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_coordinator.Completion.Exception is { } failure) _deployment.Fail(failure.InnerException ?? failure);
    }
}
