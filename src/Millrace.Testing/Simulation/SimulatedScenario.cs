using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Messages;

namespace Millrace.Testing.Simulation;

/// <summary>What happens to a job: a number of disturbances that chance picks, then calm until it has finished. Used once.</summary>
/// <param name="scene">Where.</param>
/// <param name="change">Changes how each process runs the job; to break something on purpose.</param>
sealed class SimulatedScenario(SimulatedScene scene, Func<LifeOptions, LifeOptions> change)
{
    /// <summary>Why a scenario pins checkpoints.</summary>
    public const string PinReason = "to look at";

    const int Savepoint = 6;     // Of what can happen.
    const int CheckpointsMax = 4;     // That somebody waits for.

    static readonly int[] s_sizes = [1, 2, 3, 4, 7];
    static readonly TimeSpan s_untilTaken = TimeSpan.FromSeconds(2), s_look = TimeSpan.FromMilliseconds(20), s_untilEnded = TimeSpan.FromSeconds(30);

    readonly SimulatedWorld _world = scene.World;
    readonly SimulatedChance _chance = scene.World.Chance.Fork();
    readonly List<Task> _waking = [];
    readonly bool _isApart = scene.World.Chance.Below(2) == 0;
    readonly int _workersMax = scene.World.Chance.Between(1, 3);
    readonly int _standbys = scene.World.Chance.Pick([0, 0, 1, 2]);
    SimulatedLife? _leader;
    int _version;

    /// <summary>Whether tasks run in processes of their own. Those run one version of the program.</summary>
    bool IsApart => _isApart && scene.Traits.Versions == 1;

    /// <summary>How many processes wait for their turn. Those run one version of the program, and do not go back to what was before.</summary>
    int Standbys => scene.Traits is { Versions: 1, AllowsRepetition: false } ? _standbys : 0;

    /// <summary>Plays it.</summary>
    /// <param name="faults">What goes wrong.</param>
    public async Task PlayAsync(SimulatedFaults faults)
    {
        _world.Faults = faults;
        scene.WorkersMax = IsApart ? _workersMax : 0;
        for (int workers = IsApart ? _chance.Between(_workersMax, _workersMax + 1) : 0; workers > 0; workers--) scene.StartWorker(Random());
        // A program that changes has to be started several times for that to show.
        int disturbances = faults.Disturbances == 0 ? 0 : _chance.Between(Math.Min(scene.Traits.Versions, faults.Disturbances), faults.Disturbances);
        for (int i = 0; i < disturbances && !await scene.IsFinishedAsync().ConfigureAwait(false); i++)
        {
            _leader ??= await NextLeaderAsync().ConfigureAwait(false);
            if (_leader is null) continue;
            await Task.WhenAny(_leader.Ended, _world.DelayAsync(_chance.Between(TimeSpan.Zero, faults.CalmMax))).ConfigureAwait(false);
            if (_leader.TurnEnded.IsCompleted) scene.RequireExplained(_leader);
            else if (!_leader.Process.IsDead) await DisturbAsync(_leader).ConfigureAwait(false);
            if (_leader?.IsReachableLeader != true) _leader = null;
        }

        await scene.FinishAsync(Random).ConfigureAwait(false);
        await Task.WhenAll(_waking).ConfigureAwait(false);
        await scene.Audit.CheckAsync().ConfigureAwait(false);
        scene.Job.Check();
    }

    /// <summary>Whoever leads next: a standby that takes over, or somebody starts another process; null when that waits for somebody who does not come.</summary>
    async Task<SimulatedLife?> NextLeaderAsync()
    {
        SimulatedLife? leader = _chance.Below(4) == 0 ? null : await TakenOverAsync().ConfigureAwait(false);
        if (leader is null)
        {
            leader = scene.Start(await NextAsync().ConfigureAwait(false));
            if (leader.IsWaiting) leader = await TakenOverAsync().ConfigureAwait(false);
        }

        for (int waiting = scene.Lives.Count(static l => l.IsWaiting); waiting < Standbys; waiting++) scene.Start(Random() with { IsStandby = true });
        // What becomes of a command that is repeated, and of state from one version to the next, shows only after checkpoints, of which the first may have no state yet.
        if (leader is not null && (scene.Traits.Versions > 1 || IsChanging(leader))) await TakenAsync(leader, _chance.Between(1, CheckpointsMax)).ConfigureAwait(false);
        return leader;
    }

