using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>A job that runs in this process: performs what <see cref="JobMachine"/> decides. Thread-safe.</summary>
public sealed class EmbeddedJob : ITaskOwner
{
    readonly Lock _lock = new();   // guards _state and _live
    readonly EmbeddedOptions _options;
    readonly CancellationTokenSource _cancellation = new();
    readonly TaskCompletionSource<JobResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly BuildContext _context;
    readonly StreamTask[] _tasks;
    readonly ITaskScheduler _scheduler;
    readonly StepWatch _watch;
    JobState _state = new JobState.Starting();
    Task _opening = Task.CompletedTask;
    long _started;
    int _live;
    volatile bool _isStopping;

    internal EmbeddedJob(PlanModel plan, EmbeddedOptions options, Func<IReadOnlyList<StreamTask>, ITaskScheduler> schedulerOf)
    {
        Plan = plan;
        _options = options;
        _context = new(plan, options.Time, options.Services, _cancellation.Token);
        DeferredScheduler deferred = new();
        _tasks = [.. plan.Chains.SelectMany(c => Enumerable.Range(0, c.Parallelism).Select(i => TaskBuilder.Build(_context, c, i, deferred, this)))];
        _scheduler = deferred.Target = schedulerOf(_tasks);
        _live = _tasks.Length;
        _watch = new(_tasks, _scheduler, options);
    }

    /// <summary>How the job runs.</summary>
    public PlanModel Plan { get; }

    /// <summary>
    /// Completes when the job has finished or was cancelled, and everything is closed. Fails with <see cref="JobFailedException"/> when it
    /// failed, with <see cref="StuckUserCodeException"/> as the cause when user code did not return.
    /// </summary>
    public Task<JobResult> Completion => _completion.Task;

    /// <summary>What the job has done so far.</summary>
    public JobStatus Status => JobStatusReader.Read(Plan, _tasks, _context);

    /// <inheritdoc/>
    bool ITaskOwner.IsStopping => _isStopping;

    /// <summary>Whether sources, sinks and functions are still being opened.</summary>
    internal bool IsOpening
    {
        get
        {
            lock (_lock) return _state is JobState.Starting;
        }
    }

    /// <summary>Asks the job to stop without its result: what is under way is dropped. Returns at once.</summary>
    public void Cancel() => Handle(new JobEvent.CancelAsked());

    /// <inheritdoc/>
    void ITaskOwner.OnEnded(StreamTask task, Exception? failure)
    {
        if (failure is not null) Handle(new JobEvent.Failed(failure));
        if (Interlocked.Decrement(ref _live) == 0) Handle(new JobEvent.TasksEnded());
    }

    internal void Start()
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
            foreach (StreamTask task in _tasks)
            {
                foreach (Cell cell in task.Driver.Cells) await OpenAsync(task, cell).ConfigureAwait(false);
            }

            Handle(new JobEvent.Opened());
            await Task.WhenAll(_context.Discoveries.Select(static d => d())).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            Handle(new JobEvent.Failed(failure));
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
        lock (_lock) (_state, effect) = JobMachine.Step(_state, e);
        switch (effect)
        {
            case JobEffect.RunTasks:
                foreach (StreamTask task in _tasks) task.Notify();
                break;
            case JobEffect.StopTasks:
                _isStopping = true;
                _ = _watch.GiveUpAfterAsync(Limits.CancelTimeMax, GiveUp);
                CancelCalls();
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
        await _opening.ConfigureAwait(false);
        foreach (StreamTask task in _tasks)
        {
            try
            {
                await task.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                Handle(new JobEvent.Failed(failure));
            }
        }

        (_scheduler as IDisposable)?.Dispose();
        // The source of cancellation is not disposed: whoever stopped the job may still be on the way to cancel it, and it holds nothing.
        _watch.Dispose();
        JobOutcome outcome;
        lock (_lock) outcome = ((JobState.Ended)_state).Outcome;
        if (outcome is JobOutcome.Failed failed) _completion.TrySetException(new JobFailedException(Plan.JobName, failed.Cause));
        else _completion.TrySetResult(new(Status, elapsed, outcome is JobOutcome.Cancelled));
    }

    void GiveUp(IReadOnlyList<SlowStep> stuck)
    {
        // What failed first is what to mend first; it would be lost behind the code that does not return.
        Exception? first;
        lock (_lock) first = _state is JobState.Stopping { Outcome: JobOutcome.Failed failed } ? failed.Cause : null;
        _completion.TrySetException(new JobFailedException(Plan.JobName, new StuckUserCodeException(stuck, first)));
    }

    /// <summary>Stands in for the scheduler while tasks are built, before the scheduler can be told of them.</summary>
    sealed class DeferredScheduler : ITaskScheduler
    {
        public ITaskScheduler Target { get; set; } = null!;

        public void Enqueue(StreamTask task) => Target.Enqueue(task);
    }
}
