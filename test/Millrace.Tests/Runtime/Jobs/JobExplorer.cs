using System.Collections.Immutable;
using Millrace.Runtime.Jobs;
using Millrace.Tests.Runtime.Checkpoints;

namespace Millrace.Tests.Runtime.Jobs;

/// <summary>What the mutations of <see cref="JobExplorer"/> take out.</summary>
enum JobMutation
{
    None,

    /// <summary>The tasks run when the first worker is ready.</summary>
    RunsEarly,

    /// <summary>A worker that is lost counts as one whose tasks have ended.</summary>
    LostIsEnded,

    /// <summary>Whoever is deployed after a cancel is not told of it.</summary>
    CancelForgotten,

    /// <summary>What fails after the first reason to stop is reported in its place.</summary>
    LastReasonCounts,
}

/// <summary>
/// Explores one deployment over several workers: <see cref="JobMachine"/> at the leader and at each worker, with the messages between them in the order they were sent, one connection
/// each. Tasks end or fail, somebody cancels, connections are lost, opening and closing fail, at any time. What carries it out is modelled after <c>LeaderRole</c>, <c>WorkerShares</c>, <c>WorkerAttempt</c> and <c>Deployment</c>.
/// </summary>
sealed class JobExplorer(int workers, int failures, JobMutation mutation = JobMutation.None)
{
    static readonly InvalidOperationException s_failure = new("it failed");

    readonly Exploration<World> _exploration = new();

    public int States => _exploration.States;

    public bool IsComplete => _exploration.IsComplete;

    /// <summary>The first broken invariant; null when none can be.</summary>
    public string? Explore()
    {
        World start = new() { Workers = [.. Enumerable.Range(0, workers).Select(static _ => new Worker())], Failures = failures };
        return _exploration.Run(start, Successors, int.MaxValue);
    }

    IEnumerable<World> Successors(World world)
    {
        World[] all;
        try
        {
            World[] progress = [.. Progress(world)];
            all = [.. progress, .. Troubles(world)];
            if (progress.Length == 0 && Unfinished(world) is { } unfinished) all = [world with { Broken = unfinished }];
        }
        catch (System.Diagnostics.UnreachableException e)
        {
            all = [world with { Broken = e.Message }];
        }

        return all;
    }

    IEnumerable<World> Progress(World world)
    {
        if (world.IsOpening) yield return Opened(world);
        if (world is { Leader: JobState.Ended, IsReleased: false, IsOpening: false }) yield return Release(world);
        for (int i = 0; i < world.Workers.Length; i++)
        {
            Worker worker = world.Workers[i];
            if (worker.ToWorker.Length > 0) yield return Hear(world.With(i, worker with { ToWorker = worker.ToWorker[1..] }), i, worker.ToWorker[0]);
            if (worker.ToLeader.Length > 0) yield return HearLeader(world.With(i, worker with { ToLeader = worker.ToLeader[1..] }), i, worker.ToLeader[0]);
            if (worker is { State: JobState.Starting, IsOpen: false }) yield return world.With(i, (worker with { IsOpen = true }).Tell('r'));
            if (worker.State is JobState.Running or JobState.Stopping) yield return Handle(world, i, new JobEvent.TasksEnded());
            if (worker is { State: JobState.Ended ended, IsTold: false }) yield return world.With(i, (worker with { IsTold = true }).Tell(ended.Outcome switch { JobOutcome.Finished => 'e', JobOutcome.Cancelled => 'c', _ => 'x' }));
        }
    }

    IEnumerable<World> Troubles(World world)
    {
        if (world.CanCancel && !world.IsReleased) yield return HandleLeader(world with { CanCancel = false }, new JobEvent.CancelAsked());
        if (world.Failures == 0) yield break;
        World troubled = world with { Failures = world.Failures - 1 };
        if (world is { Leader: JobState.Starting or JobState.Ended, IsReleased: false }) yield return FailLeader(troubled);
        for (int i = 0; i < world.Workers.Length; i++)
        {
            Worker worker = world.Workers[i];
            if (worker.IsLost || worker.State is null || world.IsReleased) continue;
            if (!worker.IsTold) yield return Handle(troubled, i, new JobEvent.Failed(s_failure));
            // What was under way either way is lost, and the worker lets the deployment go by itself.
            World lost = FailLeader(troubled.With(i, worker with { IsLost = true, ToWorker = "", ToLeader = "" }), isLost: true);
            yield return Ended(Handle(lost, i, new JobEvent.CancelAsked()), i);
        }
    }

    World Opened(World world)
    {
        world = world with { IsOpening = false };
        // Whoever has no share when the deployment is cancelled does not get one.
        if (!world.IsCancelled || mutation == JobMutation.CancelForgotten)
            world = world with { Live = world.Live + workers, Workers = [.. world.Workers.Select(static w => w with { State = new JobState.Starting() })] };
        return Down(world);
    }

    World Down(World world)
    {
        world = world with { Live = world.Live - 1 };
        return world.Live == 0 ? HandleLeader(world, new JobEvent.TasksEnded()) : world;
    }

    World Ended(World world, int i) => world.Workers[i].HasEnded ? world : Down(world.With(i, world.Workers[i] with { HasEnded = true }));

    World FailLeader(World world, bool isLost = false) => isLost && mutation == JobMutation.LostIsEnded ? world
        : HandleLeader(world, new JobEvent.Failed(s_failure));

