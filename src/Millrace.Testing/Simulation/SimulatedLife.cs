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

    /// <summary>How the store answers calls of the process, by chance of its own.</summary>
    public ulong StoreSeed { get; init; }

    /// <summary>Whether tasks run in the process itself; otherwise in that of a worker.</summary>
    public bool HostsWorker { get; init; } = true;

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

    public SimulatedLife(SimulatedScene scene, string name, LifeOptions options)
    {
        _scene = scene;
        Options = options;
        IsCalm = scene.World.Faults == SimulatedFaults.None;
        Process = new(scene.World, name, options.Skew, options.Effects);
        Process.Tell($"starts with parallelism {options.Parallelism}{(options.IsChaining ? "" : ", unchained")}, {options.Checkpoints.Alignment}, from {options.From.GetType().Name}");
        Dataflow flow = new(SimulatedScene.JobName);
        scene.Job.Define(flow, Process);
        JobGraph graph = flow.Build();
        EmbeddedOptions embedded = new() { Parallelism = options.Parallelism, Threads = 1, IsChaining = options.IsChaining, Time = Process.Time, Nonces = Process.Nonces };
        IListableStore store = options.View(SimulatedStoreFaults.Between(scene, Process, options.StoreSeed));
        DurableOptions durable = new()
        {
            Store = store,
            OpenStore = (address, _) => new(store.Under(address[SimulatedScene.SavepointScheme.Length..])),
            SavepointRoot = SimulatedScene.SavepointScheme + "savepoints",
            Checkpoints = options.Checkpoints,
            Restart = new RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.FromMilliseconds(20) },
            From = options.From,
            // The end of all input is the only drain there is here: what follows it is nothing.
            AcceptsDrained = true,
            Leader = name,
            Endpoint = name,
            HostsWorker = options.HostsWorker,
            IsAlive = IsAliveAsync,
            CheckpointTaken = taken => _scene.Audit.OnTaken(this, taken),
            Tell = Process.Tell,
            RowsView = options.Rows,
            EntriesPerTerm = options.EntriesPerTerm,
            Transport = scene.World.Network.Of(Process),
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

    /// <summary>Completes when the job has ended, or the process has.</summary>
    public Task Ended => Task.WhenAny(Job.Completion, Options.Effects.Ended);

    /// <summary>Asks whoever holds the newest claim.</summary>
    async ValueTask<bool> IsAliveAsync(TermClaim claim, CancellationToken cancellationToken)
    {
        await _scene.World.DelayAsync(TimeSpan.FromMilliseconds(2)).ConfigureAwait(false);
        await Process.PassAsync().ConfigureAwait(false);
        return claim.Leader != Process.Name && _scene.Lives.Any(life => life.Process.Name == claim.Leader && life.Process.IsReachable && !life.Job.Completion.IsCompleted);
    }
}
