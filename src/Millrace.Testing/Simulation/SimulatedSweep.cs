using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>
/// One life with everything in it - checkpoints, a savepoint, a stop, a start from it with another parallelism, the end - whose processes
/// may end or stand still at a given effect; then the job is brought to its end. Used once.
/// </summary>
/// <param name="scene">Where.</param>
/// <param name="barriers">How barriers go.</param>
sealed class SimulatedSweep(SimulatedScene scene, CheckpointOptions barriers)
{
    /// <summary>What the sweep of zombies is for.</summary>
    public const string SleptThroughThree = "a paused leader slept through three checkpoints and what they delete";

    static readonly TimeSpan s_while = TimeSpan.FromMilliseconds(120);

    /// <summary>Effects of each process, in the order they were started.</summary>
    public IReadOnlyList<int> Effects => [.. scene.Lives.Select(static l => l.Options.Effects.Count)];

    /// <summary>Plays it.</summary>
    /// <param name="ends">Where the first processes end or stand still, one after the other; null for one that runs as long as it has something to do.</param>
    public async Task PlayAsync(params IReadOnlyList<EffectEnd?> ends)
    {
        int next = 0;
        SimulatedLife life = await StartAsync().ConfigureAwait(false);
        await OrEndAsync(life, scene.World.DelayAsync(s_while)).ConfigureAwait(false);
        if (IsRunning(life)) await OrEndAsync(life, life.Job.SavepointAsync(null)).ConfigureAwait(false);
        if (IsRunning(life)) await OrEndAsync(life, scene.World.DelayAsync(s_while / 2)).ConfigureAwait(false);
        if (IsRunning(life)) await OrEndAsync(life, life.Job.StopAsync(isDrain: false, null)).ConfigureAwait(false);
        if (IsRunning(life)) await Task.WhenAny(life.Ended, scene.World.DelayAsync(TimeSpan.FromMinutes(1))).ConfigureAwait(false);
        scene.RequireExplained(life);
        // Whoever is started next may end at an effect, too: those are crashes in recovery.
        while (next < ends.Count && !await scene.IsFinishedAsync().ConfigureAwait(false))
        {
            life = await StartAsync().ConfigureAwait(false);
            await Task.WhenAny(life.Ended, scene.World.DelayAsync(TimeSpan.FromMinutes(1))).ConfigureAwait(false);
            scene.RequireExplained(life);
        }

        if (ends.Any(static e => e is { IsPause: true })) await TakeOverAsync().ConfigureAwait(false);
        await scene.FinishAsync(() => Options(new EffectPlan())).ConfigureAwait(false);
        await scene.Audit.CheckAsync().ConfigureAwait(false);
        scene.Job.Check();

        async Task<SimulatedLife> StartAsync() => scene.Start(
            await scene.CommandAsync(Options(new EffectPlan(next < ends.Count ? ends[next++] : null)), scene.World.Chance).ConfigureAwait(false));
    }

    /// <summary>
    /// While one stands still, another takes over and goes on for three checkpoints and until the first of them is deleted; then the first wakes beside it. A job that was as good as finished is
    /// run once more for that, in place of what it has written.
    /// </summary>
    async Task TakeOverAsync()
    {
        SimulatedProcess sleeper = scene.Lives.Single(static l => l.Process is { IsAwake: false, IsDead: false }).Process;
        IHeldJob job = (IHeldJob)scene.Job;
        job.IsHeld = true;
        SimulatedLife second = await ReplaceAsync(new StartFrom.Unsaid()).ConfigureAwait(false);
        if (second.Checkpoints < 3)
        {
            scene.World.Reach("a paused leader slept through another run of the job");
            second = await ReplaceAsync(new StartFrom.Fresh()).ConfigureAwait(false);
        }

        if (second.Checkpoints < 3 || await IsThereAsync(second.Taken[0]).ConfigureAwait(false))
            throw new SimulationException($"{sleeper.Name} was to sleep through three checkpoints of {second.Process.Name} and the deletion of the first, which has taken {second.Checkpoints}");
        scene.World.Reach(SleptThroughThree);
        sleeper.Wake();
        await OrEndAsync(second, scene.World.DelayAsync(s_while)).ConfigureAwait(false);
        job.IsHeld = false;
    }

    /// <summary>Another process takes over, and is asked for checkpoints until it has three and has deleted the first, or there is nothing left to run.</summary>
    async Task<SimulatedLife> ReplaceAsync(StartFrom from)
    {
        LifeOptions options = from is StartFrom.Fresh
            ? Options(new EffectPlan()) with { From = from, IsRewind = true }
            : await scene.CommandAsync(Options(new EffectPlan()), scene.World.Chance).ConfigureAwait(false);
        SimulatedLife second = scene.Start(options);
        // Those that are refused as the job is not up yet are asked for again.
        for (int i = 0; i < 60 && IsRunning(second) && (second.Checkpoints < 3 || await IsThereAsync(second.Taken[0]).ConfigureAwait(false)); i++)
        {
            await OrEndAsync(second, scene.World.DelayAsync(s_while / 4)).ConfigureAwait(false);
            if (IsRunning(second) && second.Checkpoints < 3) await OrEndAsync(second, second.Job.CheckpointAsync()).ConfigureAwait(false);
        }

        scene.RequireExplained(second);
        return second;
    }

    async Task<bool> IsThereAsync(SnapshotReference snapshot) => await scene.Folder.TryGetAsync(snapshot.Key, CancellationToken.None).ConfigureAwait(false) is not null;

    LifeOptions Options(EffectPlan effects) => new()
    {
        Parallelism = 1 + (scene.Lives.Count % 3),
        Checkpoints = barriers with { Interval = TimeSpan.FromMilliseconds(60), Retained = 1 },
        EntriesPerTerm = 8,
        Effects = effects,
        StoreSeed = 1,
    };

    static bool IsRunning(SimulatedLife life) => life.Process.IsReachable && !life.Job.Completion.IsCompleted;

    async Task OrEndAsync(SimulatedLife life, Task what)
    {
        await Task.WhenAny(what, life.Ended).ConfigureAwait(false);
        if (what is { IsFaulted: true, Exception.InnerException: { } failure } && failure is not (LedgerFencedException or Storage.StoreUnavailableException or OperationCanceledException))
            throw new SimulationException($"{life.Process.Name} was asked for something, and failed: {failure}");
    }
}
