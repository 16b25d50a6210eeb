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

    /// <summary>Whether it waits while another leads, and again when it was overtaken.</summary>
    public bool IsStandby { get; init; }

    /// <summary>How long a leader that does not answer must have written nothing before the process takes over.</summary>
    public TimeSpan TakeoverAfter { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>What it takes an answer of the leader for: to break something on purpose.</summary>
    public Func<LeaderAnswer, LeaderAnswer> Believes { get; init; } = static answer => answer;

    /// <summary>How it waits: likewise.</summary>
    public Func<TakeoverOptions, TakeoverOptions> Waits { get; init; } = static takeover => takeover;

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
    static readonly TimeSpan s_lookEvery = TimeSpan.FromMilliseconds(15), s_backoffMax = TimeSpan.FromMilliseconds(40), s_callMax = TimeSpan.FromMilliseconds(2);

    readonly SimulatedScene _scene;
    readonly bool _losesMachine, _isRefused;
    readonly List<SnapshotReference> _taken = [];
    TaskCompletionSource _nextTaken = new();
    DurableJob? _job;

    public SimulatedLife(SimulatedScene scene, string name, LifeOptions options)
    {
        _scene = scene;
        Options = options;
        IsCalm = scene.World.Faults == SimulatedFaults.None;
        Process = new(scene.World, name, options.Skew, options.Effects) { Version = options.Version };
        Process.Tell($"starts with parallelism {options.Parallelism} on {options.Workers} workers{(options.IsStandby ? ", as a standby" : "")}{(options.IsChaining ? "" : ", unchained")}, {options.Checkpoints.Alignment}, from {options.From.GetType().Name}{Said(options)}");
        (_losesMachine, _isRefused) = (Process.Chance.Below(3) == 0, Process.Chance.Below(2) == 0);
        Dataflow flow = new(SimulatedScene.JobName);
        scene.Job.Define(flow, Process);
        JobGraph graph = flow.Build();
        PlanModel plan = Planner.Plan(graph, options.Parallelism, options.IsChaining);
        EmbeddedOptions embedded = new() { Parallelism = options.Parallelism, Threads = 1, IsChaining = options.IsChaining, Time = Process.Time, Nonces = Process.Nonces };
        IListableStore watched = new WatchedStore(
            scene.Store, key => scene.Takeovers.OnCreated(this, key), key => scene.Takeovers.OnMissed(this, key), _ => scene.World.Reach("a conflict that was our own"));
        IListableStore store = options.View(SimulatedStoreFaults.Between(scene, Process, options.StoreSeed, watched));
        DurableOptions durable = Durable(store);
        Completion = options.IsStandby ? new Standby(SimulatedScene.JobName, embedded, durable).RunAsync(LeadAsync, CancellationToken.None) : LeadAsync(durable);

        Task<JobResult> LeadAsync(DurableOptions turn)
        {
            _job = new(graph, plan, embedded, turn, _ => Process.Scheduler());
            _job.Start();
            return _job.Completion;
        }
    }

    public LifeOptions Options { get; }

    /// <summary>Whether nothing has gone wrong since it began.</summary>
    public bool IsCalm { get; }

    /// <summary>Whether it was given damaged bytes, or a worker of its was.</summary>
    public bool HasReadDamage { get; set; }

    public SimulatedProcess Process { get; }

    /// <summary>The job in its turn, or in its last; a standby has none until it has led.</summary>
    public DurableJob Job => _job ?? throw new InvalidOperationException($"{Process.Name} has not led yet");

    /// <summary>Completes when the process is done with the job.</summary>
    public Task<JobResult> Completion { get; }

    /// <summary>Why it ended, or its last turn has; null when it goes on or has ended well.</summary>
    public Exception? Failure => Completion.Exception?.InnerException ?? _job?.Completion.Exception?.InnerException;

    /// <summary>What it was last told about the leader; null for never.</summary>
    public LeaderLook? LastLook { get; private set; }

    /// <summary>The checkpoints it has told of.</summary>
    public IReadOnlyList<SnapshotReference> Taken => _taken;

    /// <summary>How many checkpoints it has told of.</summary>
    public int Checkpoints => _taken.Count;

    /// <summary>Completes when it tells of the next.</summary>
    public Task NextTaken => _nextTaken.Task;

    /// <summary>Whether it is its turn.</summary>
    public bool IsLeading => _job is { Completion.IsCompleted: false };

    /// <summary>Whether it runs, and others can reach it.</summary>
    public bool IsReachableLeader => Process.IsReachable && IsLeading;

    /// <summary>Whether it waits for its turn.</summary>
    public bool IsWaiting => !Process.IsDead && !Completion.IsCompleted && !IsLeading;

    /// <summary>Completes when its turn has ended; for a standby that has not led, when it has ended itself.</summary>
    public Task TurnEnded => _job?.Completion ?? Completion;

    /// <summary>Completes when its turn has ended, or the process has.</summary>
    public Task Ended => Task.WhenAny(TurnEnded, Options.Effects.Ended);

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
        _taken.Add(taken.Snapshot);
        (TaskCompletionSource told, _nextTaken) = (_nextTaken, new());
        told.SetResult();
        _scene.Audit.OnTaken(this, taken);
    }

    DurableOptions Durable(IListableStore store) => new()
    {
        Store = store,
        OpenStore = (address, _) => new(store.Under(address[SimulatedScene.SavepointScheme.Length..])),
        SavepointRoot = SimulatedScene.SavepointScheme + "savepoints",
        Checkpoints = Options.Checkpoints,
        Restart = new RestartPolicy.FixedDelay { Attempts = 3, Delay = TimeSpan.FromMilliseconds(20) },
        From = Options.From,
        IsRewind = Options.IsRewind,
        IsClaim = Options.IsClaim,
        AcceptsDrained = Options.AcceptsDrained,
        Drops = Options.Drops,
        Renames = Options.Renames,
        Leader = Process.Name,
        Endpoint = Process.Name,
        HostsWorker = Options.HostsWorker,
        Workers = Options.Workers,
        AskLeader = AskAsync,
        Takeover = Options.Waits(new() { After = Options.TakeoverAfter, LookEvery = s_lookEvery, BackoffMax = s_backoffMax }),
        CheckpointTaken = OnTaken,
        Tell = OnTold,
        RowsView = Options.Rows,
        EntriesPerTerm = Options.EntriesPerTerm,
        Transport = Options.Wire(_scene.World.Network.Of(Process)),
        Beats = Options.Beats,
        WorkerRetry = TimeSpan.FromMilliseconds(20),
    };

    /// <summary>Asks whoever holds the newest claim.</summary>
    async ValueTask<LeaderAnswer> AskAsync(TermClaim claim, CancellationToken cancellationToken)
    {
        await _scene.World.DelayAsync(s_callMax).ConfigureAwait(false);
        await Process.PassAsync().ConfigureAwait(false);
        LeaderAnswer answer = Answer(claim);
        LastLook = new(claim.Term, answer);
        _scene.Takeovers.OnAnswered(this, answer);
        return Options.Believes(answer);
    }

    /// <summary>What it hears: an answer, that nobody is there, or nothing.</summary>
    LeaderAnswer Answer(TermClaim claim)
    {
        if (claim.Leader == Process.Name || _scene.Lives.FirstOrDefault(life => life.Process.Name == claim.Leader) is not { } leader) return new LeaderAnswer.Gone();
        bool isCutOff = leader.Process.IsCutOff || Process.IsCutOff;
        // A machine may go with its process, and what lies between two may drop what is sent, or refuse it.
        bool isSilent = leader.Process.IsDead ? leader._losesMachine : !leader.Process.IsAwake || (isCutOff && !leader._isRefused);
        if (isSilent) return new LeaderAnswer.Silent("it does not answer, as the simulation has it");
        return leader.IsLeading && !leader.Process.IsDead && !isCutOff ? new LeaderAnswer.Done("it leads the job") : new LeaderAnswer.Gone();
    }
}
