using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Messages;

namespace Millrace.Testing.Simulation;

/// <summary>What happens to a job: a number of disturbances that chance picks, then calm until it has finished. Used once.</summary>
/// <param name="scene">Where.</param>
/// <param name="change">Changes how each process runs the job; to break something on purpose.</param>
sealed class SimulatedScenario(SimulatedScene scene, Func<LifeOptions, LifeOptions> change)
{
    static readonly int[] s_sizes = [1, 2, 3, 4, 7];

    readonly SimulatedWorld _world = scene.World;
    readonly SimulatedChance _chance = scene.World.Chance.Fork();
    readonly List<Task> _waking = [];
    readonly bool _isApart = scene.World.Chance.Below(2) == 0;
    SimulatedLife? _leader;

    /// <summary>Plays it.</summary>
    /// <param name="faults">What goes wrong.</param>
    public async Task PlayAsync(SimulatedFaults faults)
    {
        _world.Faults = faults;
        for (int workers = _isApart ? _chance.Between(1, 2) : 0; workers > 0; workers--) scene.StartWorker(Random());
        int disturbances = faults.Disturbances == 0 ? 0 : _chance.Between(1, faults.Disturbances);
        for (int i = 0; i < disturbances && !await scene.IsFinishedAsync().ConfigureAwait(false); i++)
        {
            _leader ??= scene.Start(await NextAsync().ConfigureAwait(false));
            await Task.WhenAny(_leader.Ended, _world.DelayAsync(_chance.Between(TimeSpan.Zero, faults.CalmMax))).ConfigureAwait(false);
            if (_leader.Job.Completion.IsCompleted) scene.RequireExplained(_leader);
            else if (!_leader.Process.IsDead) await DisturbAsync(_leader).ConfigureAwait(false);
            if (_leader?.Process.IsReachable != true || _leader.Job.Completion.IsCompleted) _leader = null;
        }

        await scene.FinishAsync(Random).ConfigureAwait(false);
        await Task.WhenAll(_waking).ConfigureAwait(false);
        await scene.Audit.CheckAsync().ConfigureAwait(false);
        scene.Job.Check();
    }

    async Task<LifeOptions> NextAsync() => Random() with { From = await scene.NextFromAsync(_chance).ConfigureAwait(false) };

    /// <summary>How the next process runs the job: nothing of it may matter.</summary>
    LifeOptions Random()
    {
        Alignment alignment = _chance.Below(3) == 0 ? Alignment.Unaligned : Alignment.Aligned;
        return change(new()
        {
            Parallelism = _chance.Pick(s_sizes),
            IsChaining = _chance.Below(4) != 0,
            Skew = _chance.Between(-_world.Faults.SkewMax, _world.Faults.SkewMax),
            StoreSeed = _chance.Next(),
            EntriesPerTerm = _chance.Pick([4, 12, 10_000]),
            HostsWorker = !_isApart,
            Checkpoints = new()
            {
                Interval = _chance.Between(TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(150)),
                Alignment = alignment,
                AlignTimeout = TimeSpan.FromMilliseconds(_chance.Pick([1, 5, 1_000])),
                Retained = _chance.Between(1, 3),
            },
        });
    }

    async Task DisturbAsync(SimulatedLife life)
    {
        switch (_chance.Below(scene.Workers.Count > 0 ? 16 : 12))
        {
            case 0 or 1 or 2:
                NoteKill(life);
                life.Process.Kill("by chance");
                break;
            case 3 or 4:
                PauseAndReplace(life);
                break;
            case 5:
                foreach (SimulatedWorker worker in scene.Workers) worker.Process.FailSoon();
                life.Process.FailSoon();
                break;
            case 6:
                await AskAsync(life, "savepoint", () => life.Job.SavepointAsync(null)).ConfigureAwait(false);
                break;
            case 7:
                await AskAsync(life, "stop", () => life.Job.StopAsync(isDrain: false, null)).ConfigureAwait(false);
                break;
            case 8:
                await AskAsync(life, "cancel with a savepoint", async () => await life.Job.CancelAsync(isSavepoint: true, null).ConfigureAwait(false) ?? new CheckpointAnswer.Refused("")).ConfigureAwait(false);
                break;
            case 9:
                _world.OutageUntil = _world.Now + _chance.Between(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(3)).Ticks;
                _world.Tell("", "the store's disk is full");
                break;
            case 10:
                await SecondAsync().ConfigureAwait(false);
                break;
            case 11:
                _world.Reach("a leader was cut off, and went on");
                life.Process.CutOff(true);
                break;
            default:
                DisturbWorker(_chance.Pick(scene.Workers));
                break;
        }
    }

