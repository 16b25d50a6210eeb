using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Tests.Runtime.Durable;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>How far sinks have committed outlives the checkpoints that said so: less is not written again without a word.</summary>
public sealed class CommittedOutputTests
{
    const int At = 60;
    readonly Trial _trial = new() { Input = new(3, 150) };

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Dispose_OfTheNewestOfAStoppedJob_SaysSoAndAnOlderStartNeedsAWord()
    {
        (SnapshotReference older, SnapshotReference newest) = await StopAsync();
        IReadOnlyList<string> before = _trial.Table.Visible;

        string said = await DisposeAsync(newest.Id);

        Assert.Contains($"Sinks have committed output up to checkpoint {newest.Id}, and the newest is checkpoint {older.Id} now", said, StringComparison.Ordinal);
        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(new() { From = new StartFrom.Latest() }));
        Assert.Contains($"sinks have committed output up to checkpoint {newest.Id} of this line of history", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--accept-duplicates", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, _trial.Table.Visible);

        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(new() { From = new StartFrom.Latest(), AcceptsDuplicates = true })).Ending);
        Assert.Empty(TrialAssert.Without(TrialFlow.Answer(_trial.Input), _trial.Table.Visible));
        Assert.NotEqual(TrialFlow.Answer(_trial.Input), _trial.Table.Visible);
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Start_FromTheSavepointOfTheStop_NeedsNoWord()
    {
        (_, SnapshotReference newest) = await StopAsync();
        await DisposeAsync(newest.Id);

        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(new() { From = new StartFrom.LatestSavepoint() })).Ending);

        TrialAssert.Same(TrialFlow.Answer(_trial.Input), _trial.Table.Visible, "");
    }

    /// <summary>A cancelled job that keeps nothing has an older savepoint alone.</summary>
    [Theory(Timeout = TrialAssert.LimitMs)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_FromAnOlderSavepointOfACancelledJob_NeedsAWord(bool isByAddress)
    {
        TrialStart how = new() { Checkpoints = new() { Interval = TimeSpan.FromHours(1), IsRetainedOnCancel = false } };
        DurableJob job = await _trial.StartAsync(how, limit: At);
        string savepoint = (await job.SavepointAsync(null).TakenAsync()).Savepoint!.Address;
        how.Gate.Open(At + 20);
        await job.PassedAsync(how.Gate, _trial.Input.Below(At + 20));
        SnapshotReference newest = (await job.CheckpointAsync().TakenAsync()).Snapshot;
        await job.CancelAsync(isSavepoint: false, null);
        await job.Completion;
        Assert.Null((await _trial.StateAsync())!.Latest);
        StartFrom from = isByAddress ? new StartFrom.Address(savepoint) : new StartFrom.LatestSavepoint();

        StartRefusedException refused = await Assert.ThrowsAsync<StartRefusedException>(() => _trial.RunAsync(new() { From = from }));

        Assert.Contains($"sinks have committed output up to checkpoint {newest.Id} of this line of history", refused.Message, StringComparison.Ordinal);
        Assert.Equal(JobEnding.Finished, (await _trial.RunAsync(new() { From = from, AcceptsDuplicates = true })).Ending);
    }

    /// <summary>A job that failed and kept nothing goes on from its beginning, which writes everything again.</summary>
    [Fact]
    public void Decide_LiveWithoutTheCheckpointsThatOutputWasCommittedFor_NeedsAWord()
    {
        LedgerState state = new() { Job = "job", Phase = JobPhase.Failed, Cause = "it broke", Timeline = "t", Origin = new TimelineOrigin.Nothing(), CommittedUpTo = 7 };
        StartRequest request = new() { Fingerprint = "f" };

        StartAction.Refuse refused = Assert.IsType<StartAction.Refuse>(StartDecision.Decide(state, request));

        Assert.Contains("up to checkpoint 7 of this line of history: starting from what the job began with", refused.Why, StringComparison.Ordinal);
        Assert.IsType<StartAction.Resume>(StartDecision.Decide(state, request with { AcceptsDuplicates = true }));
        Assert.IsType<StartAction.Resume>(StartDecision.Decide(state with { CommittedUpTo = 0 }, request));
    }

    /// <summary>Two checkpoints with output between them, the second that of the stop.</summary>
    async Task<(SnapshotReference Older, SnapshotReference Newest)> StopAsync()
    {
        TrialStart how = new();
        DurableJob job = await _trial.StartAsync(how, limit: At);
        SnapshotReference older = (await job.CheckpointAsync().TakenAsync()).Snapshot;
        how.Gate.Open(At + 20);
        await job.PassedAsync(how.Gate, _trial.Input.Below(At + 20));
        SnapshotReference newest = (await job.StopAsync(isDrain: false, null).TakenAsync()).Snapshot;
        await job.Completion;
        Assert.Equal([older.Id, newest.Id], (await _trial.StateAsync())!.Retained.Select(static r => r.Snapshot.Id));
        Assert.Equal(newest.Id, (await _trial.StateAsync())!.CommittedUpTo);
        return (older, newest);
    }

    async Task<string> DisposeAsync(long id)
    {
        IObjectStore folder = _trial.Store.Under(TrialFlow.Name);
        LedgerOpening opening = await Ledger.OpenAsync(folder, new LedgerKeys(""), TrialFlow.Name, new NonceSource(3).NextName(), TimeProvider.System, new(), default);
        await using Ledger ledger = Assert.IsType<LedgerOpening.Leads>(opening).Ledger;
        LedgerEditOutcome outcome = await LedgerEdits.ApplyAsync(ledger, folder, new LedgerEdit.Dispose(id), default);
        Assert.True(outcome.IsDone, outcome.Text);
        return outcome.Text;
    }
}
