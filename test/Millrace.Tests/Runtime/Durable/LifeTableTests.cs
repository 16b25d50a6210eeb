using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Every way a job can have ended, and every way to start it then: what happens, and what is written in the end.</summary>
public sealed class LifeTableTests
{
    const int AtSavepoint = 40, AtCheckpoint = 70, AtEnd = 90;

    readonly Trial _trial = new() { Input = new(3, 120) };
    string _savepoint = "";
    IReadOnlyList<string> _savepointRows = [];

    public enum End
    {
        Crash, CrashInTheFirstCheckpoint, Interrupt, Failure, Finish, Stop, Cancel, HalfStopAnnounced, HalfStopTaken, HalfStopGathered, HalfStopSettled,
    }

    public enum From
    {
        Unsaid, Fresh, Latest, LatestSavepoint, Address,
    }

    public static TheoryData<End, From> Table()
    {
        TheoryData<End, From> table = [];
        foreach (End end in Enum.GetValues<End>())
        {
            foreach (From from in Enum.GetValues<From>()) table.Add(end, from);
        }

        return table;
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [MemberData(nameof(Table))]
    public async Task Start_AfterAnyEnd_DoesWhatTheTableSays(End end, From from)
    {
        await LiveAsync(end);
        IReadOnlyList<string> before = _trial.Table.Visible;
        LedgerState? state = await _trial.StateAsync();
        TrialStart start = new() { From = RequestOf(from) };
        switch (end)
        {
            case End.Crash or End.CrashInTheFirstCheckpoint or End.Interrupt or End.Failure when from is From.Unsaid or From.Latest:
                Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(start)).Ending);
                await _trial.AssertExactAsync($"{end}");
                break;
            case End.Crash or End.CrashInTheFirstCheckpoint or End.Interrupt or End.Failure:
                await RefusedAsync(start, "--rewind");
                Assert.Equal(state!.Phase, (await _trial.StateAsync())!.Phase);
                await _trial.AssertKeptAsync();
                await RewindAsync(start with { IsRewind = true, Gate = new() }, from, state);
                break;
            case End.HalfStopAnnounced or End.HalfStopTaken or End.HalfStopGathered or End.HalfStopSettled:
                JobResult finished = await _trial.RunAsync(start);
                Assert.True(finished.Ending is JobEnding.Stopped or JobEnding.AlreadyEnded, $"{finished.Ending}");
                Assert.Equal(JobPhase.Stopped, (await _trial.StateAsync())!.Phase);
                await _trial.RunAsync(new() { From = new StartFrom.LatestSavepoint() });
                await _trial.AssertExactAsync($"{end}");
                break;
            case End.Finish when from is From.Unsaid or From.Latest:
                JobResult again = await _trial.RunAsync(start);
                Assert.Equal(JobEnding.AlreadyEnded, again.Ending);
                Assert.Contains("finished", again.Note, StringComparison.Ordinal);
                await _trial.AssertExactAsync($"{end}");
                break;
            case End.Finish when from is From.LatestSavepoint or From.Address:
                // A savepoint of its own: what follows it was written, and is written again only if that is said.
                await RefusedAsync(start, "--rewind");
                Assert.Equal(before, _trial.Table.Visible);
                await RewindAsync(start with { IsRewind = true, Gate = new() }, from, state!);
                break;
            case End.Stop or End.Cancel when from is From.Unsaid:
                await RefusedAsync(start, "--from latest-savepoint");
                Assert.Equal(before, _trial.Table.Visible);
                break;
            case End.Stop when from is From.Address:
            case End.Cancel when from is From.LatestSavepoint or From.Address:
                // An older savepoint of the line: what sinks have committed since is written again only if that is said.
                await RefusedAsync(start, "--accept-duplicates");
                Assert.Equal(before, _trial.Table.Visible);
                await RewindAsync(start with { AcceptsDuplicates = true, Gate = new() }, from, state!);
                break;
            default:
                await RewindAsync(start, from, state!);
                break;
        }
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_RepeatedCommandLine_IsHonouredOnce()
    {
        await LiveAsync(End.Stop);
        TrialStart start = new() { From = new StartFrom.Address(_savepoint), AcceptsDuplicates = true };
        IReadOnlyList<string> before = _trial.Table.Visible;
        DurableJob job = await _trial.StartAsync(start, limit: 100, from: AtSavepoint);
        await job.CheckpointAsync().TakenAsync();
        job.Interrupt("a supervisor restarts it");
        Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
        string timeline = (await _trial.StateAsync())!.Timeline;

        await RefusedAsync(start with { From = new StartFrom.Fresh(), Gate = new() }, "--rewind");
        TrialStart same = start with { Gate = new() };
        job = await _trial.StartAsync(same, limit: 110, from: 100);
        Assert.Equal(timeline, (await _trial.StateAsync())!.Timeline);
        Assert.Contains(_trial.Told, static line => line.Contains("was honoured", StringComparison.Ordinal));
        job.Interrupt("again");
        await job.Completion;

        // The same line with --rewind is another request; repeated, it is honoured once as well.
        SnapshotReference tip = (await _trial.StateAsync())!.Latest!.Snapshot;
        TrialStart rewind = new() { From = new StartFrom.Fresh(), IsRewind = true };
        job = await _trial.StartAsync(rewind, limit: 50);
        await job.CheckpointAsync().TakenAsync();
        job.Interrupt("again");
        await job.Completion;
        LedgerState state = await _trial.AssertKeptAsync();
        Assert.NotEqual(timeline, state.Timeline);
        Assert.Contains(state.Pins, pin => pin.Snapshot == tip);

        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(rewind with { Gate = new() })).Ending);
        state = await _trial.AssertKeptAsync();
        Assert.Contains(state.Pins, pin => pin.Snapshot == tip);
        List<string> all = TrialFlow.Answer(_trial.Input);
        List<string> written = TrialAssert.Without(_trial.Table.Visible, before);
        Assert.Empty(TrialAssert.Without(all, written));
        Assert.Empty(TrialAssert.Without(TrialAssert.Without(written, all), all));
    }

    StartFrom RequestOf(From from) => from switch
    {
        From.Unsaid => new StartFrom.Unsaid(),
        From.Fresh => new StartFrom.Fresh(),
        From.Latest => new StartFrom.Latest(),
        From.LatestSavepoint => new StartFrom.LatestSavepoint(),
        _ => new StartFrom.Address(_savepoint),
    };

    async Task RefusedAsync(TrialStart start, string choice)
    {
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(start));
        Assert.Contains(choice, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>A new line of history: what was committed stays, what comes after the snapshot is written again, and the tip left behind is kept.</summary>
    async Task RewindAsync(TrialStart start, From from, LedgerState left)
    {
        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(start)).Ending);
        LedgerState state = await _trial.AssertKeptAsync();
        Assert.NotEqual(left.Timeline, state.Timeline);
        if (left.Latest is { } tip) Assert.Contains(tip.Snapshot, state.Pins.Select(static p => p.Snapshot).Concat(state.Retained.Select(static r => r.Snapshot)));

        List<string> all = TrialFlow.Answer(_trial.Input);
        bool isFinished = left.Phase == JobPhase.Finished;
        // What was owed is committed before the old line is left, so the newest checkpoint says what was visible.
        IReadOnlyList<string> then = from switch
        {
            From.Fresh => [],
            From.Latest => _tipRows,
            From.LatestSavepoint when left.Phase == JobPhase.Stopped => _tipRows,
            _ => _savepointRows,
        };
        Assert.False(isFinished && from == From.Latest);
        TrialAssert.Same(TrialAssert.Sorted(_tipRows, TrialAssert.Without(all, then)), _trial.Table.Visible, $"from {from} after {left.Phase}");
    }

    IReadOnlyList<string> _tipRows = [];

    /// <summary>A life with a savepoint and a checkpoint, up to its end.</summary>
    async Task LiveAsync(End end)
    {
        await SavepointAsync();
        bool isStopping = false;
        TrialProcess process = new(diesWhere: what => end switch
        {
            End.HalfStopAnnounced => isStopping && what.StartsWith("CompleteUpload trial/packs", StringComparison.Ordinal),
            End.HalfStopTaken => isStopping && what.Contains("savepoints/", StringComparison.Ordinal) && !what.Contains("/check-", StringComparison.Ordinal),
            End.HalfStopGathered => isStopping && what.StartsWith("Create savepoints/", StringComparison.Ordinal) && what.EndsWith("_metadata", StringComparison.Ordinal),
            End.HalfStopSettled => _isSettled && what.StartsWith("Create trial/ledger", StringComparison.Ordinal),
            _ => false,
        }, isAfter: end == End.HalfStopGathered);
        bool fails = false;
        TrialStart how = new()
        {
            Process = process,
            OnRecord = r =>
            {
                if (fails && r.Index == AtEnd) throw new InvalidOperationException("a failure of the user's");
            },
            Taken = taken => _isSettled |= taken.Purpose == CheckpointPurpose.Stop,
        };
        DurableJob job = await _trial.StartAsync(how, limit: end == End.CrashInTheFirstCheckpoint ? AtEnd : AtCheckpoint, from: AtSavepoint);
        if (end != End.CrashInTheFirstCheckpoint)
        {
            await job.CheckpointAsync().TakenAsync();
            how.Gate.Open(AtEnd);
            await job.PassedAsync(how.Gate, _trial.Input.Below(AtEnd) - _trial.Input.Below(AtSavepoint));
        }

        _tipRows = _trial.Table.Visible;
        switch (end)
        {
            case End.Crash or End.CrashInTheFirstCheckpoint:
                process.Kill("the test");
                break;
            case End.Interrupt:
                job.Interrupt("the test");
                Assert.Equal(JobEnding.Interrupted, (await job.Completion).Ending);
                break;
            case End.Failure:
                fails = true;
                how.Gate.Open();
                await Assert.ThrowsAsync<JobFailedException>(() => job.Completion);
                break;
            case End.Finish:
                how.Gate.Open();
                Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
                break;
            case End.Cancel:
                await job.CancelAsync(isSavepoint: false, null);
                Assert.Equal(JobEnding.Cancelled, (await job.Completion).Ending);
                break;
            default:
                isStopping = true;
                _ = job.StopAsync(isDrain: false, null).ContinueWith(static _ => { }, TaskScheduler.Default);
                if (end == End.Stop) Assert.Equal(JobEnding.Stopped, (await job.Completion).Ending);
                else await process.Died;
                break;
        }

        if (process.IsDead)
        {
            job.Cancel();
            await Assert.ThrowsAnyAsync<Exception>(() => job.Completion);
        }

        _tipRows = _trial.Table.Visible;
    }

    bool _isSettled;

    async Task SavepointAsync()
    {
        TrialStart how = new();
        DurableJob job = await _trial.StartAsync(how, limit: AtSavepoint);
        _savepoint = (await job.SavepointAsync(null).TakenAsync()).Savepoint!.Address;
        _savepointRows = _trial.Table.Visible;
        job.Interrupt("to go on in another process");
        await job.Completion;
        Assert.Equal(_savepointRows, _trial.Table.Visible);
    }
}
