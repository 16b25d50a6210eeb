using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.Runtime.Workers;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Roles;

/// <summary>
/// One deployment as a worker sees it: its share of the tasks, restored by itself from the store, and what they contribute to checkpoints.
/// What the leader says comes one message at a time; the rest is thread-safe.
/// </summary>
sealed class WorkerAttempt : ISnapshotLeader
{
    readonly WorkerProgram _program;
    readonly AttemptId _attempt;
    readonly DeployOrder _order;
    readonly WorkerExchange _home;
    readonly Action<WorkerMessage> _send;
    readonly CancellationTokenSource _cancellation = new();
    readonly SplitInboxes _splits;
    readonly WorkerSnapshots _snapshots;
    readonly Lock _lock = new();   // guards _deployment, _exchange, _isCancelled
    Deployment? _deployment;
    AttemptExchange? _exchange;
    bool _isCancelled;
    int _hasFailed;
    // Those that handle messages, one at a time.
    long _lastBarrier;
    bool _isRunning;

    /// <summary>Begins to restore and open.</summary>
    /// <param name="program">What is run.</param>
    /// <param name="attempt">The deployment.</param>
    /// <param name="order">Its share.</param>
    /// <param name="home">Where other workers reach this one.</param>
    /// <param name="send">Tells the leader; any thread.</param>
    public WorkerAttempt(WorkerProgram program, AttemptId attempt, DeployOrder order, WorkerExchange home, Action<WorkerMessage> send)
    {
        _program = program;
        _home = home;
        _attempt = attempt;
        _order = order;
        _send = send;
        _splits = new((source, reader) => send(new WorkerMessage.SplitAsked(attempt, source, reader)));
        _snapshots = new(BeginPacks, this, _cancellation.Token);
        Ended = RunAsync();
    }

    /// <summary>The deployment.</summary>
    public AttemptId Attempt => _attempt;

    /// <summary>Completes when no task runs any more, everything is closed, and the leader was told; also when user code is given up on.</summary>
    public Task Ended { get; }

    /// <summary>What the tasks have done so far.</summary>
    public JobStatus Status => Current?.Status ?? new(_program.Graph.Name, []);

    /// <summary>The tasks; null before they are made.</summary>
    Deployment? Current
    {
        get
        {
            lock (_lock) return _deployment;
        }
    }

    /// <summary>The leader says something of the deployment.</summary>
    public void OnMessage(LeaderMessage message)
    {
        try
        {
            Handle(message);
        }
        catch (Exception failure)
        {
            // The edge of the worker: what a message brought cannot be done, a split that this program cannot read, say.
            Fail(failure);
        }
    }

    /// <summary>Drops what is under way. Returns at once.</summary>
    public void Cancel()
    {
        Deployment? deployment;
        AttemptExchange? exchange;
        lock (_lock)
        {
            _isCancelled = true;
            (deployment, exchange) = (_deployment, _exchange);
        }

        if (deployment is null) _cancellation.Cancel();
        else deployment.Cancel();
        // Not before: who fails by itself lets others go on, until the leader ends them. What failed first is told first then.
        exchange?.Close();
    }

    /// <inheritdoc/>
    void ISnapshotLeader.OnSnapshot(WorkerSnapshot snapshot) => _send(new WorkerMessage.Snapshot(_attempt, snapshot));

    /// <inheritdoc/>
    void ISnapshotLeader.OnDeclined(SnapshotDeclined declined) => _send(new WorkerMessage.Declined(_attempt, declined));

    /// <inheritdoc/>
    void ISnapshotLeader.OnFailed(Exception failure) => Fail(failure);

    void Handle(LeaderMessage message)
    {
        switch (message)
        {
            case LeaderMessage.Run:
                _isRunning = true;
                Current!.Run();
                break;
            case LeaderMessage.Trigger trigger: Trigger(trigger.Barrier); break;
            case LeaderMessage.Abort abort: _snapshots.Abort(abort.Checkpoint); break;
            case LeaderMessage.SplitGiven given:
                _splits[given.Source]!.Give(given.Reader, given.Split.Span, _lastBarrier);
                if (_isRunning) _splits[given.Source]!.Wake(given.Reader);
                break;
            case LeaderMessage.SplitsEnded ended:
                _splits[ended.Source]!.End(ended.Reader);
                if (_isRunning) _splits[ended.Source]!.Wake(ended.Reader);
                break;
            case LeaderMessage.SplitsAssigned assigned:
                // All workers are told, and some may have no reader of it.
                _splits[assigned.Source]?.OnAllAssigned();
                if (_isRunning) _splits[assigned.Source]?.WakeAll();
                break;
            case LeaderMessage.Cancel: Cancel(); break;
            default: throw new System.Diagnostics.UnreachableException($"a deployment was told {message.GetType().Name}");
        }
    }