    /// <summary>Something happens to a worker alone: whoever leads finds out, and goes on with another.</summary>
    void DisturbWorker(SimulatedWorker worker)
    {
        if (scene.Workers.Count == 1) scene.StartWorker(Random());
        switch (_chance.Below(4))
        {
            case 0:
                _world.Reach("a worker was paused");
                worker.Process.Pause();
                _waking.Add(WakeAsync(worker.Process));
                break;
            case 1:
                _world.Reach("a worker was cut off, and came back");
                worker.Process.CutOff(true);
                _waking.Add(ReconnectAsync(worker.Process));
                break;
            default:
                worker.Process.Kill("by chance");
                break;
        }
    }

    async Task ReconnectAsync(SimulatedProcess process)
    {
        await _world.DelayAsync(_chance.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(2))).ConfigureAwait(false);
        process.CutOff(false);
    }

    void NoteKill(SimulatedLife life)
    {
        if (life.Options.Effects.Last.StartsWith($"create {SimulatedScene.JobName}/ledger/", StringComparison.Ordinal)) _world.Reach("killed while an entry was created");
        if (life.Options.Effects.Last.StartsWith("commit ", StringComparison.Ordinal)) _world.Reach("killed while a sink committed");
    }

    /// <summary>A verb of its operator: whatever becomes of it, nothing may be lost.</summary>
    async Task AskAsync(SimulatedLife life, string verb, Func<Task<CheckpointAnswer>> ask)
    {
        life.Process.Tell($"is asked for: {verb}");
        Task<CheckpointAnswer> answer = ask();
        // Killed in the middle of it, now and then.
        Task isEnough = _chance.Below(3) == 0 ? _world.DelayAsync(_chance.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(120))) : new TaskCompletionSource().Task;
        if (await Task.WhenAny(answer, life.Ended, isEnough).ConfigureAwait(false) == isEnough && !life.Job.Completion.IsCompleted)
        {
            _world.Reach($"killed in the middle of: {verb}");
            life.Process.Kill($"in the middle of: {verb}");
            return;
        }

        if (answer is { IsFaulted: true, Exception.InnerException: { } failure } && failure is not (LedgerFencedException or Storage.StoreUnavailableException))
            throw new SimulationException($"{verb} failed: {failure}");
        if (answer.IsCompletedSuccessfully) life.Process.Tell($"{verb}: {await answer.ConfigureAwait(false)}");
        // A job that was asked to end does, or goes on when that was refused.
        if (answer is not { IsCompletedSuccessfully: true, Result: CheckpointAnswer.Taken } || verb == "savepoint") return;
        await Task.WhenAny(life.Ended, _world.DelayAsync(TimeSpan.FromSeconds(30))).ConfigureAwait(false);
        if (!life.Job.Completion.IsCompleted && !life.Process.IsDead) throw new SimulationException($"{life.Process.Name} was asked for {verb}, and goes on");
        scene.RequireExplained(life);
        _world.Reach(verb);
    }

    /// <summary>The leader stands still, somebody else takes over, and it wakes later.</summary>
    void PauseAndReplace(SimulatedLife life)
    {
        _world.Reach("a leader was paused");
        if (life.Options.Effects.Last.Contains("_metadata", StringComparison.Ordinal)) _world.Reach("paused while a manifest was published");
        life.Process.Pause();
        _waking.Add(WakeAsync(life.Process));
    }

    async Task WakeAsync(SimulatedProcess process)
    {
        await _world.DelayAsync(_chance.Between(TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(2))).ConfigureAwait(false);
        process.Wake();
    }

    /// <summary>A second process is started on a job that runs: it says who runs it, and ends.</summary>
    async Task SecondAsync()
    {
        SimulatedLife second = scene.Start(await NextAsync().ConfigureAwait(false));
        await Task.WhenAny(second.Ended, _world.DelayAsync(TimeSpan.FromSeconds(30))).ConfigureAwait(false);
        if (second.Job.Completion is { IsFaulted: true, Exception.InnerException: JobLedElsewhereException }) _world.Reach("a second process was told who leads");
        scene.RequireExplained(second);
        // The first ended meanwhile, so the second leads.
        if (!second.Job.Completion.IsCompleted && !second.Process.IsDead) _leader = second;
    }
}