    World HearLeader(World world, int i, char message)
    {
        if (world.IsReleased) return world;
        Worker worker = world.Workers[i];
        switch (message)
        {
            case 'r':
                world = world.With(i, worker with { IsReady = true });
                bool areReady = mutation == JobMutation.RunsEarly || world.Workers.All(static w => w.IsReady);
                return areReady ? HandleLeader(world, new JobEvent.Opened()) : world;
            case 'f': return FailLeader(world);
            case 'e': return Ended(world, i);
            // Nobody here asked for it, or the reason is known already.
            default: return Ended(FailLeader(world), i);
        }
    }

    World HandleLeader(World world, JobEvent e)
    {
        (JobState next, JobEffect effect) = JobMachine.Step(world.Leader, e);
        if (mutation == JobMutation.LastReasonCounts && (world.Leader, e) is (JobState.Stopping, JobEvent.Failed failed)) next = new JobState.Stopping(new JobOutcome.Failed(failed.Cause));
        world = world with { Leader = next };
        switch (effect)
        {
            case JobEffect.RunTasks when world.Workers.Any(static w => !w.IsReady): return world with { Broken = "tasks are let run before all workers are ready" };
            case JobEffect.RunTasks: return world with { Workers = [.. world.Workers.Select(static w => w.Hear('R'))] };
            case JobEffect.StopTasks: return world with { IsCancelled = true, Reason = e is JobEvent.CancelAsked ? "was cancelled" : "failed", Workers = [.. world.Workers.Select(static w => w.Hear('C'))] };
            default: return world;
        }
    }

    World Release(World world)
    {
        JobOutcome outcome = ((JobState.Ended)world.Leader).Outcome;
        string? broken = outcome switch
        {
            JobOutcome.Finished when world.Workers.Any(static w => w.State is not JobState.Ended { Outcome: JobOutcome.Finished } || w.IsLost && !w.HasEnded) => "the job has finished, and tasks of a worker have not",
            JobOutcome.Finished when world.Reason is { } reason => $"the job has finished, and it {reason} before",
            JobOutcome.Cancelled when world.Reason != "was cancelled" => $"the job is reported as cancelled, and it {world.Reason} before",
            JobOutcome.Failed when world.Reason == "was cancelled" => "the job is reported as failed, and it was cancelled before",
            _ => null,
        };
        return world with { IsReleased = true, Broken = broken, Workers = [.. world.Workers.Select(static w => w.Hear('C'))] };
    }

    World Hear(World world, int i, char message) => Handle(world, i, message == 'R' ? new JobEvent.Opened() : new JobEvent.CancelAsked());

    static World Handle(World world, int i, JobEvent e)
    {
        Worker worker = world.Workers[i];
        (JobState next, _) = JobMachine.Step(worker.State!, e);
        worker = worker with { State = next };
        if (e is JobEvent.Failed && !worker.HasFailed) worker = (worker with { HasFailed = true }).Tell('f');
        return world.With(i, worker);
    }

    static string? Unfinished(World world)
    {
        if (!world.IsReleased) return $"the leader waits for nothing: {world.Leader}";
        return world.Workers.Any(static w => w is { IsLost: false, State: not (null or JobState.Ended) }) ? "a worker's tasks are left running" : null;
    }

    sealed record Worker
    {
        public JobState? State { get; init; }

        public bool IsOpen { get; init; }

        public bool IsReady { get; init; }

        public bool HasFailed { get; init; }

        public bool IsTold { get; init; }

        public bool HasEnded { get; init; }

        public bool IsLost { get; init; }

        public string ToWorker { get; init; } = "";

        public string ToLeader { get; init; } = "";

        public Worker Tell(char message) => IsLost ? this : this with { ToLeader = ToLeader + message };

        public Worker Hear(char message) => IsLost || State is null ? this : this with { ToWorker = ToWorker + message };

        public override string ToString() => $"{Text(State)}{IsOpen}{IsReady}{HasFailed}{IsTold}{HasEnded}{IsLost}{ToWorker}/{ToLeader}";
    }

    static string Text(JobState? state) => state switch
    {
        JobState.Stopping stopping => $"s{stopping.Outcome.GetType().Name}",
        JobState.Ended ended => $"e{ended.Outcome.GetType().Name}",
        null => "-",
        _ => state.GetType().Name,
    };

    sealed record World : IExplored
    {
        public JobState Leader { get; init; } = new JobState.Starting();

        public required ImmutableArray<Worker> Workers { get; init; }

        public bool IsOpening { get; init; } = true;

        public bool IsCancelled { get; init; }

        public bool IsReleased { get; init; }

        public bool CanCancel { get; init; } = true;

        /// <summary>Why the tasks were told to stop; null when they were not.</summary>
        public string? Reason { get; init; }

        /// <summary>What has not ended, the opening included.</summary>
        public int Live { get; init; } = 1;

        public int Failures { get; init; }

        public string? Broken { get; init; }

        public World With(int i, Worker worker) => this with { Workers = Workers.SetItem(i, worker) };

        public UInt128 Fingerprint() =>
            Fingerprints.Of($"{Text(Leader)}{IsOpening}{IsCancelled}{IsReleased}{CanCancel}{Reason}{Live}{Failures}|{string.Join('|', Workers)}");
    }
}
