using System.Collections.Concurrent;
using System.Threading.Channels;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Takes the checkpoints of one deployment: <see cref="CheckpointMachine"/> over tasks, store, ledger and sinks. Made after the entry that
/// begins the deployment, closed before the next. All methods may be called from any thread and return at once.
/// </summary>
public sealed class CheckpointCoordinator : IAsyncDisposable
{
    readonly CheckpointContext _context;
    readonly CheckpointBooks _books = new();
    readonly ManifestCache _cache;
    readonly CheckpointWriter _writer;
    readonly CheckpointFollowUp _followUp;
    readonly SnapshotCleaner _cleaner;
    readonly Channel<CheckpointEvent> _events = Channel.CreateUnbounded<CheckpointEvent>(new UnboundedChannelOptions { SingleReader = true });
    readonly ConcurrentDictionary<long, TaskCompletionSource<CheckpointAnswer>> _answers = [];
    readonly TaskCompletionSource<CheckpointAnswer> _final = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly System.Threading.ITimer _timer;
    readonly long _started;
    readonly DateTimeOffset _startedAt;
    CheckpointState _state;       // the loop's alone
    Task _following = Task.CompletedTask, _completing = Task.CompletedTask;   // set by the loop, read once it has ended
    Task? _closing;
    long _tickets;

