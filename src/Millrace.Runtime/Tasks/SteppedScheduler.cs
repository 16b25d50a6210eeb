namespace Millrace.Runtime.Tasks;

/// <summary>Runs tasks one step at a time on the caller's thread, in the order they were put in line: for tests and simulations.</summary>
public sealed class SteppedScheduler : ITaskScheduler
{
    readonly Lock _lock = new();   // guards _line: asynchronous calls of connectors may end on other threads
    readonly Queue<StreamTask> _line = new();

    /// <inheritdoc/>
    public void Enqueue(StreamTask task)
    {
        lock (_lock) _line.Enqueue(task);
    }

    /// <summary>Runs the next task in line for one step; false when there is none.</summary>
    public bool RunOne()
    {
        StreamTask? task;
        lock (_lock)
        {
            if (!_line.TryDequeue(out task)) return false;
        }

        task.Run();
        return true;
    }
}
