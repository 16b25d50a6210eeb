using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>Looks once in a while for steps that take long, names them, and sees to it that nothing waits behind them. Thread-safe.</summary>
sealed class StepWatch(StreamTask[] tasks, ITaskScheduler? scheduler, EmbeddedOptions options) : IDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Lock _looking = new();   // guards _reported: a timer may come again while it is still being handled
    readonly HashSet<StreamTask> _reported = [];
    System.Threading.ITimer? _timer;

    public void Start() => _timer = options.Time.CreateTimer(static watch => ((StepWatch)watch!).Look(), this, Limits.StepTimeReported, Limits.StepTimeReported);

    /// <summary>Calls back with the tasks that still run after a time; does nothing once the job has ended.</summary>
    public async Task GiveUpAfterAsync(TimeSpan limit, Action<IReadOnlyList<SlowStep>> giveUp)
    {
        try
        {
            await Task.Delay(limit, options.Time, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        giveUp([.. tasks.Where(static t => t.StepTime > TimeSpan.Zero).Select(Describe)]);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _timer?.Dispose();
    }

    void Look()
    {
        (scheduler as WorkerThreads)?.HelpThoseThatWait();
        if (!_looking.TryEnter()) return;
        try
        {
            Report();
        }
        finally
        {
            _looking.Exit();
        }
    }

    void Report()
    {
        foreach (StreamTask task in tasks)
        {
            // Once per long step: it is told again only after the task has been seen doing something else.
            if (task.StepTime < Limits.StepTimeReported) _reported.Remove(task);
            else if (_reported.Add(task)) options.SlowStepSeen(Describe(task));
        }
    }

    static SlowStep Describe(StreamTask task) => new(task.Driver.Current.OperatorId, task.Name, task.StepTime, task.ThreadId);
}
