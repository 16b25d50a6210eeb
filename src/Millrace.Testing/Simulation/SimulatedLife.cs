using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Testing.Simulation;

/// <summary>How one process runs the job.</summary>
sealed record LifeOptions
{
    public int Parallelism { get; init; } = 1;

    public bool IsChaining { get; init; } = true;

    public CheckpointOptions Checkpoints { get; init; } = new() { Interval = TimeSpan.FromMilliseconds(50) };

    public StartFrom From { get; init; } = new StartFrom.Unsaid();

    public TimeSpan Skew { get; init; }

    public int EntriesPerTerm { get; init; } = 10_000;

    public EffectPlan Effects { get; init; } = new();

    /// <summary>Which version of the program it runs, if there are several.</summary>
    public int Version { get; init; }

    /// <summary>The checkpoint for which its operator chose what to drop and to rename; null when there was none.</summary>
    public long? Planned { get; init; }

    public IReadOnlyList<string> Drops { get; init; } = [];

    public IReadOnlyList<StateRename> Renames { get; init; } = [];

    public bool IsRewind { get; init; }

    public bool IsClaim { get; init; }

    public bool AcceptsDrained { get; init; } = true;

    /// <summary>What it takes an answer about the leader for: to break something on purpose.</summary>
    public Func<bool, bool> Believes { get; init; } = static isAlive => isAlive;

    /// <summary>How the store answers calls of the process, by chance of its own.</summary>
    public ulong StoreSeed { get; init; }

    /// <summary>Whether tasks run in the process itself; otherwise in that of a worker.</summary>
    public bool HostsWorker { get; init; } = true;

    /// <summary>How many workers share the tasks.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How the network is seen by the process: to break something on purpose.</summary>
    public Func<Runtime.Transport.ITransport, Runtime.Transport.ITransport> Wire { get; init; } = static network => network;

    /// <summary>How ends of connections find out that the other is silent.</summary>
    public Runtime.Roles.HeartbeatOptions Beats { get; init; } = SimulatedNetwork.Beats;

    /// <summary>How the store is seen by the process: to break something on purpose.</summary>
    public Func<IListableStore, IListableStore> View { get; init; } = static store => store;

    /// <summary>How rows of snapshots are seen by it: likewise.</summary>
    public Func<Runtime.Tasks.IRestoredRows, Runtime.Tasks.IRestoredRows> Rows { get; init; } = static rows => rows;
}

/// <summary>One process that runs the job, from its start to its end, whatever that is.</summary>
sealed class SimulatedLife
{
    readonly SimulatedScene _scene;
    TaskCompletionSource _nextTaken = new();

    public SimulatedLife(SimulatedScene scene, string name, LifeOptions options)
    {
        _scene = scene;
        Options = options;
        IsCalm = scene.World.Faults == SimulatedFaults.None;
        Process = new(scene.World, name, options.Skew, options.Effects) { Version = options.Version };
        Process.Tell($"starts with parallelism {options.Parallelism} on {options.Workers} workers{(options.IsChaining ? "" : ", unchained")}, {options.Checkpoints.Alignment}, from {options.From.GetType().Name}{Said(options)}");
        Dataflow flow = new(SimulatedScene.JobName);
        scene.Job.Define(flow, Process);
        JobGraph graph = flow.Build();
        EmbeddedOptions embedded = new() { Parallelism = options.Parallelism, Threads = 1, IsChaining = options.IsChaining, Time = Process.Time, Nonces = Process.Nonces };
        IListableStore watched = new WatchedStore(scene.Store, key => scene.Takeovers.OnCreated(this, key), _ => scene.World.Reach("a conflict that was our own"));
        IListableStore store = options.View(SimulatedStoreFaults.Between(scene, Process, options.StoreSeed, watched));
        DurableOptions durable = new()
        {
            Store = store,
            OpenStore = (address, _) => new(store.Under(address[SimulatedScene.SavepointScheme.Length..])),
            SavepointRoot = SimulatedScene.SavepointScheme + "savepoints",
            Checkpoints = options.Checkpoints,
            Restart = new RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.FromMilliseconds(20) },
            From = options.From,
            IsRewind = options.IsRewind,
            IsClaim = options.IsClaim,
            AcceptsDrained = options.AcceptsDrained,
            Drops = options.Drops,
            Renames = options.Renames,
            Leader = name,
            Endpoint = name,
            HostsWorker = options.HostsWorker,
            Workers = options.Workers,
            IsAlive = IsAliveAsync,
            CheckpointTaken = OnTaken,
            Tell = OnTold,
            RowsView = options.Rows,
            EntriesPerTerm = options.EntriesPerTerm,
            Transport = options.Wire(scene.World.Network.Of(Process)),
            Beats = options.Beats,
            WorkerRetry = TimeSpan.FromMilliseconds(20),
        };
        Job = new(graph, Planner.Plan(graph, options.Parallelism, options.IsChaining), embedded, durable, _ => Process.Scheduler());
        Job.Start();
    }

    public LifeOptions Options { get; }

    /// <summary>Whether nothing has gone wrong since it began.</summary>
    public bool IsCalm { get; }

    /// <summary>Whether it was given damaged bytes, or a worker of its was.</summary>
    public bool HasReadDamage { get; set; }

    public SimulatedProcess Process { get; }

    public DurableJob Job { get; }

    /// <summary>When it last asked after the leader; null for never.</summary>
    public LeaderLook? LastLook { get; private set; }

    /// <summary>How many checkpoints it has told of.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Completes when it tells of the next.</summary>
    public Task NextTaken => _nextTaken.Task;

    /// <summary>Whether it runs, and others can reach it.</summary>
    public bool IsReachableLeader => Process.IsReachable && !Job.Completion.IsCompleted;

    /// <summary>Completes when the job has ended, or the process has.</summary>
    public Task Ended => Task.WhenAny(Job.Completion, Options.Effects.Ended);

    static string Said(LifeOptions options) => string.Concat(
        options.IsRewind ? " --rewind" : "", options.IsClaim ? " --claim" : "", options.Version > 0 ? $", version {options.Version}" : "",
        string.Concat(options.Drops.Select(static d => $" --drop-state {d}")), string.Concat(options.Renames.Select(static r => $" --rename-state {r.From}={r.To}")));

    void OnTold(string what)
    {
        Process.Tell(what);
        if (what.Contains("claimed savepoint was deleted", StringComparison.Ordinal)) _scene.World.Reach("a claimed savepoint was deleted");
    }

    void OnTaken(CheckpointStatistics taken)
    {
        Checkpoints++;
        (TaskCompletionSource told, _nextTaken) = (_nextTaken, new());
        told.SetResult();
        _scene.Audit.OnTaken(this, taken);
    }

    /// <summary>Asks whoever holds the newest claim.</summary>
    async ValueTask<bool> IsAliveAsync(TermClaim claim, CancellationToken cancellationToken)
    {
        await _scene.World.DelayAsync(TimeSpan.FromMilliseconds(2)).ConfigureAwait(false);
        await Process.PassAsync().ConfigureAwait(false);
        bool isAlive = claim.Leader != Process.Name && _scene.Lives.Any(life => life.Process.Name == claim.Leader && life.IsReachableLeader);
        LastLook = new(claim.Term, isAlive);
        return Options.Believes(isAlive);
    }
}
