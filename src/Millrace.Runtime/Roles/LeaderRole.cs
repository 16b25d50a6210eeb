using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Roles;

/// <summary>
/// One deployment of a durable job as its leader sees it: the checkpoints taken of it, its sinks' transactions, its splits, and the workers who
/// run its tasks. Performs what <see cref="JobMachine"/> decides. Made after the entry that begins it. Thread-safe.
/// </summary>
sealed class LeaderRole : ICheckpointTasks, IWorkerEvents, IAsyncDisposable
{
    readonly DurableProgram _program;
    readonly Ledger _ledger;
    readonly AttemptId _attempt;
    readonly DeployOrder _order;
    readonly CancellationTokenSource _cancellation = new();
    readonly CancellationTokenSource _reading;
    readonly CheckpointCoordinator _coordinator;
    readonly OwedSinks _sinks;
    readonly SourceLeads _sources;
    readonly LeaderCuts _cuts = new();
    readonly WorkerShares _shares;
    readonly StepWatch _watch;
    readonly long _started;
    readonly TaskCompletionSource<DeploymentEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly LastCheckpoint _last;
    readonly Lock _lock = new();   // guards _state
    JobState _state = new JobState.Starting();
    Task _opening = Task.CompletedTask, _discovering = Task.CompletedTask;

    public LeaderRole(DurableProgram program, Ledger ledger, RestorePoint? from, Action<CheckpointStatistics> taken)
    {
        _program = program;
        _ledger = ledger;
        _attempt = ledger.State.Attempt!.Value;
        EmbeddedOptions options = program.Options;
        _started = options.Time.GetTimestamp();
        _reading = CancellationTokenSource.CreateLinkedTokenSource(_cancellation.Token);
        _watch = new([], null, options);
        _sinks = new(program.Graph);
        DeployOrder order = program.Order(ledger.State, from);
        Dictionary<string, RestoredOperator> restored = from?.Operators(order, static rows => rows) ?? [];
        PlanModel plan = DeploymentPlan.Of(program.Graph, order, restored);
        // More workers than instances would have nothing to do.
        _order = order with { Workers = Math.Min(program.Durable.Workers, PlanShares.WorkersMax(plan)) };
        _shares = new(_attempt, PlanShares.Of(plan, _order.Workers));
        _sources = new(program.Graph, plan, restored, new(options.Time, _reading.Token, _shares.Give, _shares.EndSplits, _shares.SplitsAssigned), Fail);
        _coordinator = new(new()
        {
            Ledger = ledger,
            Store = program.Folder,
            Program = program.Describe(from),
            Options = program.Durable.Checkpoints,
            Tasks = this,
            Manifests = new ManifestStore(program.Folder, new StoreRetry(RetryPolicy.Default, options.Time, options.Nonces)),
            Commits = _sinks,
            Savepoints = new SavepointCopy(program.Folder, program.Durable, options.Nonces),
            Time = options.Time,
            OnTaken = taken,
            // One that failed by itself says so in the words that refuse whoever asked for it.
            OnAborted = (id, why) => program.Durable.Tell(why.StartsWith("checkpoint ", StringComparison.Ordinal) ? why : $"checkpoint {id} failed: {why}"),
        });
        _last = new(ledger, _coordinator);
    }

    /// <summary>What the tasks have done so far, as far as workers have told.</summary>
    public JobStatus Status => _shares.Status;

    /// <summary>Whether tasks are still being restored and opened.</summary>
    public bool IsOpening
    {
        get
        {
            lock (_lock) return _state is JobState.Starting;
        }
    }

    /// <summary>Which deployment it is.</summary>
    public AttemptId Attempt => _attempt;

    /// <summary>The ledger the deployment was begun in.</summary>
    public Ledger Ledger => _ledger;

    /// <summary>The checkpoints of the deployment.</summary>
    public CheckpointCoordinator Coordinator => _coordinator;

    /// <summary>Runs to the end of the tasks.</summary>
    /// <exception cref="StuckUserCodeException">User code did not return.</exception>
    public async Task<DeploymentEnd> RunAsync()
    {
        _ = WatchAsync();
        _opening = OpenAsync();
        return await _ended.Task.ConfigureAwait(false);
    }

    /// <summary>Drops what is under way. Returns at once.</summary>
    public void Cancel() => Handle(new JobEvent.CancelAsked());

    /// <inheritdoc cref="LastCheckpoint.StopAsync"/>
    public Task<CheckpointAnswer> StopAsync(bool isDrain, string? target) => _last.StopAsync(isDrain, target);

    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await _coordinator.DisposeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    void ICheckpointTasks.Trigger(Barrier barrier)
    {
        _last.OnBarrier(barrier);
        _sources.Cut(states =>
        {
            _cuts.Add(barrier.Id, states);
            _shares.SendAll(new LeaderMessage.Trigger(_attempt, barrier));
        });
    }

    /// <summary>Tasks learn of it with the next barrier, which names the newest committed checkpoint.</summary>
    void ICheckpointTasks.Confirm(long id) => _cuts.Confirm(id);

    /// <inheritdoc/>
    void ICheckpointTasks.Abort(long id)
    {
        _cuts.Abort(id);
        _shares.SendAll(new LeaderMessage.Abort(_attempt, id));
    }