    static bool IsChanging(SimulatedLife life) => life.Options is { Drops.Count: > 0 } or { Renames.Count: > 0 };

    /// <summary>A number of checkpoints is complete, or the process has ended, or that takes too long.</summary>
    async Task TakenAsync(SimulatedLife life, int checkpoints)
    {
        Task limit = _world.DelayAsync(s_untilTaken);
        for (; checkpoints > 0 && !limit.IsCompleted && !life.Ended.IsCompleted; checkpoints--) await Task.WhenAny(life.NextTaken, life.Ended, limit).ConfigureAwait(false);
    }

    /// <summary>A standby that leads, now or soon; null when none does.</summary>
    async Task<SimulatedLife?> TakenOverAsync()
    {
        Task limit = _world.DelayAsync(s_untilTaken);
        while (!limit.IsCompleted && scene.Lives.Any(static l => l.Options.IsStandby && !l.Completion.IsCompleted && l.Process.IsAwake))
        {
            if (scene.Lives.LastOrDefault(static l => l.IsReachableLeader) is { } leader) return leader;
            await _world.DelayAsync(s_look).ConfigureAwait(false);
        }

        return null;
    }

    async Task<LifeOptions> NextAsync()
    {
        // An upgrade: from here on the processes of the job run the next version.
        if (scene.Lives.Count > 0 && _version + 1 < scene.Traits.Versions && _chance.Below(2) == 0) _version++;
        return await scene.CommandAsync(Random() with { IsStandby = Standbys > 0 && _chance.Below(2) == 0, IsRewind = scene.Traits.AllowsRewind && _chance.Below(scene.Traits.AllowsRepetition ? 2 : 4) == 0 }, _chance).ConfigureAwait(false);
    }

    /// <summary>How the next process runs the job: nothing of it may matter.</summary>
    LifeOptions Random() => change(new()
    {
        Parallelism = _chance.Pick(s_sizes),
        IsChaining = _chance.Below(4) != 0,
        Skew = _chance.Between(-_world.Faults.SkewMax, _world.Faults.SkewMax),
        StoreSeed = _chance.Next(),
        EntriesPerTerm = _chance.Pick([4, 12, 10_000]),
        HostsWorker = !IsApart,
        Workers = _chance.Between(1, _workersMax),
        Version = _version,
        AcceptsDrained = _chance.Below(8) != 0,
        TakeoverAfter = TimeSpan.FromMilliseconds(_chance.Pick([150, 300, 600])),
        Checkpoints = Barriers(new()
        {
            Interval = _chance.Between(TimeSpan.FromMilliseconds(15), TimeSpan.FromMilliseconds(150)),
            Retained = _chance.Between(1, 3),
            // Lives are short and states small here: a pack is old soon, and every byte counts.
            Wear = new(_chance.Between(1, 5), 1),
            // What is written again from an older snapshot, or from none, has to be told apart from what was written before.
            IsRetainedOnCancel = !scene.Traits.AllowsRewind || _chance.Below(2) == 0,
        }),
    });

    CheckpointOptions Barriers(CheckpointOptions options) => _chance.Below(scene.Traits.AllowsAtLeastOnce ? 6 : 5) switch
    {
        0 or 1 => options with { Alignment = Alignment.Unaligned },
        // More than one at a time, where barriers never overtake records.
        2 => options with { AlignTimeout = Timeout.InfiniteTimeSpan, MaxConcurrent = _chance.Between(2, 4) },
        5 => options with { Alignment = Alignment.AtLeastOnce },
        _ => options with { AlignTimeout = TimeSpan.FromMilliseconds(_chance.Pick([1, 5, 1_000])) },
    };

