using System.Collections.Concurrent;
using Millrace.Runtime.Diagnostics;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Runs tasks on a fixed number of threads. Each thread has a line of its own, so that a task tends to stay where its data is cached;
/// an idle thread helps itself from the others' lines. Tasks that block get a thread each.
/// </summary>
public sealed class WorkerThreads : ITaskScheduler, IDisposable
{
    readonly Worker[] _workers;
    readonly Dictionary<StreamTask, Worker> _own = [];
    volatile bool _isStopping;

    /// <summary>Threads for the given tasks, not started yet.</summary>
    /// <param name="threads">How many share the tasks that do not block; one or more.</param>
    /// <param name="tasks">All tasks.</param>
    public WorkerThreads(int threads, IReadOnlyList<StreamTask> tasks)
    {
        _workers = [.. Enumerable.Range(0, threads).Select(i => new Worker(this, $"millrace-worker-{i}", canHelp: true))];
        int next = 0;
        foreach (StreamTask task in tasks)
        {
            if (task.HasOwnThread) _own.Add(task, new Worker(this, $"millrace-{task.Name}", canHelp: false));
            else task.Home = next++ % threads;
        }
    }

    /// <summary>Starts the threads.</summary>
    public void Start()
    {
        foreach (Worker worker in _workers.Concat(_own.Values)) worker.Start();
    }

    /// <inheritdoc/>
    public void Enqueue(StreamTask task)
    {
        if (task.HasOwnThread)
        {
            _own[task].Add(task);
            return;
        }

        Worker home = _workers[task.Home];
        home.Add(task);
        // The home thread is at work and has other tasks in line: let an idle thread help.
        if (home.Waiting > 1) WakeHelper(home);
    }

    /// <summary>Lets the threads end once they are done with the step they are in. Does not wait for them.</summary>
    public void Dispose()
    {
        _isStopping = true;
        foreach (Worker worker in _workers.Concat(_own.Values)) worker.Wake();
    }

    void WakeHelper(Worker home)
    {
        foreach (Worker worker in _workers)
        {
            if (worker != home && worker.Wake()) return;
        }
    }

    sealed class Worker(WorkerThreads owner, string name, bool canHelp)
    {
        readonly ConcurrentQueue<StreamTask> _line = new();
        readonly object _parking = new();   // guards _isWoken; a monitor, because it blocks at once where other primitives spin first
        bool _isWoken;
        int _isParked;
        int _waiting;

        public int Waiting => Volatile.Read(ref _waiting);

        public void Start() => new Thread(Loop) { IsBackground = true, Name = name }.Start();

        public void Add(StreamTask task)
        {
            Interlocked.Increment(ref _waiting);
            _line.Enqueue(task);
            Interlocked.MemoryBarrier();
            Wake();
        }

        /// <summary>Wakes the thread if it is parked; false when it was not.</summary>
        public bool Wake()
        {
            if (Volatile.Read(ref _isParked) == 0 || Interlocked.Exchange(ref _isParked, 0) == 0) return false;
            lock (_parking)
            {
                _isWoken = true;
                Monitor.Pulse(_parking);
            }

            return true;
        }

        void Loop()
        {
            int threadId = ThreadStacks.CurrentThreadId();
            while (!owner._isStopping)
            {
                if (!TryTake(out StreamTask? task) && !TryParkThenTake(out task)) continue;
                task.ThreadId = threadId;
                task.Run();
                task.ThreadId = 0;
            }
        }

        /// <summary>Says that it parks, looks once more, then waits: whoever adds a task first adds and then looks for parked threads.</summary>
        bool TryParkThenTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StreamTask? task)
        {
            Interlocked.Exchange(ref _isParked, 1);
            if (TryTake(out task) || owner._isStopping)
            {
                if (Interlocked.Exchange(ref _isParked, 0) == 0) Wait();
                return task is not null;
            }

            Wait();
            return false;
        }

        void Wait()
        {
            lock (_parking)
            {
                while (!_isWoken) Monitor.Wait(_parking);
                _isWoken = false;
            }
        }

        bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StreamTask? task)
        {
            if (TryTakeOwn(out task)) return true;
            if (!canHelp) return false;
            foreach (Worker other in owner._workers)
            {
                if (other != this && other.Waiting > 0 && other.TryTakeOwn(out task)) return true;
            }

            return false;
        }

        bool TryTakeOwn([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StreamTask? task)
        {
            if (!_line.TryDequeue(out task)) return false;
            Interlocked.Decrement(ref _waiting);
            return true;
        }
    }
}
