using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Starts from a checkpoint that belongs to another job, which deletes its checkpoints as it goes on.</summary>
public sealed class CheckpointLoanTests
{
    const int At = 40;
    const string Endpoint = "test://lender";

    static readonly CheckpointOptions s_one = new() { Interval = TimeSpan.FromHours(1), Retained = 1 };

    readonly Trial _lender = new() { Input = new(2, 120) };
    readonly Trial _borrower;

    public CheckpointLoanTests() => _borrower = new() { Name = "borrower", Input = _lender.Input, Store = _lender.Store };

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CheckpointOfARunningJobThatDeletesItsOwn_IsKeptUntilTheFirstOfItsOwn()
    {
        TrialStart lends = new() { Checkpoints = s_one, Endpoint = Endpoint };
        DurableJob lender = await _lender.StartAsync(lends, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        IReadOnlyList<string> before = _lender.Table.Visible;
        using CancellationTokenSource ending = new();
        Task retiring = Task.CompletedTask;

        // Everything that is read after the pin is read when the lender has long let go of the checkpoint.
        TrialStart borrows = new()
        {
            From = From(lent), Checkpoints = s_one,
            AskLender = async (_, edit, token) =>
            {
                LeaderAnswer answer = await AskAsync(lender, edit, token);
                if (edit is LedgerEdit.Borrow)
                {
                    retiring = RetireAsync(lender, lends.Gate, ending.Token);
                    await RetiredAsync(lent);
                }

                return answer;
            },
        };
        DurableJob borrower = await _borrower.StartAsync(borrows, limit: At + 20, from: At);
        if (borrower.Completion.IsCompleted) await borrower.Completion;
        SnapshotPin pin = Assert.Single((await _lender.AssertKeptAsync()).Pins, static p => p.Borrower is not null);
        Assert.Equal(lent, pin.Snapshot);
        Assert.Contains("job borrower of memory://test", pin.Reason, StringComparison.Ordinal);
        Assert.Equal(pin.Borrower, Assert.Single((await _borrower.StateAsync())!.Borrowed).Borrower);

        await borrower.CheckpointAsync().TakenAsync();
        borrows.Gate.Open();
        Assert.Equal(JobEnding.Finished, (await borrower.Completion).Ending);
        ending.Cancel();
        await retiring;
        TrialAssert.Same(TrialFlow.Answer(_lender.Input), TrialAssert.Sorted(before, _borrower.Table.Visible), string.Join('\n', _borrower.Told));
        await AssertReturnedAsync();
        Assert.DoesNotContain(_lender.Store.Keys, key => key == $"{TrialFlow.Name}/{lent.Key}");

        lends.Gate.Open();
        Assert.Equal(JobEnding.Finished, (await lender.Completion).Ending);
        await _lender.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CheckpointOfAJobThatNobodyRuns_IsKeptByLeadingItForAMoment()
    {
        (SnapshotReference lent, IReadOnlyList<string> before) = await InterruptedAsync();
        TrialStart borrows = new() { From = From(lent) };
        DurableJob borrower = await _borrower.StartAsync(borrows, limit: At + 20, from: At);
        Assert.Equal(lent, Assert.Single((await _lender.StateAsync())!.Pins, static p => p.Borrower is not null).Snapshot);

        // Restarts of its own before its first checkpoint read it again, in another process as well.
        borrower.Interrupt("to be started again");
        Assert.Equal(JobEnding.Interrupted, (await borrower.Completion).Ending);
        Assert.Contains((await _lender.StateAsync())!.Pins, static p => p.Borrower is not null);
        Assert.Equal(JobEnding.Finished, (await _borrower.RunAsync()).Ending);
        TrialAssert.Same(TrialFlow.Answer(_lender.Input), TrialAssert.Sorted(before, _borrower.Table.Visible), string.Join('\n', _borrower.Told));
        await AssertReturnedAsync();

        // The lender goes on as if nothing had been.
        Assert.Equal(JobEnding.Finished, (await _lender.RunAsync()).Ending);
        await _lender.AssertExactAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_JobCancelledBeforeItsFirstCheckpoint_IsNotKeptAnyMore()
    {
        (SnapshotReference lent, _) = await InterruptedAsync();
        DurableJob borrower = await _borrower.StartAsync(new() { From = From(lent) }, limit: At + 20, from: At);
        await borrower.CancelAsync(isSavepoint: false, null);
        Assert.Equal(JobEnding.Cancelled, (await borrower.Completion).Ending);
        await AssertReturnedAsync();
        await _lender.AssertKeptAsync();
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_LenderThatRunsAndCannotBeAsked_IsRefusedUnlessPinnedByHand()
    {
        DurableJob lender = await _lender.StartAsync(new() { Checkpoints = s_one, Endpoint = Endpoint }, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        TrialStart borrows = new() { From = From(lent) };
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _borrower.RunAsync(borrows));
        Assert.Contains("could not be asked to keep it: this program does not know how to ask it", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"millrace snapshots pin {lent.Id} --job trial", refused.Message, StringComparison.Ordinal);
        Assert.Null(await _borrower.StateAsync());

        Assert.True((await lender.EditAsync(new LedgerEdit.Pin(lent.Id, "for borrower"), default)).IsDone);
        Assert.Equal(JobEnding.Finished, (await _borrower.RunAsync(borrows with { Gate = new() })).Ending);
        Assert.Equal("for borrower", Assert.Single((await _lender.StateAsync())!.Pins).Reason);
        lender.Cancel();
        await lender.Completion;
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_LenderWithoutAnAddressThatMayRun_IsNotOvertaken()
    {
        DurableJob lender = await _lender.StartAsync(new() { Checkpoints = s_one }, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _borrower.RunAsync(new() { From = From(lent) }));
        Assert.Contains("has no address", refused.Message, StringComparison.Ordinal);
        await lender.CheckpointAsync().TakenAsync();
        lender.Cancel();
        Assert.Equal(JobEnding.Interrupted, (await lender.Completion).Ending);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CheckpointThatItsJobDeletedMeanwhile_IsRefusedWithThoseItKeeps()
    {
        TrialStart lends = new() { Checkpoints = s_one, Endpoint = Endpoint };
        DurableJob lender = await _lender.StartAsync(lends, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        bool isFirst = true;
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _borrower.RunAsync(new()
        {
            From = From(lent),
            AskLender = async (_, edit, token) =>
            {
                // Between the look and the pin.
                if (edit is LedgerEdit.Borrow && isFirst)
                {
                    isFirst = false;
                    await MoreAsync(lender, lends.Gate);
                }

                return await AskAsync(lender, edit, token);
            },
        }));
        Assert.Contains($"checkpoint {lent.Id}", refused.Message, StringComparison.Ordinal);
        await AssertReturnedAsync();
        lender.Cancel();
        await lender.Completion;
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CheckpointOfAnotherJobClaimed_IsRefused()
    {
        (SnapshotReference lent, _) = await InterruptedAsync();
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _borrower.RunAsync(new() { From = From(lent), IsClaim = true }));
        Assert.Contains($"only a savepoint can be claimed: checkpoint {lent.Id} belongs to job trial", refused.Message, StringComparison.Ordinal);
        Assert.Null(await _borrower.StateAsync());
        Assert.Empty((await _lender.StateAsync())!.Pins);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CopyOfTheFolderOfARunningJob_IsKeptInTheCopy()
    {
        DurableJob lender = await _lender.StartAsync(new() { Checkpoints = s_one, Endpoint = Endpoint }, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        foreach (string key in _lender.Store.Keys.ToArray()) await _lender.Store.PutAsync($"copy/{key}", (await _lender.Store.TryGetAsync(key, default))!, default);

        TrialStart borrows = new() { From = From(lent, "copy/"), AskLender = (_, edit, token) => AskAsync(lender, edit, token) };
        DurableJob borrower = await _borrower.StartAsync(borrows, limit: At + 20, from: At);
        Assert.Empty((await _lender.StateAsync())!.Pins);
        LedgerState copied = (await LedgerReader.ReadAsync(_lender.Store.Under("copy/trial"), new LedgerKeys(""), "trial", TimeProvider.System, new(), default))!.State;
        Assert.Equal(lent, Assert.Single(copied.Pins).Snapshot);
        await lender.CheckpointAsync().TakenAsync();
        borrower.Cancel();
        lender.Cancel();
        await Task.WhenAll(borrower.Completion, lender.Completion);
    }

    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task From_OlderCheckpointOfItsOwnByAddress_StaysWhileItIsRead(bool isCrash)
    {
        TrialProcess process = new();
        TrialStart how = new() { Process = isCrash ? process : null };
        DurableJob job = await _lender.StartAsync(how, limit: At);
        SnapshotReference older = (await job.CheckpointAsync().TakenAsync()).Snapshot;
        IReadOnlyList<string> then = _lender.Table.Visible;
        for (int more = 1; more <= 2; more++) await MoreAsync(job, how.Gate);
        if (isCrash) process.Kill("the test");
        job.Cancel();
        await job.Completion.ContinueWith(static _ => { }, TaskScheduler.Default);
        IReadOnlyList<string> all = _lender.Table.Visible;

        TrialStart again = new() { From = From(older), IsRewind = true };
        job = await _lender.StartAsync(again, limit: At + 20, from: At);
        LedgerState state = await _lender.AssertKeptAsync();
        Assert.Contains(older, state.Kept);
        Assert.Equal(new TimelineOrigin.Own(older), state.Origin);
        Assert.Empty(state.Borrowed);
        job.Interrupt("to read it once more");
        await job.Completion;
        await _lender.AssertKeptAsync();
        Assert.Equal(JobEnding.Finished, (await _lender.RunAsync()).Ending);
        TrialAssert.Same(TrialAssert.Sorted(TrialFlow.Answer(_lender.Input), TrialAssert.Without(all, then)), _lender.Table.Visible, string.Join('\n', _lender.Told));
    }

    /// <summary>A process that starts from the checkpoint dies at each of its calls, before and after it took effect; the next ones go on.</summary>
    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task From_CrashAtEveryCall_LeavesNoPinAndNothingUnread()
    {
        int calls = int.MaxValue;
        for (int at = 0; at < calls; at++)
        {
            foreach (bool isAfter in (bool[])[false, true])
            {
                CheckpointLoanTests life = new();
                int steps = await life.CrashAsync(new TrialProcess(at, isAfter));
                if (at == 0) calls = Math.Min(calls, steps);
            }
        }

        Assert.InRange(calls, 20, 400);
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls in a life");
    }

    /// <returns>How many calls a whole life has.</returns>
    async Task<int> CrashAsync(TrialProcess first)
    {
        (SnapshotReference lent, IReadOnlyList<string> before) = await InterruptedAsync();
        string died = "";
        TrialProcess process = first;
        while (!await BorrowAsync(process, lent))
        {
            died = await process.Died;
            LedgerState? state = await _borrower.StateAsync();
            LedgerState lender = await _lender.AssertKeptAsync();
            // Whatever it still needs is kept; and every pin is one that it knows of.
            if (state is { IsLive: true, Latest: null }) Assert.Contains(lender.Pins, p => p.Snapshot == lent && p.Borrower is not null);
            Assert.All(lender.Pins, pin => Assert.Contains(state!.Borrowed, b => b.Borrower == pin.Borrower));
            process = new();
        }

        TrialAssert.Same(TrialFlow.Answer(_lender.Input), TrialAssert.Sorted(before, _borrower.Table.Visible), $"died at {died}\n{string.Join('\n', _borrower.Told)}");
        await AssertReturnedAsync();
        return process.Steps.Count;
    }

    /// <summary>One process, which ends at its first checkpoint and begins again, until the job has finished. False when it died.</summary>
    async Task<bool> BorrowAsync(TrialProcess process, SnapshotReference lent)
    {
        LedgerState? state = await _borrower.StateAsync();
        if (state?.Phase == JobPhase.Finished)
        {
            // What the last process did not get to is left to the next start, which finds nothing else to do.
            if (state.Borrowed.Count == 0) return true;
        }

        DurableJob job = _borrower.Start(new() { Process = process, From = From(lent), Threads = 1, Parallelism = 1, Checkpoints = new() { Interval = TimeSpan.FromHours(1), ToleratedFailures = 0 } });
        await Task.WhenAny(process.Died, job.Completion);
        if (process.IsDead)
        {
            job.Cancel();
            await job.Completion.ContinueWith(static _ => { }, TaskScheduler.Default);
            return false;
        }

        await job.Completion;
        return true;
    }

    async Task<(SnapshotReference Lent, IReadOnlyList<string> Before)> InterruptedAsync()
    {
        DurableJob lender = await _lender.StartAsync(new() { Checkpoints = s_one }, limit: At);
        SnapshotReference lent = (await lender.CheckpointAsync().TakenAsync()).Snapshot;
        lender.Interrupt("test");
        await lender.Completion;
        return (lent, _lender.Table.Visible);
    }

    static StartFrom.Address From(SnapshotReference lent, string above = "") => new($"memory://{above}{TrialFlow.Name}/{lent.Key[..lent.Key.LastIndexOf('/')]}");

    static async ValueTask<LeaderAnswer> AskAsync(DurableJob lender, LedgerEdit? edit, CancellationToken token)
    {
        if (edit is null) return new LeaderAnswer.Done("it lives");
        LedgerEditOutcome outcome = await lender.EditAsync(edit, token);
        return outcome.IsDone ? new LeaderAnswer.Done(outcome.Text) : new LeaderAnswer.Refused(outcome.Text);
    }

    async Task MoreAsync(DurableJob job, TrialGate gate)
    {
        int limit = gate.Limit + 1;
        long passed = gate.Passed;
        gate.Open(limit);
        await job.PassedAsync(gate, passed + _lender.Input.Splits);
        await job.CheckpointAsync().TakenAsync();
    }

    async Task RetireAsync(DurableJob lender, TrialGate gate, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested && gate.Limit < _lender.Input.Count - 1) await MoreAsync(lender, gate);
    }

    async Task RetiredAsync(SnapshotReference lent)
    {
        while ((await _lender.StateAsync())!.Retained.Any(r => r.Snapshot == lent)) await Task.Yield();
    }

    async Task AssertReturnedAsync()
    {
        Assert.DoesNotContain((await _lender.StateAsync())!.Pins, static p => p.Borrower is not null);
        Assert.Empty((await _borrower.StateAsync())!.Borrowed);
    }
}