    async Task DisturbAsync(SimulatedLife life)
    {
        if (Standbys > 0 && _chance.Below(6) == 0)
        {
            DisturbStandby();
            return;
        }

        // What a version does with the state of another, and whether a command is repeated, shows only when whoever runs it is replaced.
        if (scene.Traits.Versions > 1 && _chance.Below(2) == 0)
        {
            NoteKill(life);
            life.Process.Kill("to start another version");
            return;
        }

        int what = _chance.Below(scene.Workers.Count > 0 ? 19 : 15);
        // Where it may go back to a savepoint there are to be some.
        switch (scene.Traits.AllowsRepetition && _chance.Below(3) == 0 ? Savepoint : what)
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
            case Savepoint:
                await AskAsync(life, "savepoint", () => life.Job.SavepointAsync(Target())).ConfigureAwait(false);
                break;
            case 7:
                bool isDrain = scene.Traits.AllowsDrain && _chance.Below(2) == 0;
                await AskAsync(life, isDrain ? "stop with a drain" : "stop", () => life.Job.StopAsync(isDrain, Target())).ConfigureAwait(false);
                break;
            case 8:
                await AskAsync(life, "cancel with a savepoint", async () => await life.Job.CancelAsync(isSavepoint: true, Target()).ConfigureAwait(false) ?? new CheckpointAnswer.Refused("")).ConfigureAwait(false);
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
            case 12 or 13:
                await EditAsync(life).ConfigureAwait(false);
                break;
            case 14:
                await CancelAsync(life).ConfigureAwait(false);
                break;
            default:
                DisturbWorker(_chance.Pick(scene.Workers));
                break;
        }
    }

    /// <summary>A folder of its own for a savepoint, or the job's place.</summary>
    string? Target() => _chance.Below(2) == 0 ? null : $"{SimulatedScene.SavepointScheme}elsewhere/{_chance.Below(1_000)}";

    /// <summary>Somebody changes by hand which checkpoints are kept, while the job runs; in the end nothing is kept for nobody.</summary>
    async Task EditAsync(SimulatedLife life)
    {
        if (await scene.StateAsync().ConfigureAwait(false) is not { } state || state.Kept.ToArray() is not { Length: > 0 } kept) return;
        long id = _chance.Pick(kept).Id;
        LedgerEdit edit = _chance.Below(3) switch
        {
            0 => new LedgerEdit.Unpin(id),
            1 => new LedgerEdit.Dispose(id),
            _ => new LedgerEdit.Pin(id, PinReason),
        };
        Task<LedgerEditOutcome> outcome = life.Job.EditAsync(edit, CancellationToken.None);
        await Task.WhenAny(outcome, life.Ended).ConfigureAwait(false);
        if (outcome is { IsFaulted: true, Exception.InnerException: { } failure } && failure is not (LedgerFencedException or Storage.StoreUnavailableException or ObjectDisposedException or OperationCanceledException))
            throw new SimulationException($"{edit} failed: {failure}");
        if (!outcome.IsCompletedSuccessfully) return;
        LedgerEditOutcome told = await outcome.ConfigureAwait(false);
        life.Process.Tell($"{edit}: {told.Text}");
        if (told.IsDone) _world.Reach($"a checkpoint was kept or let go by hand: {edit.GetType().Name}");
    }

    /// <summary>Something happens to a worker alone: whoever leads finds out, and goes on with another.</summary>
    void DisturbWorker(SimulatedWorker worker)
    {
        if (scene.Workers.Count <= scene.WorkersMax) scene.StartWorker(Random());
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

    /// <summary>Something happens to a process that waits for its turn: nobody else may notice.</summary>
    void DisturbStandby()
    {
        SimulatedLife[] waiting = [.. scene.Lives.Where(static l => l.IsWaiting && l.Process.IsReachable)];
        if (waiting.Length == 0) return;
        SimulatedProcess standby = _chance.Pick(waiting).Process;
        switch (_chance.Below(3))
        {
            case 0:
                _world.Reach("a standby was paused");
                standby.Pause();
                _waking.Add(WakeAsync(standby));
                break;
            case 1:
                _world.Reach("a standby was cut off");
                standby.CutOff(true);
                _waking.Add(ReconnectAsync(standby));
                break;
            default:
                _world.Reach("a standby was killed");
                standby.Kill("while it waited");
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
        Task<CheckpointAnswer> answer = AskAsync(life, ask);
        if (await IsKilledAsync(life, verb, answer).ConfigureAwait(false)) return;
        if (answer is { IsFaulted: true, Exception.InnerException: { } failure } && failure is not (LedgerFencedException or Storage.StoreUnavailableException))
            throw new SimulationException($"{verb} failed: {failure}");
        if (answer.IsCompletedSuccessfully) life.Process.Tell($"{verb}: {await answer.ConfigureAwait(false)}");
        // A job that was asked to end does, or goes on when that was refused.
        if (answer is not { IsCompletedSuccessfully: true, Result: CheckpointAnswer.Taken } || verb == "savepoint") return;
        await RequireEndAsync(life, verb).ConfigureAwait(false);
        _world.Reach(verb);
    }

    /// <summary>Asks again for a while, as the answer says, where the job does not run yet or at the moment.</summary>
    async Task<CheckpointAnswer> AskAsync(SimulatedLife life, Func<Task<CheckpointAnswer>> ask)
    {
        Task limit = _world.DelayAsync(s_untilTaken);
        while (true)
        {
            CheckpointAnswer answer = await ask().ConfigureAwait(false);
            if (answer is not CheckpointAnswer.Refused { Why: var why } || !why.Contains("ask again", StringComparison.Ordinal) || limit.IsCompleted || life.Ended.IsCompleted) return answer;
            await _world.DelayAsync(s_look).ConfigureAwait(false);
        }
    }

    /// <summary>Killed in the middle of what it was asked for, now and then.</summary>
    async Task<bool> IsKilledAsync(SimulatedLife life, string verb, Task answer)
    {
        Task isEnough = _chance.Below(3) == 0 ? _world.DelayAsync(_chance.Between(TimeSpan.Zero, TimeSpan.FromMilliseconds(120))) : new TaskCompletionSource().Task;
        if (await Task.WhenAny(answer, life.Ended, isEnough).ConfigureAwait(false) != isEnough || life.TurnEnded.IsCompleted) return false;
        _world.Reach($"killed in the middle of: {verb}");
        life.Process.Kill($"in the middle of: {verb}");
        return true;
    }

    /// <summary>A job that was asked to end does.</summary>
    async Task RequireEndAsync(SimulatedLife life, string verb)
    {
        await Task.WhenAny(life.Ended, _world.DelayAsync(s_untilEnded)).ConfigureAwait(false);
        if (!life.TurnEnded.IsCompleted && !life.Process.IsDead) throw new SimulationException($"{life.Process.Name} was asked for {verb}, and goes on");
        scene.RequireExplained(life);
    }

    /// <summary>The job is cancelled as it is: what is not in its newest checkpoint is dropped, and so are its checkpoints, if that was asked for.</summary>
    async Task CancelAsync(SimulatedLife life)
    {
        life.Process.Tell("is asked for: cancel");
        _ = life.Job.CancelAsync(isSavepoint: false, null);
        if (await IsKilledAsync(life, "cancel", life.TurnEnded).ConfigureAwait(false)) return;
        await RequireEndAsync(life, "cancel").ConfigureAwait(false);
        // One that was still starting has nothing to record, and leaves the job as it was.
        if (life.Job.Completion is not { IsCompletedSuccessfully: true, Result.Ending: JobEnding.Cancelled }) return;
        bool isRetained = life.Options.Checkpoints.IsRetainedOnCancel;
        _world.Reach(isRetained ? "cancel" : "cancel that lets go of checkpoints");
        // Another process may have begun again already.
        if (await scene.StateAsync().ConfigureAwait(false) is not { Phase: State.Snapshots.JobPhase.Cancelled } state) return;
        if (isRetained ? state.Latest is null && life.Checkpoints > 0 : state.Latest is not null)
            throw new SimulationException($"{life.Process.Name} was cancelled{(isRetained ? "" : ", not to retain checkpoints")}, and the newest checkpoint is {state.Latest?.ToString() ?? "gone"}");
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
        SimulatedLife second = scene.Start(await NextAsync().ConfigureAwait(false) with { IsStandby = false });
        await Task.WhenAny(second.Ended, _world.DelayAsync(s_untilEnded)).ConfigureAwait(false);
        if (second.Failure is JobLedElsewhereException) _world.Reach("a second process was told who leads");
        scene.RequireExplained(second);
        // The first ended meanwhile, so the second leads.
        if (second.IsLeading && !second.Process.IsDead) _leader = second;
    }
}
