using Millrace.Runtime.Tasks;

namespace Millrace.Testing;

/// <summary>Runs tasks one step at a time on the thread of the test, in the order they were put in line. Others may put them in line.</summary>
sealed class TestScheduler : ITaskScheduler
{
    static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    // Guards _line; pulsed on every change, because calls of connectors may end on other threads.
    readonly object _gate = new();
    readonly Queue<StreamTask> _line = new();

    /// <inheritdoc/>
    public void Enqueue(StreamTask task)
    {
        lock (_gate)
        {
            _line.Enqueue(task);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Something the test may wait for has happened.</summary>
    public void Pulse()
    {
        lock (_gate) Monitor.PulseAll(_gate);
    }

    /// <summary>Runs the next task in line for one step; false when there is none.</summary>
    public bool RunOne()
    {
        StreamTask? task;
        lock (_gate)
        {
            if (!_line.TryDequeue(out task)) return false;
        }

        task.Run();
        return true;
    }

    /// <summary>Waits until a task is in line or the condition holds; false when it took longer than anybody is willing to wait.</summary>
    public bool Wait(Func<bool> isDone, TimeSpan patience)
    {
        lock (_gate)
        {
            // A condition of the test's own may come true without a pulse: look at it once in a while as well.
            for (TimeSpan waited = TimeSpan.Zero; _line.Count == 0 && !isDone(); waited += Slice)
            {
                if (waited >= patience) return false;
                Monitor.Wait(_gate, Slice);
            }

            return true;
        }
    }
}
