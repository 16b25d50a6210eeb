using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>An asynchronous call a cell waits for without holding its thread: the task is notified when it has ended.</summary>
/// <param name="task">The task to notify.</param>
public sealed class AsyncStep(INotifiable task)
{
    Task? _running;

    /// <summary>Whether a call is under way or its outcome was not looked at.</summary>
    public bool IsPending => _running is not null;

    /// <summary>Begins to wait for a call. One at a time.</summary>
    /// <returns>Whether it had ended already.</returns>
    public bool Start(ValueTask call)
    {
        if (call.IsCompleted)
        {
            call.GetAwaiter().GetResult();
            return true;
        }

        _running = call.AsTask();
        _running.ContinueWith(
            static (_, owner) => ((INotifiable)owner!).Notify(), task, CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        return false;
    }

    /// <summary>Whether nothing is under way any more; throws what the call threw.</summary>
    public bool TryFinish()
    {
        if (_running is null) return true;
        if (!_running.IsCompleted) return false;
        Task ended = _running;
        _running = null;
        ended.GetAwaiter().GetResult();
        return true;
    }

    /// <summary>Waits for a call under way, whatever its outcome, before what it uses is disposed.</summary>
    public async ValueTask SettleAsync()
    {
        if (_running is { } running) await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