    /// <inheritdoc/>
    void IWorkerEvents.OnMessage(int worker, WorkerMessage message)
    {
        switch (message)
        {
            case WorkerMessage.Ready:
                if (_shares.OnReady(worker)) Handle(new JobEvent.Opened());
                break;
            case WorkerMessage.Snapshot snapshot: _coordinator.OnSnapshot(_cuts.With(snapshot.Part), worker); break;
            case WorkerMessage.Declined declined: _coordinator.OnDeclined(declined.Why); break;
            case WorkerMessage.SplitAsked asked: _sources.OnAsked(asked.Source, asked.Reader); break;
            case WorkerMessage.Progress progress: _shares.OnProgress(worker, progress.Status); break;
            case WorkerMessage.Failed failed: Fail(failed.Failure); break;
            case WorkerMessage.Ended ended:
                _shares.OnProgress(worker, ended.Status);
                if (ended.Failure is { } failure) Fail(failure);
                else if (ended.IsCancelled) Fail(new WorkerLostException(_shares.NameOf(worker), "its tasks were dropped though nobody here asked for it"));
                if (_shares.OnEnded(worker)) Handle(new JobEvent.TasksEnded());
                break;
        }
    }

    /// <inheritdoc/>
    void IWorkerEvents.OnLost(int worker, WorkerLostException why)
    {
        Fail(why);
        if (_shares.OnEnded(worker)) Handle(new JobEvent.TasksEnded());
    }

    void Fail(WorkerFailure failure)
    {
        Exception cause = failure.ToException();
        if (failure.Kind == FailureKind.Stuck) _ended.TrySetException(cause);
        else Fail(cause);
    }

    void Fail(Exception failure)
    {
        _last.Break(failure);
        Handle(new JobEvent.Failed(failure));
    }

    void Handle(JobEvent e)
    {
        JobEffect effect;
        lock (_lock) (_state, effect) = JobMachine.Step(_state, e);
        switch (effect)
        {
            case JobEffect.RunTasks:
                _discovering = BeginAsync();
                break;
            case JobEffect.StopTasks:
                _ = _watch.GiveUpAfterAsync(Limits.CancelTimeMax, _ => GiveUp());
                Cancel(_cancellation);
                _shares.Cancel();
                break;
            case JobEffect.Report:
                // Looking for splits is user code, too: if it does not return, it must not hold the process up for ever.
                _ = _watch.GiveUpAfterAsync(Limits.CloseTimeMax, _ => GiveUp());
                _ = CloseAsync();
                break;
        }
    }

    async Task OpenAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            IReadOnlyList<WorkerLink> workers = await _program.Workers.GatherAsync(_order.Workers, _ledger.CheckAsync, _cancellation.Token).ConfigureAwait(false);
            await BeginSinksAsync(_cancellation.Token).ConfigureAwait(false);
            _shares.TryDeploy(workers, _order, this);
        }
        catch (Exception failure)
        {
            // Also a cancellation, and then nobody looks at it.
            Fail(failure);
        }

        if (_shares.OnOpened()) Handle(new JobEvent.TasksEnded());
    }

    /// <summary>
    /// Lets the tasks run. Splits that were restored, and those that are found at once, are given before: a reader that began with some of its
    /// splits would let the records of the others become late.
    /// </summary>
    async Task BeginAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _sources.GiveRestored();
        Task discovering = _sources.DiscoverAsync();
        _shares.SendAll(new LeaderMessage.Run(_attempt));
        _coordinator.Start(_shares.Count);
        await discovering.ConfigureAwait(false);
    }

    async Task BeginSinksAsync(CancellationToken cancellationToken)
    {
        EmbeddedOptions options = _program.Options;
        SinkContext any = new(
            _program.Plan.JobName, "", _order.Timeline, _attempt.ToString(), _order.Nonce, _order.IsFresh, IsDurable: true, options.Time, options.Services);
        SinkContext sinkOf(string id) => any with { OperatorId = id, Parallelism = _program.Plan.ParallelismOf(id) };
        await _sinks.CheckAsync(sinkOf, cancellationToken).ConfigureAwait(false);
        await _sinks.BeginAttemptAsync(sinkOf, _ledger.State.Owed, cancellationToken).ConfigureAwait(false);
    }

    async Task CloseAsync()
    {
        TimeSpan elapsed = _program.Options.Time.GetElapsedTime(_started);
        Cancel(_reading);
        await Task.WhenAll(_opening, _discovering).ConfigureAwait(false);
        _watch.Dispose();
        if (Outcome() is JobOutcome.Finished)
        {
            try
            {
                await _last.CompleteAsync().ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                Handle(new JobEvent.Failed(failure));
            }
        }

        _shares.Release();
        _ended.TrySetResult(new(Outcome(), elapsed));
    }

    /// <summary>What ends the checkpoints ends the tasks.</summary>
    async Task WatchAsync()
    {
        await _coordinator.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_coordinator.Completion.Exception is { } failure) Handle(new JobEvent.Failed(failure.InnerException ?? failure));
    }

    void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException failure)
        {
            // A callback that a connector registered threw: its failure, not one of whoever stopped the job.
            Handle(new JobEvent.Failed(failure));
        }
    }

    JobOutcome Outcome()
    {
        lock (_lock) return ((JobState.Ended)_state).Outcome;
    }

    /// <summary>A sink or a source does not return from what the leader asked of it. What workers run, they give up on themselves.</summary>
    void GiveUp()
    {
        if (_opening.IsCompleted && _discovering.IsCompleted) return;
        Exception? first;
        lock (_lock) first = _state is JobState.Stopping { Outcome: JobOutcome.Failed failed } ? failed.Cause : null;
        _ended.TrySetException(new StuckUserCodeException([], first));
    }
}
