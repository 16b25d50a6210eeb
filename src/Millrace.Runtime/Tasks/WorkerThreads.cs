using System.Collections.Concurrent;
using Millrace.Runtime.Diagnostics;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Runs tasks on a fixed number of threads. Each thread has a line of its own, so that a task tends to stay where its data is cached;
/// an idle thread helps itself from the others' lines. Tasks that block get a thread each.
/// </summary>
public sealed class WorkerThreads : ITaskScheduler, IDisposable
{
    // How long a thread that ran dry looks around before it parks, if its last pause was short: waking it costs about as much.
    static readonly TimeSpan s_spin = TimeSpan.FromMicroseconds(50);

    [ThreadStatic]
    static Worker? t_current;

    readonly TimeProvider _time;
    readonly Worker[] _workers;
    readonly Dictionary<StreamTask, Worker> _own = [];
    volatile bool _isStopping;

    /// <summary>Threads for the given tasks, not started yet.</summary>
    /// <param name="threads">How many share the tasks that do not block; one or more.</param>
    /// <param name="tasks">All tasks.</param>
    /// <param name="time">The clock, to tell short pauses from long ones.</param>
    public WorkerThreads(int threads, IReadOnlyList<StreamTask> tasks, TimeProvider time)
    {
        _time = time;
        _workers = [.. Enumerable.Range(0, threads).Select(i => new Worker(this, i, $"millrace-worker-{i}", canHelp: true))];
        int next = 0;
        foreach (StreamTask task in tasks)
        {
            if (task.HasOwnThread) _own.Add(task, new Worker(this, 0, $"millrace-{task.Name}", canHelp: false));
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
            _own[task].AddAndWake(task);
            return;
        }

        Worker home = _workers[task.Home];
        Worker? current = t_current is { IsShared: true } shared && shared.Owner == this ? shared : null;
        if (current is { Waiting: 0 } && (home == current || home.IsParked))
        {
            // What a step makes runnable can run next on the same thread, so that nobody has to be woken for a record or two.
            current.Add(task);
            return;
        }

        // A thread that looks around finds it by itself; one that is at work may be so for long, so an idle one is asked to help.
        if (!home.AddAndWake(task) && home.IsBusy) WakeHelper();
    }

    /// <summary>Wakes a thread for tasks that wait behind a step that takes long. Called once in a while.</summary>
    public void HelpThoseThatWait()
    {
        if (Array.Exists(_workers, static worker => worker is { Waiting: > 0, IsBusy: true })) WakeHelper();
    }

    /// <summary>Lets the threads end once they are done with the step they are in. Does not wait for them.</summary>
    public void Dispose()
    {
        _isStopping = true;
        // A thread parks first and then looks whether it should stop; this does the reverse, so one of the two sees the other.
        Interlocked.MemoryBarrier();
        foreach (Worker worker in _workers.Concat(_own.Values)) worker.Wake();
    }

    void WakeHelper()
    {
        foreach (Worker worker in _workers)
        {
            if (worker.Wake()) return;
        }
    }

    sealed class Worker(WorkerThreads owner, int index, string name, bool canHelp)
    {
        readonly ConcurrentQueue<StreamTask> _line = new();
        readonly object _parking = new();   // guards _isWoken; a monitor, because it blocks at once where other primitives spin first
        bool _isWoken;
        bool _wasPauseShort;
        bool _isBusy;
        int _isParked;
        int _waiting;

        public WorkerThreads Owner => owner;

        public bool IsShared => canHelp;

        public bool IsParked => Volatile.Read(ref _isParked) != 0;

        public bool IsBusy => Volatile.Read(ref _isBusy);

        public int Waiting => Volatile.Read(ref _waiting);

        public void Start() => new Thread(Loop) { IsBackground = true, Name = name }.Start();

        public void Add(StreamTask task)
        {
            Interlocked.Increment(ref _waiting);
            _line.Enqueue(task);
        }

        /// <summary>Adds a task and wakes the thread if it is parked; false when it was not.</summary>
        public bool AddAndWake(StreamTask task)
        {
            Add(task);
            Interlocked.MemoryBarrier();
            return Wake();
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
            t_current = this;
            while (!owner._isStopping)
            {
                if (!TryTake(out StreamTask? task) && !TrySpinThenTake(out task) && !TryParkThenTake(out task)) continue;
                task.Home = index;
                task.ThreadId = threadId;
                Volatile.Write(ref _isBusy, true);
                task.Run();
                Volatile.Write(ref _isBusy, false);
            }
        }

        /// <summary>Looks around a little longer, if work came quickly the last time there was none.</summary>
        bool TrySpinThenTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out StreamTask? task)
        {
            task = null;
            if (!_wasPauseShort) return false;
            for (long start = owner._time.GetTimestamp(); owner._time.GetElapsedTime(start) < s_spin && !owner._isStopping;)
            {
                Thread.SpinWait(16);
                if (TryTake(out task)) return true;
            }

            return false;
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

            long start = owner._time.GetTimestamp();
            Wait();
            _wasPauseShort = owner._time.GetElapsedTime(start) < 4 * s_spin;
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