    void Trigger(Barrier barrier)
    {
        _lastBarrier = barrier.Id;
        _snapshots.Begin(barrier);
        Current!.Trigger(barrier);
    }

    void Fail(Exception failure)
    {
        Current?.Fail(failure);
        // When all tasks have ended, nothing follows from it here; the leader has to know all the same.
        TellFailure(failure);
    }

    void TellFailure(Exception failure)
    {
        if (Interlocked.Exchange(ref _hasFailed, 1) == 0) _send(new WorkerMessage.Failed(_attempt, Failures.Of(failure)));
    }

    async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        WorkerMessage.Ended ended;
        try
        {
            ended = await DeployAsync().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // The edge of the worker: restoring failed before there were tasks, or user code does not return.
            bool isCancelled = failure is OperationCanceledException && _cancellation.IsCancellationRequested;
            if (!isCancelled) TellFailure(failure);
            ended = new(_attempt, isCancelled ? null : Failures.Of(failure), isCancelled, Status);
        }

        _send(ended);
    }

    async Task<WorkerMessage.Ended> DeployAsync()
    {
        RestorePoint? from = await _program.FindAsync(_order.From, _cancellation.Token).ConfigureAwait(false);
        try
        {
            (Deployment deployment, AttemptExchange exchange) = Build(from);
            bool isCancelled;
            lock (_lock)
            {
                (_deployment, _exchange) = (deployment, exchange);
                isCancelled = _isCancelled;
            }

            if (isCancelled) Cancel();
            deployment.Start();
            DeploymentEnd end = await deployment.Ended.ConfigureAwait(false);
            return new(_attempt, end.Outcome is JobOutcome.Failed failed ? Failures.Of(failed.Cause) : null, end.Outcome is JobOutcome.Cancelled, Status);
        }
        finally
        {
            if (from is not null) await _program.ReleaseAsync(from).ConfigureAwait(false);
        }
    }

    (Deployment Deployment, AttemptExchange Exchange) Build(RestorePoint? from)
    {
        EmbeddedOptions options = _program.Options with { Parallelism = _order.Parallelism, IsChaining = _order.IsChaining };
        Dictionary<string, RestoredOperator> restored = from?.Operators(_order, _program.Durable.RowsView) ?? [];
        PlanModel plan = DeploymentPlan.Of(_program.Graph, _order, restored);
        PlanShares shares = PlanShares.Of(plan, _order.Workers);
        AttemptExchange exchange = new(_home, _attempt, _order, shares, Fail);
        SinkContext any = new(
            plan.JobName, "", _order.Timeline, _attempt.ToString(), _order.Nonce,
            _order.IsFresh, IsDurable: true, options.Time, options.Services);
        BuildContext context = new(plan, options.Time, options.Services, _cancellation.Token)
        {
            SinkContextOf = id => any with { OperatorId = id, Parallelism = plan.ParallelismOf(id) },
            Collector = _snapshots,
            Restored = restored,
            Supplies = _splits,
            Ends = exchange,
            ShareOf = chain => shares.Of(chain, _order.Worker),
        };
        Deployment deployment = new(context, _cancellation, options, _program.SchedulerOf)
        {
            Hooks = new() { BeforeOpening = exchange.ConnectAsync, Opened = TellReady, Failed = TellFailure, TaskEnded = _snapshots.OnFinished },
        };
        _snapshots.Bind(deployment.Tasks);
        return (deployment, exchange);
    }

    void TellReady() => _send(new WorkerMessage.Ready(_attempt));

    PackWriter BeginPacks(Barrier barrier, StoreMeter meter) =>
        new(_program.Folder.Metered(meter), "", new PackOrigin(_attempt, _order.Worker, barrier.Id, _program.Options.Nonces.NextName()), _program.Durable.Packs);
}
