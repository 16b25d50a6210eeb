namespace Millrace.Storage;

/// <summary>
/// Threads that wait for the disk, so that nobody else does: flushing a file blocks its thread for milliseconds, and the engine's
/// workers and the runtime's pool have other things to do. A thread starts when there is work and none is idle, up to a limit. Thread-safe.
/// </summary>
/// <param name="name">What the threads are called.</param>
/// <param name="threadsMax">How many at most.</param>
sealed class IoThreads(string name, int threadsMax) : IAsyncDisposable
{
    // Guards everything below; its condition says that there is work, or that no more will come.
    readonly object _gate = new();
    readonly Queue<Action> _work = new();
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _threads, _idle;
    bool _closing;

    /// <summary>Runs a function on one of the threads. Work that has not begun is dropped when it is cancelled; work that has runs to its end.</summary>
    /// <exception cref="ObjectDisposedException">The store is disposed of.</exception>
    public Task<T> RunAsync<T>(Func<T> function, CancellationToken cancellationToken)
    {
        TaskCompletionSource<T> result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Enqueue(() => Run(function, result, cancellationToken));
        return result.Task;
    }

    /// <summary>Lets the work that is there be done, then ends the threads.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _closing = true;
            if (_threads == 0) _ended.TrySetResult();
            Monitor.PulseAll(_gate);
        }

        return new(_ended.Task);
    }

    static void Run<T>(Func<T> function, TaskCompletionSource<T> result, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            result.SetCanceled(cancellationToken);
            return;
        }

        try
        {
            result.SetResult(function());
        }
        catch (Exception e)
        {
            // Handed to whoever awaits the call; nothing is decided here.
            result.SetException(e);
        }
    }

    void Enqueue(Action work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, typeof(LocalObjectStore));
            _work.Enqueue(work);
            if (_idle < _work.Count && _threads < threadsMax)
            {
                _threads++;
                new Thread(Loop) { IsBackground = true, Name = $"{name} {_threads}" }.Start();
            }

            Monitor.Pulse(_gate);
        }
    }

    void Loop()
    {
        while (TryTake() is { } work) work();
    }

    Action? TryTake()
    {
        lock (_gate)
        {
            while (_work.Count == 0 && !_closing)
            {
                _idle++;
                Monitor.Wait(_gate);
                _idle--;
            }

            if (_work.TryDequeue(out Action? work)) return work;
            if (--_threads == 0) _ended.TrySetResult();
            return null;
        }
    }
}
