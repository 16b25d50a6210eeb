using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime.Tasks;

public sealed class StreamTaskTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Notify_Idle_PutsItInLineOnce()
    {
        Line line = new();
        StreamTask task = Task(new Tally(long.MaxValue), line);
        task.Notify();
        task.Notify();
        Assert.Single(line.Queued);
    }

    [Fact]
    public void Notify_WhileRunning_RunsItAgain()
    {
        Line line = new();
        StreamTask? task = null;
        Tally tally = new(long.MaxValue) { Pulled = n => { if (n == 1) task!.Notify(); } };
        task = Task(tally, line);
        task.Notify();
        line.RunAll();
        Assert.Equal(2, tally.Pulls);
    }

    [Fact]
    public void Notify_Ended_IsIgnored()
    {
        Line line = new();
        StreamTask task = Task(new Tally(0), line);
        task.Notify();
        line.RunAll();
        Assert.True(task.IsEnded);
        task.Notify();
        Assert.Empty(line.Queued);
    }

    [Fact]
    public void Notify_FromManyThreads_IsNeverLost()
    {
        const int Tasks = 4, Notifiers = 3, Times = 20_000;
        Tally[] tallies = [.. Enumerable.Range(0, Tasks).Select(static _ => new Tally(Notifiers * Times))];
        Relay relay = new();
        StreamTask[] tasks = [.. tallies.Select(t => Task(t, relay))];
        using WorkerThreads workers = new(2, tasks, TimeProvider.System);
        relay.Target = workers;
        workers.Start();
        Thread[] threads = [.. Enumerable.Range(0, Notifiers).Select(n => new Thread(() =>
        {
            for (int i = 0; i < Times; i++)
            {
                int at = (i + n) % Tasks;
                for (int all = 0; all < Tasks; all++)
                {
                    tallies[(at + all) % Tasks].Add();
                    tasks[(at + all) % Tasks].Notify();
                }
            }
        }))];
        foreach (Thread thread in threads) thread.Start();

        foreach (Tally tally in tallies) Assert.True(tally.Done.Wait(Patience), $"lost after {tally.Total} of {Notifiers * Times}");
        foreach (Thread thread in threads) thread.Join();
    }

    [Fact]
    public void Notify_InARing_IsNeverLost()
    {
        // Each task wakes the next and sleeps: every wake-up meets a worker that is about to park.
        const int Tasks = 3, Rounds = 30_000;
        StreamTask[] tasks = new StreamTask[Tasks];
        Tally[] tallies = [.. Enumerable.Range(0, Tasks).Select(static _ => new Tally(Rounds))];
        Relay relay = new();
        for (int i = 0; i < Tasks; i++)
        {
            int next = (i + 1) % Tasks;
            tallies[i].Pulled = _ =>
            {
                tallies[next].Add();
                tasks[next].Notify();
            };
            tasks[i] = Task(tallies[i], relay);
        }

        using WorkerThreads workers = new(2, tasks, TimeProvider.System);
        relay.Target = workers;
        workers.Start();
        tallies[0].Add();
        tasks[0].Notify();
        foreach (Tally tally in tallies) Assert.True(tally.Done.Wait(Patience), $"lost after {tally.Total} of {Rounds}");
    }

    static StreamTask Task(Head head, ITaskScheduler scheduler)
    {
        StreamTask task = new("test", TimeProvider.System) { Subtask = new(0, 1) };
        task.Bind(new ChainDriver(head, [], TimeProvider.System, head.Snapshots), scheduler, new Owner());
        return task;
    }

    /// <summary>A head that adds up what it was given, and ends at a total.</summary>
    sealed class Tally : Head
    {
        readonly long _end;
        int _given;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Tally(long end)
        {
            OperatorId = "tally";
            Snapshots = new(new(0, 1));
            _end = end;
        }

        public ManualResetEventSlim Done { get; } = new();

        public long Total { get; private set; }

        public int Pulls { get; private set; }

        public Action<int> Pulled { get; set; } = static _ => { };

        public void Add() => Interlocked.Increment(ref _given);

        public override PullResult Pull()
        {
            Total += Interlocked.Exchange(ref _given, 0);
            Pulls++;
            if (Total >= _end)
            {
                IsEnded = true;
                Done.Set();
            }

            Pulled(Pulls);
            return PullResult.Dry;
        }
    }

    sealed class Line : ITaskScheduler
    {
        public Queue<StreamTask> Queued { get; } = new();

        public void Enqueue(StreamTask task) => Queued.Enqueue(task);

        public void RunAll()
        {
            while (Queued.TryDequeue(out StreamTask? task)) task.Run();
        }
    }

    sealed class Relay : ITaskScheduler
    {
        public ITaskScheduler Target { get; set; } = null!;

        public void Enqueue(StreamTask task) => Target.Enqueue(task);
    }

    sealed class Owner : ITaskOwner
    {
        public bool IsStopping => false;

        public void OnEnded(StreamTask task, Exception? failure) { }
    }
}
