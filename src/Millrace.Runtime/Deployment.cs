using Millrace.Runtime.Jobs;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>How a deployment ended.</summary>
/// <param name="Outcome">Finished, cancelled or failed, with the first failure.</param>
/// <param name="Elapsed">From its start to the end of its last task.</param>
sealed record DeploymentEnd(JobOutcome Outcome, TimeSpan Elapsed);

/// <summary>What is done around the tasks of a deployment.</summary>
sealed record DeploymentHooks
{
    /// <summary>Runs before anything is restored or opened: what is owed is committed, sinks end what earlier deployments left.</summary>
    public Func<CancellationToken, Task> BeforeOpening { get; init; } = static _ => Task.CompletedTask;

    /// <summary>Told that everything is restored and opened; tasks wait for <see cref="Deployment.Run"/> then. Null when they need not.</summary>
    public Action? Opened { get; init; }

    /// <summary>Told of the failure that ends the deployment, before its tasks have ended.</summary>
    public Action<Exception> Failed { get; init; } = static _ => { };

    /// <summary>Runs once all tasks have finished their input and everything is closed: the last output is committed.</summary>
    public Func<Task> AfterFinish { get; init; } = static () => Task.CompletedTask;

    /// <summary>Told of tasks that ended without a failure, before the deployment notices. Called on worker threads.</summary>
    public Action<StreamTask> TaskEnded { get; init; } = static _ => { };
}

/// <summary>
/// The tasks of a job from one start to their end, in this process: performs what <see cref="JobMachine"/> decides. A job that is
/// restarted has several, one after the other. Thread-safe.
/// </summary>
sealed class Deployment : ITaskOwner
{
    readonly Lock _lock = new();   // guards _state and _live
    readonly EmbeddedOptions _options;
    readonly CancellationTokenSource _cancellation;
    readonly CancellationTokenSource _reading;
    // Continued where it is completed: nothing follows in here, and a job on one thread of a test ends in the step it ends in.
    readonly TaskCompletionSource<DeploymentEnd> _ended = new();
    readonly BuildContext _context;
    readonly StreamTask[] _tasks;
    readonly DeferredScheduler _deferred = new();
    readonly ITaskScheduler _scheduler;
    readonly StepWatch _watch;
    JobState _state = new JobState.Starting();
    Task _opening = Task.CompletedTask;
    long _started;
    int _live;
    volatile bool _isStopping;

    /// <param name="context">What tasks share.</param>
    /// <param name="cancellation">Cancels it all.</param>
    /// <param name="options">How it runs.</param>
    /// <param name="schedulerOf">Makes the scheduler of its tasks.</param>
    public Deployment(
        BuildContext context, CancellationTokenSource cancellation, EmbeddedOptions options, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        _options = options;
        _cancellation = cancellation;
        _reading = CancellationTokenSource.CreateLinkedTokenSource(cancellation.Token);
        _context = context = context with { Reading = _reading.Token };
        _tasks = [.. from chain in context.Plan.Chains
                     let share = context.ShareOf(chain)
                     from instance in Enumerable.Range(share.First, share.Count)
                     select TaskBuilder.Build(context, chain, instance, _deferred, this)];
        _scheduler = _deferred.Target = schedulerOf(_tasks);
        _live = _tasks.Length;
        _watch = new(_tasks, _scheduler, options);
    }

    /// <summary>What is done around the tasks. Set before <see cref="Start"/>.</summary>
    public DeploymentHooks Hooks { get; set; } = new();

    /// <summary>The tasks.</summary>
    public IReadOnlyList<StreamTask> Tasks => _tasks;

    /// <summary>
    /// Completes when no task runs any more and everything is closed. Fails with <see cref="StuckUserCodeException"/> when user code did not
    /// return.
    /// </summary>
    public Task<DeploymentEnd> Ended => _ended.Task;

    /// <summary>What the tasks have done so far.</summary>
    public JobStatus Status => JobStatusReader.Read(_context.Plan, _tasks, _context);

    /// <inheritdoc/>
    bool ITaskOwner.IsStopping => _isStopping;

    /// <summary>Whether sources, sinks and functions are still being opened.</summary>
    public bool IsOpening
    {
        get
        {
            lock (_lock) return _state is JobState.Starting;
        }
    }

    /// <summary>Drops what is under way. Returns at once.</summary>
    public void Cancel() => Handle(new JobEvent.CancelAsked());

    /// <summary>Something outside the tasks failed that they depend on. Returns at once.</summary>
    public void Fail(Exception failure) => Handle(new JobEvent.Failed(failure));

    /// <summary>Everything is open: lets the tasks run.</summary>
    public void Run() => Handle(new JobEvent.Opened());

    /// <summary>Sends a barrier from every source that has not finished. The leaders' parts of the sources must have been cut.</summary>
    public void Trigger(Barrier barrier)
    {
        foreach (StreamTask task in _tasks)
        {
            if (task.Driver.Cells[0] is IBarrierSource source) source.Trigger(barrier);
        }
    }

    /// <inheritdoc/>
    void ITaskOwner.OnEnded(StreamTask task, Exception? failure)
    {
        if (failure is not null) Handle(new JobEvent.Failed(failure));
        else if (!_isStopping) Hooks.TaskEnded(task);
        if (Interlocked.Decrement(ref _live) == 0) Handle(new JobEvent.TasksEnded());
    }

    public void Start()
    {
        _started = _options.Time.GetTimestamp();
        if (_scheduler is WorkerThreads threads)
        {
            threads.Start();
            _watch.Start();
        }

        _opening = OpenAsync();
    }