    /// <summary>Begins; nothing is triggered before <see cref="Start"/>.</summary>
    public CheckpointCoordinator(CheckpointContext context)
    {
        AttemptId deployment = context.Ledger.State.Attempt ?? throw new ArgumentException("the ledger has begun no attempt", nameof(context));
        _context = context;
        _cache = new ManifestCache(context.Manifests.ReadAsync);
        _cleaner = new SnapshotCleaner(context.Store, context.Ledger.Keys);
        _writer = new CheckpointWriter(context, _books, _cache, deployment);
        _followUp = new CheckpointFollowUp(context, _books, _cache, _cleaner);
        _state = CheckpointMachine.Begin(context.Options.Validated(), context.Ledger.State.NextCheckpoint);
        _started = context.Time.GetTimestamp();
        _startedAt = context.Time.GetUtcNow();
        _timer = context.Time.CreateTimer(_ => Post(new CheckpointEvent.TimePassed(Now)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Completion = RunAsync();
        _ = ReleaseAsync();
    }

    /// <summary>
    /// Completes when the coordinator is closed. Faults when the tasks must be restarted (<see cref="CheckpointFailedException"/>, the failure of
    /// a sink), or when this process leads no longer (<see cref="LedgerFencedException"/>).
    /// </summary>
    public Task Completion { get; }

    /// <summary>All tasks run. Once.</summary>
    /// <param name="workers">How many workers send parts; one or more.</param>
    public void Start(int workers = 1) => Post(new CheckpointEvent.TasksRun(Now, workers));

    /// <summary>A worker's part is durable.</summary>
    public void OnSnapshot(WorkerSnapshot snapshot, int worker = 0) => Post(new CheckpointEvent.Collected(Now, worker, snapshot));

    /// <summary>A worker cannot take part.</summary>
    public void OnDeclined(SnapshotDeclined declined) => Post(new CheckpointEvent.Declined(Now, declined));

    /// <summary>All tasks have finished and wait for the final checkpoint, or for that of a stop that drains.</summary>
    /// <returns>Once sinks have committed what it owes.</returns>
    public Task<CheckpointAnswer> FinishAsync()
    {
        if (!Post(new CheckpointEvent.TasksFinished(Now))) _final.TrySetResult(new CheckpointAnswer.Refused("the job is being restarted"));
        return _final.Task;
    }

    /// <summary>Takes a checkpoint now.</summary>
    /// <returns>Once sinks have committed what it owes.</returns>
    public Task<CheckpointAnswer> TriggerAsync() => AskAsync(CheckpointPurpose.Manual, null, false);

    /// <summary>Takes a savepoint.</summary>
    /// <param name="target">The folder; null for the job's own place.</param>
    /// <returns>Once its folder is complete; refused, with the checkpoint kept, when it cannot be written.</returns>
    public async Task<CheckpointAnswer> SavepointAsync(string? target)
    {
        try
        {
            if (await ProblemAsync(target, _context.Ledger.Lost) is { } problem) return new CheckpointAnswer.Refused(problem);
        }
        catch (OperationCanceledException) when (_context.Ledger.Lost.IsCancellationRequested)
        {
            return new CheckpointAnswer.Refused("another process leads the job by now");
        }

        return await AskAsync(CheckpointPurpose.Savepoint, target, false);
    }

    /// <summary>
    /// Records that the job stops and takes the savepoint that sources end with. When draining, the caller ends the sources, and the
    /// savepoint is taken when all tasks have finished. The caller ends the tasks then, and calls <see cref="EndAsync"/>.
    /// </summary>
    /// <param name="isDrain">Whether all windows and event timers fire first.</param>
    /// <param name="target">The folder; null for the job's own place.</param>
    /// <param name="cancellationToken">Cancels the recording only; a stop that was recorded is finished, by the next start if need be.</param>
    public async Task<CheckpointAnswer> StopAsync(bool isDrain, string? target, CancellationToken cancellationToken)
    {
        // One that was recorded is finished, wherever it led; a new one is not begun when its savepoint cannot be written.
        if (_context.Ledger.State.Stop is null && await ProblemAsync(target, cancellationToken) is { } problem) return new CheckpointAnswer.Refused(problem);
        await _context.Ledger.AppendAsync(state => state is { Stop: null, Phase: JobPhase.Running } ? [new LedgerEvent.Stopping(isDrain, target)] : [], cancellationToken);
        if (_context.Ledger.State.Stop is null) return new CheckpointAnswer.Refused("the job has ended meanwhile");
        return await AskAsync(CheckpointPurpose.Stop, target, isDrain);
    }

    /// <summary>
    /// The tasks are gone: nothing more is triggered, what is being committed is finished, and what was done is recorded. Idempotent.
    /// </summary>
    /// <exception cref="LedgerFencedException">This process leads no longer; nothing was recorded.</exception>
    public Task CloseAsync() => _closing ??= CloseOnceAsync();

    /// <summary>Closes, and records how the job ended. Finished, stopped and cancelled wait until sinks have committed everything owed.</summary>
    /// <param name="end">Stopped, cancelled, interrupted, finished or failed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task EndAsync(LedgerEvent end, CancellationToken cancellationToken)
    {
        await CloseAsync();
        if (CheckpointDecision.IsSettledFirst(end)) await _followUp.CommitAsync(cancellationToken);
        await _cache.LoadAsync(_context.Ledger.State, cancellationToken);
        CheckpointPage page = _books.Open();
        await _context.Ledger.AppendAsync(state => CheckpointDecision.End(state, end, page, _context.Options, _cache.Find), cancellationToken);
        _books.Close(page);
        await _cleaner.ResumeAsync(_context.Ledger, cancellationToken);
    }

    /// <summary>As <see cref="CloseAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        await _timer.DisposeAsync();
    }

    TimeSpan Now => _context.Time.GetElapsedTime(_started);

    bool Post(CheckpointEvent e) => _events.Writer.TryWrite(e);

    ValueTask<string?> ProblemAsync(string? target, CancellationToken cancellationToken) =>
        _context.Savepoints?.CheckAsync(target, cancellationToken) ?? new("the job was given nowhere to gather savepoints");

    Task<CheckpointAnswer> AskAsync(CheckpointPurpose purpose, string? target, bool isDrain)
    {
        var request = new CheckpointRequest(Interlocked.Increment(ref _tickets), purpose, target, isDrain);
        var answer = new TaskCompletionSource<CheckpointAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _answers[request.Ticket] = answer;
        if (!Post(new CheckpointEvent.Asked(Now, request))) Answer(request, new CheckpointAnswer.Refused("the job is ending or being restarted"));
        return answer.Task;
    }

    void Answer(CheckpointRequest? request, CheckpointAnswer answer)
    {
        if (request is not null && _answers.TryRemove(request.Ticket, out TaskCompletionSource<CheckpointAnswer>? waiting)) waiting.TrySetResult(answer);
    }

    async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await foreach (CheckpointEvent e in _events.Reader.ReadAllAsync())
        {
            (_state, var effects) = CheckpointMachine.Step(_state, e);
            foreach (CheckpointEffect effect in effects) Do(effect);
            TimeSpan wake = CheckpointMachine.NextWake(_state);
            TimeSpan due = wake == TimeSpan.MaxValue ? Timeout.InfiniteTimeSpan : wake > Now ? wake - Now : TimeSpan.FromTicks(1);
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>
    /// Once the loop has failed nobody is answered by it any more. Whoever closes the coordinator waits for the tasks first, and they
    /// may wait for an answer: so it is given here.
    /// </summary>
    async Task ReleaseAsync()
    {
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Completion.Exception?.InnerException is not { } failure) return;
        foreach (CheckpointRequest request in _answers.Keys.Select(static ticket => new CheckpointRequest(ticket, CheckpointPurpose.Manual)))
            Answer(request, new CheckpointAnswer.Refused(failure.Message));
        _final.TrySetResult(new CheckpointAnswer.Refused(failure.Message));
    }

    void Do(CheckpointEffect effect)
    {
        switch (effect)
        {
            case CheckpointEffect.Trigger trigger: _context.Tasks.Trigger(trigger.Attempt.Barrier); break;
            case CheckpointEffect.Complete complete: _completing = Watch(CompleteAsync(complete.Attempt, CheckpointDecision.Parents(_state, complete.Attempt), Now)); break;
            case CheckpointEffect.Confirm confirm: _context.Tasks.Confirm(confirm.Attempt.Id); break;
            case CheckpointEffect.Abort abort:
                _context.Tasks.Abort(abort.Id);
                _context.OnAborted?.Invoke(abort.Id, abort.Why);
                break;
            case CheckpointEffect.Discard discard: _books.Discard(discard.Snapshot); break;
            case CheckpointEffect.Refuse refuse: Answer(refuse.Request, new CheckpointAnswer.Refused(refuse.Why)); break;
            case CheckpointEffect.Supersede by: _following = Watch(AnswerAfterAsync(_following, by)); break;
            case CheckpointEffect.FailTasks fail: _events.Writer.TryComplete(new CheckpointFailedException(fail.Why)); break;
        }
    }

    /// <summary>What the later checkpoint owes is of the earlier one as well: whoever asked for that is answered when it is committed.</summary>
    async Task AnswerAfterAsync(Task followedUp, CheckpointEffect.Supersede superseded)
    {
        SnapshotReference snapshot = _context.Ledger.State.Retained.Select(r => r.Snapshot).Last(r => r.Id == superseded.Id);
        await followedUp;
        Answer(superseded.Request, new CheckpointAnswer.Taken(snapshot, null));
    }

    async Task CompleteAsync(CheckpointAttempt attempt, HashSet<long> parents, TimeSpan collectedAt)
    {
        CheckpointMeters meters = new();
        CommittedSnapshot committed;
        try
        {
            committed = await _writer.CommitAsync(attempt, _startedAt + attempt.BegunAt, parents, meters.Leader, _context.Ledger.Lost);
        }
        catch (StoreUnavailableException e)
        {
            Post(new CheckpointEvent.CommitFailed(Now, attempt.Id, e.Message));
            return;
        }

        TimeSpan writtenAt = Now;
        Task before = _following;
        _following = Watch(FollowAsync(before, attempt, committed, collectedAt, writtenAt, meters));
        Post(new CheckpointEvent.Committed(writtenAt, attempt.Id, _context.Options.Wear.Find(committed.Manifest)));
    }

    async Task FollowAsync(
        Task before, CheckpointAttempt attempt, CommittedSnapshot committed, TimeSpan collectedAt, TimeSpan writtenAt, CheckpointMeters meters)
    {
        await before;
        SnapshotReference snapshot = committed.Snapshot;
        FollowUpResult result = await _followUp.RunAsync(attempt, snapshot, meters, _context.Ledger.Lost);
        PackEntry[] packs = [.. attempt.Collected.Values.SelectMany(part => part.Packs)];
        long written = packs.Sum(static pack => pack.Length);
        _context.OnTaken?.Invoke(new CheckpointStatistics(
            snapshot, attempt.Purpose, _startedAt + attempt.BegunAt, collectedAt - attempt.BegunAt, writtenAt - collectedAt,
            result.Committing, result.Cleaning, result.Gathering, written, packs.Length,
            committed.Manifest.Packs.Sum(static pack => pack.Length) - written, result.Transactions, meters.Traffic(attempt.Collected.Values), result.Deleted));
        var taken = new CheckpointAnswer.Taken(snapshot, result.Folder);
        Answer(attempt.Request, result.NotGathered is { } why ? new CheckpointAnswer.Refused(why) : taken);
        if (attempt.IsFinal && attempt.Purpose is CheckpointPurpose.Final or CheckpointPurpose.Stop) _final.TrySetResult(taken);
    }

    /// <summary>A failure in the background ends the coordinator, visibly.</summary>
    async Task Watch(Task work)
    {
        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (work.IsFaulted) _events.Writer.TryComplete(work.Exception.InnerException);
        else if (work.IsCanceled) _events.Writer.TryComplete(new LedgerFencedException(_context.Ledger.Job, _context.Ledger.Claim.Term, "it was overtaken"));
        await work;
    }

    async Task CloseOnceAsync()
    {
        Post(new CheckpointEvent.TasksGone(Now, "the tasks ended"));
        _events.Writer.TryComplete();
        await Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);   // whoever watches the coordinator has its failure
        await _completing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (TaskCompletionSource<CheckpointAnswer> waiting in _answers.Values) waiting.TrySetResult(new CheckpointAnswer.Refused("the tasks ended"));
        _answers.Clear();
        _final.TrySetResult(new CheckpointAnswer.Refused("the tasks ended"));
        DiscardUnderWay();
        CheckpointPage page = _books.Open();
        LedgerEvent[] events = [.. page.Events()];
        if (events.Length > 0) await _context.Ledger.AppendAsync(events, CancellationToken.None);
        _books.Close(page);
    }

    void DiscardUnderWay()
    {
        foreach (CheckpointAttempt attempt in CheckpointDecision.LeftUnderWay(_state, _context.Ledger.State))
        {
            _context.Tasks.Abort(attempt.Id);
            foreach (WorkerSnapshot part in attempt.Collected.Values) _books.Discard(part);
        }
    }
}
