using System.Runtime.CompilerServices;
using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// An asynchronous call a cell waits for without holding its thread: the task is notified when it has ended. Waiting allocates nothing of
/// its own. Owned by one task, but for the call's end, which may come on any thread.
/// </summary>
public sealed class AsyncStep
{
    readonly INotifiable _task;
    readonly Action _ended;
    ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _awaiter;
    TaskCompletionSource? _settled;
    bool _isEnded;

    /// <summary>Nothing is under way yet.</summary>
    /// <param name="task">The task to notify.</param>
    public AsyncStep(INotifiable task)
    {
        _task = task;
        _ended = OnEnded;
    }

    /// <summary>Whether a call is under way or its outcome was not looked at.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Begins to wait for a call. One at a time.</summary>
    /// <returns>Whether it had ended already.</returns>
    public bool Start(ValueTask call)
    {
        _awaiter = call.ConfigureAwait(false).GetAwaiter();
        if (_awaiter.IsCompleted)
        {
            _awaiter.GetResult();
            return true;
        }

        IsPending = true;
        Volatile.Write(ref _isEnded, false);
        _awaiter.UnsafeOnCompleted(_ended);
        return false;
    }

    /// <summary>Whether nothing is under way any more; throws what the call threw.</summary>
    public bool TryFinish()
    {
        if (!IsPending) return true;
        if (!Volatile.Read(ref _isEnded)) return false;
        IsPending = false;
        _awaiter.GetResult();
        return true;
    }

    /// <summary>Waits for a call under way, whatever its outcome, before what it uses is disposed. After the task's last step.</summary>
    public async ValueTask SettleAsync()
    {
        if (!IsPending) return;
        TaskCompletionSource settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _settled, settled);
        // The end of the call first says so and then looks whether somebody waits; we do the reverse, so one of us sees the other.
        if (!Volatile.Read(ref _isEnded)) await settled.Task.ConfigureAwait(false);
    }

    void OnEnded()
    {
        Interlocked.Exchange(ref _isEnded, true);
        Volatile.Read(ref _settled)?.TrySetResult();
        _task.Notify();
    }
}
