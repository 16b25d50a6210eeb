using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Testing.Simulation;

/// <summary>A world with a store, a job, and the processes that ran it. Used by the thread of the world.</summary>
sealed class SimulatedScene
{
    public const string JobName = "simulated";
    public const string SavepointScheme = "memory://";
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5), s_progress = TimeSpan.FromSeconds(60), s_look = TimeSpan.FromMilliseconds(50);
    static readonly SimulatedTraits s_plain = new();

    readonly List<SimulatedLife> _lives = [];
    readonly List<SimulatedWorker> _workers = [];
    bool _owesRemovedSink;

    public SimulatedScene(SimulatedWorld world, ISimulatedJob job)
    {
        World = world;
        Job = job;
        Store = new(world.Time);
        Audit = new(this);
        Takeovers = new(this);
    }

    public SimulatedWorld World { get; }

    public ISimulatedJob Job { get; }

    public MemoryObjectStore Store { get; }

    public SceneAudit Audit { get; }

    public TakeoverWatch Takeovers { get; }

    /// <summary>What may be done to the job.</summary>
    public SimulatedTraits Traits => (Job as ISimulatedVariety)?.Traits ?? s_plain;

    /// <summary>All processes so far.</summary>
    public IReadOnlyList<SimulatedLife> Lives => _lives;

    /// <summary>The folder of the job, as somebody sees it for whom nothing ever goes wrong.</summary>
    public IListableStore Folder => Store.Under(JobName);

    /// <summary>Starts a process.</summary>
    public SimulatedLife Start(LifeOptions options)
    {
        SimulatedLife life = new(this, $"p{_lives.Count + 1}", options);
        _lives.Add(life);
        return life;
    }

    /// <summary>The processes of workers that have not ended, the oldest first; none where leaders run the tasks themselves.</summary>
    public IReadOnlyList<SimulatedWorker> Workers => [.. _workers.Where(static w => !w.Process.IsDead)];

    /// <summary>How many workers a leader may need that are no part of its process; zero where leaders run the tasks themselves.</summary>
    public int WorkersMax { get; set; }

    /// <summary>Starts the process of a worker.</summary>
    public void StartWorker(LifeOptions options) => _workers.Add(new(this, $"w{_workers.Count + 1}", options));

    /// <summary>A process was given damaged bytes: what follows from it may end any leader it works for.</summary>
    public void OnDamage(SimulatedProcess process)
    {
        World.Reach("damaged bytes were read");
        foreach (SimulatedLife life in _lives.Where(l => l.Process == process || !l.Options.HostsWorker)) life.HasReadDamage = true;
    }

    /// <summary>What the ledger says; null when there is none.</summary>
    public async Task<LedgerState?> StateAsync() =>
        (await LedgerReader.ReadAsync(Folder, new LedgerKeys(""), JobName, World.Time, new(), CancellationToken.None).ConfigureAwait(false))?.State;

    /// <summary>What the next process is started with: where it begins, and what it has to say about state.</summary>
    public async Task<LifeOptions> CommandAsync(LifeOptions options, SimulatedChance chance)
    {
        LedgerState? state = await StateAsync().ConfigureAwait(false);
        options = options with { From = NextFrom(state, chance) };
        if (options.From is StartFrom.LatestSavepoint or StartFrom.Address && chance.Below(3) == 0) options = options with { IsClaim = true };
        if (options is { IsRewind: true, From: StartFrom.Unsaid } && state?.Phase is JobPhase.Running or JobPhase.Interrupted or JobPhase.Failed) options = options with { From = RewindTo(state, chance) };
        else options = options with { IsRewind = options.From is StartFrom.Fresh && IsCancelledWithoutState(state) };
        if (options.From is StartFrom.Fresh || Job is not ISimulatedVariety job || await NewestAsync(state).ConfigureAwait(false) is not { } snapshot) return options;
        options = options with { Planned = snapshot.Id };
        SimulatedLife? took = Takeovers.LeaderOf(snapshot.Attempt.Term);
        if (_owesRemovedSink && took is not null)
        {
            // What the refusal asked for: the version that has the sink commits what it is owed.
            _owesRemovedSink = false;
            World.Reach("a version was started once more, to commit what a removed sink was owed");
            options = options with { Version = took.Options.Version };
        }

        if (options.From is StartFrom.Unsaid && took is { Options: { Drops.Count: > 0 } or { Renames.Count: > 0 } } && took.Options.Version == options.Version && chance.Below(4) != 0)
        {
            World.Reach("a command that drops or renames state was repeated");
            return options with { Drops = took.Options.Drops, Renames = took.Options.Renames };
        }

        (IReadOnlyList<string> drops, IReadOnlyList<StateRename> renames) = job.Upgrade(options.Version, snapshot, took?.Options.Version ?? 0);
        if (drops.Count + renames.Count > 0) World.Reach("a version was started that drops or renames state");
        if (options.From is StartFrom.Unsaid && state?.Latest is not null && drops.Any(drop => snapshot.Honoured.Contains($"--drop-state {drop}")))
        {
            // As the refusal says: what was given up before is given up again only on another line of history.
            World.Reach("state was given up that had been given up before");
            options = options with { From = new StartFrom.Latest(), IsRewind = true };
        }

        return options with { Drops = drops, Renames = renames };
    }

    /// <summary>A job that was stopped or cancelled does not go on by itself.</summary>
    StartFrom NextFrom(LedgerState? state, SimulatedChance chance)
    {
        if (state?.Phase is not (JobPhase.Stopped or JobPhase.Cancelled)) return new StartFrom.Unsaid();
        if (state.Phase == JobPhase.Cancelled) World.Reach($"started again after a cancel {(state.Latest is not null ? "that kept checkpoints" : Traits.AllowsRewind ? "that let go of checkpoints" : "before the first checkpoint")}");
        // All that is left may be older than output, which is written in its place or by key again.
        if (IsCancelledWithoutState(state) && Traits.AllowsRewind) return Traits.AllowsRepetition && state.Savepoints.Count > 0 ? new StartFrom.LatestSavepoint() : new StartFrom.Fresh();
        if (state.Savepoints.Count == 0) return state.Latest is null ? new StartFrom.Fresh() : new StartFrom.Latest();
        // A savepoint may be older than the newest checkpoint of a job that was cancelled, and output after it would be written again.
        if (state.Latest is not null && (state.Phase != JobPhase.Stopped || chance.Below(2) == 0)) return new StartFrom.Latest();
        return chance.Below(3) == 0 ? new StartFrom.Address(state.Savepoints[^1].Address) : new StartFrom.LatestSavepoint();
    }

    static bool IsCancelledWithoutState(LedgerState? state) => state is { Phase: JobPhase.Cancelled, Latest: null };

    /// <summary>What a line of history is left for.</summary>
    StartFrom RewindTo(LedgerState state, SimulatedChance chance)
    {
        if (Traits.AllowsRepetition && state.Savepoints.Count > 0)
        {
            World.Reach("a job went back to an older savepoint");
            return new StartFrom.LatestSavepoint();
        }

        return chance.Below(2) == 0 && state.Latest is not null ? new StartFrom.Latest() : new StartFrom.Fresh();
    }

    /// <summary>The manifest a start goes on from; null when there is none.</summary>
    async Task<SnapshotManifest?> NewestAsync(LedgerState? state)
    {
        if (state is null) return null;
        if (state.Latest is { } latest) return await ReadAsync(Folder, latest.Snapshot.Key).ConfigureAwait(false);
        if (state.Phase is JobPhase.Stopped or JobPhase.Cancelled && state.Savepoints.Count > 0) return await ReadAsync(OfSavepoint(state.Savepoints[^1].Address), SnapshotKeys.ManifestName).ConfigureAwait(false);
        return state.Origin switch
        {
            TimelineOrigin.Own own => await ReadAsync(Folder, own.Snapshot.Key).ConfigureAwait(false),
            TimelineOrigin.Folder there => await ReadAsync(OfSavepoint(there.Address), SnapshotKeys.ManifestName).ConfigureAwait(false),
            _ => null,
        };
    }

    /// <summary>The folder of a savepoint.</summary>
    public IListableStore OfSavepoint(string address) => Store.Under(address[SavepointScheme.Length..]);

    static async Task<SnapshotManifest?> ReadAsync(IListableStore store, string key) =>
        await store.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false) is { } bytes ? ManifestJson.Read(bytes, key) : null;

    /// <summary>Whether the job has finished, as its ledger has it.</summary>
    public async Task<bool> IsFinishedAsync() => (await StateAsync().ConfigureAwait(false))?.Phase == JobPhase.Finished;

    /// <summary>What ended a process is something that may.</summary>
    /// <exception cref="SimulationException">It is not.</exception>
    public void RequireExplained(SimulatedLife life)
    {
        if (life.Failure is not { } failure) return;
        life.Process.Tell($"ended: {failure.GetType().Name}: {failure.Message}");
        _owesRemovedSink |= OwesRemovedSink(failure);
        Exception cause = failure is JobFailedException { InnerException: { } inner } ? inner : failure;
        bool isExplained = cause is LedgerFencedException or JobLedElsewhereException
            // What was asked for at the start was right when it was asked; another process was quicker.
            || (cause is StartRefusedException refused && IsOvertaken(life, refused))
            || (life.HasReadDamage && (cause is SnapshotCorruptException or ObjectMissingException || cause.Message.Contains("damaged", StringComparison.Ordinal)))
            || (!life.IsCalm && (cause is StoreUnavailableException or SavepointFailedException or CheckpointFailedException or SimulatedFaultException
                || IsFault(cause) || (cause.InnerException is { } of && IsFault(of))));
        if (!isExplained) throw new SimulationException($"{life.Process.Name} ended as nothing in the simulation explains: {failure}");
        World.Reach($"ended by {RemoteException.TypeOf(cause)}");
        if (cause is JobLedElsewhereException led && (life.LastLook?.Term ?? 0) < led.Claim.Term) World.Reach("a process that looked before another led gave way to it");
    }

    /// <summary>Whether it is what the simulation itself made fail, here or where a worker was.</summary>
    static bool IsFault(Exception failure) => RemoteException.TypeOf(failure)
        is nameof(SimulatedFaultException) or nameof(StoreUnavailableException)
        // A worker has told of another that it could not reach.
        or nameof(Runtime.Roles.WorkerLostException) or nameof(Runtime.Transport.UnreachableEndpointException);

    /// <summary>Whether a version that has a sink no more was started while the sink was owed something.</summary>
    static bool OwesRemovedSink(Exception failure) => failure is StartRefusedException && failure.Message.Contains("has no such sink", StringComparison.Ordinal);

    bool IsOvertaken(SimulatedLife life, StartRefusedException refused) => life.Options.From is not StartFrom.Unsaid || !life.Options.AcceptsDrained
        || refused.Message.Contains("not started by itself", StringComparison.Ordinal)
        || (OwesRemovedSink(refused) && life.Options.Version > 0)
        // Its operator looked at another snapshot than it was to start from, or at none.
        || (refused.Message.Contains("does not fit the program", StringComparison.Ordinal) && !refused.Message.Contains($"checkpoint {life.Options.Planned} ", StringComparison.Ordinal));

    /// <summary>Nothing goes wrong any more: a checkpoint completes, or the job ends, and soon; also where a standby has to take over first.</summary>
    async Task RequireProgressAsync(SimulatedLife life)
    {
        int before = Checkpoints;
        bool isTakeover = life.IsWaiting && !_lives.Any(static l => l.IsReachableLeader);
        Task limit = World.DelayAsync(s_progress);
        while (Checkpoints == before && !life.Completion.IsCompleted)
        {
            // A standby that waits hears nothing of the checkpoints of others.
            Task look = World.DelayAsync(s_look);
            if (await Task.WhenAny(life.NextTaken, life.Completion, look, limit).ConfigureAwait(false) == limit)
                throw new SimulationException($"nothing goes wrong any more, and {life.Process.Name}{(life.IsWaiting ? ", which waits for its turn," : "")} has seen no checkpoint completed within {s_progress}");
        }

        if (isTakeover && life.IsLeading) World.Reach("a standby took over once nothing went wrong any more");
    }

    int Checkpoints => _lives.Sum(static l => l.Checkpoints);

    /// <summary>Nothing goes wrong any more: the job must come to its end.</summary>
    /// <param name="options">How the processes run it.</param>
    public async Task FinishAsync(Func<LifeOptions> options)
    {
        World.Faults = SimulatedFaults.None;
        World.OutageUntil = 0;
        foreach (SimulatedLife life in _lives)
        {
            life.Process.Wake();
            life.Process.CutOff(false);
        }

        foreach (SimulatedWorker worker in Workers)
        {
            worker.Process.Wake();
            worker.Process.CutOff(false);
        }

        while (Workers.Count < WorkersMax) StartWorker(options());
        for (int start = 0, most = 12 + _lives.Count; !await IsFinishedAsync().ConfigureAwait(false); start++)
        {
            if (start == most) throw new SimulationException($"nothing goes wrong any more, and the job has not finished after {most} starts");
            // Whoever leads goes on; where nobody does a standby takes over; where there is none another process is started.
            SimulatedLife life = _lives.LastOrDefault(static l => l.IsReachableLeader) ?? _lives.LastOrDefault(static l => l.IsWaiting)
                ?? Start(await CommandAsync(options(), World.Chance).ConfigureAwait(false));
            await RequireProgressAsync(life).ConfigureAwait(false);
            if (!life.IsLeading) life = _lives.LastOrDefault(static l => l.IsReachableLeader) ?? life;
            Task ended = life.TurnEnded;
            if (await Task.WhenAny(ended, World.DelayAsync(s_patience)).ConfigureAwait(false) != ended)
                throw new SimulationException($"nothing goes wrong any more, and {life.Process.Name} has not ended within {s_patience}: {string.Join(", ", life.Job.Status.Operators)}");
            RequireExplained(life);
        }

        foreach (SimulatedLife life in _lives.Where(static l => !l.Process.IsDead))
        {
            // A process that slept through a takeover finds out.
            if (await Task.WhenAny(life.Completion, World.DelayAsync(s_patience)).ConfigureAwait(false) != life.Completion)
                throw new SimulationException($"{life.Process.Name} goes on though the job has finished");
            RequireExplained(life);
        }

        // One that has not heard of the end yet may still write what nobody waits for.
        foreach (SimulatedWorker worker in Workers)
        {
            Task ending = worker.Role.DisposeAsync().AsTask();
            if (await Task.WhenAny(ending, World.DelayAsync(s_patience)).ConfigureAwait(false) != ending)
                throw new SimulationException($"{worker.Process.Name} was asked to end, and has not within {s_patience}");
        }
    }
}

/// <summary>What must not be was seen in a simulation.</summary>
/// <param name="what">What.</param>
public sealed class SimulationException(string what) : Exception(what);
