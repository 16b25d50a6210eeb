using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// One parallel instance of a chain. Runs on one worker thread at a time, a short step at a go, whenever it was notified:
/// <code>
/// Idle -- Notify --> Queued -- a worker takes it --> Running -- nothing to do --> Idle
///                      ^                                | Notify
///                      +---- More, or notified ---- RunningNotified          Running -- finished, failed, stopped --> Ended
/// </code>
/// </summary>
/// <param name="name">For people: the chain's operators and the subtask.</param>
/// <param name="time">The clock.</param>
public sealed class StreamTask(string name, TimeProvider time) : INotifiable, IAsyncDisposable
{
    const int Idle = 0, Queued = 1, Running = 2, RunningNotified = 3, Ended = 4;

    int _state;
    long _stepStarted;
    ChainDriver _driver = null!;
    ITaskScheduler _scheduler = null!;
    ITaskOwner _owner = null!;
    System.Threading.ITimer? _alarm;
    Timestamp _alarmAt = Timestamp.MaxValue;

    /// <summary>For people: the chain's operators and the subtask.</summary>
    public string Name { get; } = name;

    /// <summary>The worker that ran it last, whose caches are warm for it.</summary>
    public int Home { get; set; }

    /// <summary>The thread that runs it or ran it last, as the operating system numbers it; zero before the first step.</summary>
    public int ThreadId { get; set; }

    /// <summary>Whether the chain has a thread of its own.</summary>
    public bool HasOwnThread { get; init; }

    /// <summary>Which parallel instance it is.</summary>
    public required Subtask Subtask { get; init; }

    /// <summary>The chain.</summary>
    public ChainDriver Driver => _driver;

    /// <summary>Whether it will never run again.</summary>
    public bool IsEnded => Volatile.Read(ref _state) == Ended;

    /// <summary>How long the current step has taken; zero when none is running.</summary>
    public TimeSpan StepTime => Volatile.Read(ref _stepStarted) is > 0 and var started ? time.GetElapsedTime(started) : TimeSpan.Zero;

    /// <summary>Completes the task. Once, before it is notified.</summary>
    public void Bind(ChainDriver driver, ITaskScheduler scheduler, ITaskOwner owner)
    {
        _driver = driver;
        _scheduler = scheduler;
        _owner = owner;
    }

    /// <inheritdoc/>
    public void Notify()
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            int next = state switch { Idle => Queued, Running => RunningNotified, _ => state };
            if (next == state) return;
            if (Interlocked.CompareExchange(ref _state, next, state) != state) continue;
            if (next == Queued) _scheduler.Enqueue(this);
            return;
        }
    }

    /// <summary>Runs one step. Called by the worker that took the task out of the line.</summary>
    public void Run()
    {
        // A full fence: what was added before a Notify that found the task queued must be seen by the step. Pairs with the interlocked
        // operations of ReadySet.MarkReady, Channel.Return and AsyncStep.OnEnded.
        Interlocked.Exchange(ref _state, Running);
        if (_owner.IsStopping)
        {
            End(null);
            return;
        }

        Volatile.Write(ref _stepStarted, time.GetTimestamp());
        TaskStep step;
        try
        {
            step = _driver.Step();
        }
        catch (Exception failure)
        {
            // One of the two places that catch everything: whatever user code throws fails the job, with the operator and the record.
            End(new OperatorFailedException(_driver.Current.OperatorId, Subtask, Describe(_driver.Current.CurrentRecord), failure));
            return;
        }
        finally
        {
            Volatile.Write(ref _stepStarted, 0);
        }

        if (step == TaskStep.Finished) End(null);
        else if (step == TaskStep.More || !TrySleep()) Requeue();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_alarm is not null) await _alarm.DisposeAsync().ConfigureAwait(false);
        List<Exception> failures = [];
        foreach (Cell cell in _driver.Cells)
        {
            try
            {
                await cell.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception failure)
            {
                failures.Add(new OperatorFailedException(cell.OperatorId, Subtask, null, failure));
            }
        }

        if (failures.Count > 0) throw failures.Count == 1 ? failures[0] : new AggregateException(failures);
    }

    bool TrySleep()
    {
        SetAlarm(_driver.NextProcessingTime);
        return Interlocked.CompareExchange(ref _state, Idle, Running) == Running;
    }

    void Requeue()
    {
        Volatile.Write(ref _state, Queued);
        _scheduler.Enqueue(this);
    }

    void End(Exception? failure)
    {
        Volatile.Write(ref _state, Ended);
        _owner.OnEnded(this, failure);
    }

    void SetAlarm(Timestamp at)
    {
        if (at == _alarmAt) return;
        _alarmAt = at;
        _alarm ??= time.CreateTimer(static task => ((StreamTask)task!).OnAlarm(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (at == Timestamp.MaxValue)
        {
            _alarm.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            return;
        }

        // One tick more, because a deadline has passed only once the clock shows more; and whole milliseconds, as timers count them.
        Timestamp now = Timestamp.FromDateTimeOffset(time.GetUtcNow());
        double waitMs = at < now ? 0 : Math.Min(Math.Floor((at - now).TotalMilliseconds) + 1, MaxAlarmMs);
        _alarm.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
    }

    void OnAlarm()
    {
        // May come early for deadlines beyond the reach of timers, or be late for one that moved: the step looks at the clock itself.
        _alarmAt = Timestamp.MaxValue;
        Notify();
    }

    static string? Describe(object? record)
    {
        if (record is null) return null;
        string text;
        try
        {
            text = record.ToString() ?? "";
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The user's ToString failed: the first failure is the one to report.
            return $"a {record.GetType().Name} whose ToString throws {failure.GetType().Name}";
        }

        return text.Length <= RecordTextMax ? text : string.Concat(text.AsSpan(0, RecordTextMax), "…");
    }

    const double MaxAlarmMs = 24 * 60 * 60 * 1000.0;
    const int RecordTextMax = 500;
}

/// <summary>User code, a source or a sink threw, which ended the job.</summary>
/// <param name="operatorId">The operator.</param>
/// <param name="subtask">Its parallel instance.</param>
/// <param name="record">The record being handled, as text; null when there was none.</param>
/// <param name="cause">What was thrown, with its stack.</param>
public sealed class OperatorFailedException(string operatorId, Subtask subtask, string? record, Exception cause)
    : Exception($"operator '{operatorId}' (subtask {subtask}) failed{(record is null ? "" : $" on record {record}")}: {RemoteException.TypeOf(cause)}: {cause.Message}", cause)
{
    /// <summary>The operator.</summary>
    public string OperatorId { get; } = operatorId;

    /// <summary>Its parallel instance.</summary>
    public Subtask Subtask { get; } = subtask;

    /// <summary>The record being handled, as text; null when there was none.</summary>
    public string? Record { get; } = record;
}