    async Task OpenAsync()
    {
        try
        {
            await Hooks.BeforeOpening(_cancellation.Token).ConfigureAwait(false);
            await Task.WhenAll(_tasks.Select(RestoreAsync)).ConfigureAwait(false);
            foreach (StreamTask task in _tasks)
            {
                foreach (Cell cell in task.Driver.Cells) await OpenAsync(task, cell).ConfigureAwait(false);
            }

            if (Hooks.Opened is { } opened) opened();
            else Run();
            await Task.WhenAll(_context.Discoveries.Select(static d => d())).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Handle(new JobEvent.Failed(failure));
        }
    }

    /// <summary>Restores the cells of one task, in the background: reading and decoding the slices of many tasks side by side.</summary>
    async Task RestoreAsync(StreamTask task)
    {
        if (_context.Restored.Count == 0) return;
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        foreach (Cell cell in task.Driver.Cells)
        {
            if (_context.Restored.TryGetValue(cell.OperatorId, out RestoredOperator? restored))
                await cell.RestoreAsync(restored, _cancellation.Token).ConfigureAwait(false);
        }
    }

    async Task OpenAsync(StreamTask task, Cell cell)
    {
        try
        {
            await cell.OpenAsync(_cancellation.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            // Also a cancellation: that of a call of its own, a timeout say, unless the job is stopping, and then nobody looks at it.
            throw new OperatorFailedException(cell.OperatorId, task.Subtask, null, failure);
        }
    }

    void Handle(JobEvent e)
    {
        JobEffect effect;
        Exception? failure;
        lock (_lock)
        {
            (_state, effect) = JobMachine.Step(_state, e);
            failure = _state is JobState.Stopping { Outcome: JobOutcome.Failed failed } ? failed.Cause : null;
        }

        switch (effect)
        {
            case JobEffect.RunTasks:
                _deferred.Open();
                foreach (StreamTask task in _tasks) task.Notify();
                break;
            case JobEffect.StopTasks:
                _isStopping = true;
                if (failure is not null) Hooks.Failed(failure);
                _ = _watch.GiveUpAfterAsync(Limits.CancelTimeMax, GiveUp);
                CancelCalls();
                _deferred.Open();
                foreach (StreamTask task in _tasks) task.Notify();
                break;
            case JobEffect.Report:
                // Closing runs user code, too: one that does not return must not hold the process up for ever.
                if (!_isStopping) _ = _watch.GiveUpAfterAsync(Limits.CloseTimeMax, GiveUp);
                _ = CloseAsync();
                break;
        }
    }

    void CancelCalls()
    {
        try
        {
            _cancellation.Cancel();
        }
        catch (AggregateException failure)
        {
            // A callback that a connector registered threw: its failure, not one of whoever stopped the job.
            Handle(new JobEvent.Failed(failure));
        }
    }

    async Task CloseAsync()
    {
        TimeSpan elapsed = _options.Time.GetElapsedTime(_started);
        // A job that was stopped leaves sources waiting for records nobody wants, and looking for splits.
        await TryAsync(() =>
        {
            _reading.Cancel();
            return Task.CompletedTask;
        }).ConfigureAwait(false);
        await _opening.ConfigureAwait(false);
        foreach (StreamTask task in _tasks) await TryAsync(() => task.DisposeAsync().AsTask()).ConfigureAwait(false);
        (_scheduler as IDisposable)?.Dispose();
        // The source of cancellation is not disposed: whoever stopped the job may still be on the way to cancel it, and it holds nothing.
        _watch.Dispose();
        if (Outcome() is JobOutcome.Finished) await TryAsync(Hooks.AfterFinish).ConfigureAwait(false);
        _ended.TrySetResult(new(Outcome(), elapsed));
    }

    async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act().ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Handle(new JobEvent.Failed(failure));
        }
    }

    JobOutcome Outcome()
    {
        lock (_lock) return ((JobState.Ended)_state).Outcome;
    }

    void GiveUp(IReadOnlyList<SlowStep> stuck)
    {
        // What failed first is what to mend first; it would be lost behind the code that does not return.
        Exception? first;
        lock (_lock) first = _state is JobState.Stopping { Outcome: JobOutcome.Failed failed } ? failed.Cause : null;
        _ended.TrySetException(new StuckUserCodeException(stuck, first));
    }

    /// <summary>
    /// Stands in for the scheduler while tasks are built, before the scheduler can be told of them; and tasks wait here for everything to be open. Another worker whose tasks run already may send to tasks of this one before: they must not read
    /// what came with functions that are not open, or end before the deployment has begun.
    /// </summary>
    sealed class DeferredScheduler : ITaskScheduler
    {
        readonly Lock _lock = new();   // guards _early
        readonly List<StreamTask> _early = [];
        volatile bool _isOpen;

        public ITaskScheduler Target { get; set; } = null!;

        public void Enqueue(StreamTask task)
        {
            if (!_isOpen && IsEarly(task)) return;
            Target.Enqueue(task);
        }

        /// <summary>From now on tasks run. Idempotent.</summary>
        public void Open()
        {
            lock (_lock)
            {
                if (_isOpen) return;
                _isOpen = true;
            }

            foreach (StreamTask task in _early) Target.Enqueue(task);
        }

        bool IsEarly(StreamTask task)
        {
            lock (_lock)
            {
                if (_isOpen) return false;
                _early.Add(task);
                return true;
            }
        }
    }
}
