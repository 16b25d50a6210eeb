using System.Collections.Concurrent;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class CheckpointCoordinatorTests
{
    static readonly LedgerKeys Keys = new("sales");
    readonly ConcurrentDictionary<string, int> _outside = [];
    readonly ConcurrentDictionary<string, SnapshotManifest> _manifests = [];
    readonly ConcurrentQueue<CheckpointStatistics> _statistics = [];
    readonly ManualTimeProvider _time = new();
    readonly MemoryStore _store = new();
    int _nonces;

    [Fact]
    public async Task Life_TwentyCheckpointsCrashTakeoverAndZombie_LosesNothing()
    {
        Deployment first = await DeployAsync(_store);
        for (int i = 0; i < 20; i++) await first.TakeAsync();
        LedgerState before = first.Ledger.State;
        Assert.Equal([18, 19, 20], before.Retained.Select(r => r.Snapshot.Id));
        Assert.Equal(40, _outside.Values.Count(commits => commits == 1));
        AssertOnlyNamedPacksAreLeft(before);

        // The first process is paused in the middle of a checkpoint, not gone; a second one takes over.
        var paused = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        first.Store.Before = async (verb, key) =>
        {
            if (verb != "create" || !key.Contains("ledger/", StringComparison.Ordinal)) return;
            paused.TrySetResult();
            await goOn.Task;
        };
        Task<CheckpointAnswer> last = first.Coordinator.TriggerAsync();
        await paused.Task;
        Deployment second = await DeployAsync(_store.Twin());
        Assert.Equal(before.Retained.Select(r => r.Snapshot), second.Ledger.State.Retained.Select(r => r.Snapshot));
        Assert.Equal(new AttemptId(2, 2), second.Ledger.State.Attempt);   // what was owed was settled first
        await second.TakeAsync();
        goOn.SetResult();

        // It wakes up: its entry may be there, and is void. It commits nothing, deletes nothing, reports nothing.
        await Assert.ThrowsAsync<LedgerFencedException>(() => first.Coordinator.Completion);
        await Assert.ThrowsAsync<LedgerFencedException>(() => first.Coordinator.CloseAsync());
        Assert.IsType<CheckpointAnswer.Refused>(await last);
        Assert.Equal(0, _outside["1.1-21-0"]);
        Assert.DoesNotContain(21, first.Cluster.Confirmed);
        Assert.Equal([19, 20, 21], second.Ledger.State.Retained.Select(r => r.Snapshot.Id));
        Assert.All(second.Ledger.State.Retained, r => Assert.True(_store.Objects.ContainsKey(Keys.Of(r.Snapshot.Key))));

        await second.TakeAsync();
        await second.Coordinator.EndAsync(new LedgerEvent.Cancelled(), default);
        AssertOnlyNamedPacksAreLeft(second.Ledger.State, except: "packs/1.1-");
        LedgerView? view = await LedgerReader.ReadAsync(_store, Keys, "job", _time, new LedgerOptions(), default);
        Assert.Equal((JobPhase.Cancelled, 0, 0), (view!.State.Phase, view.State.Owed.Count, view.State.Doomed.Count));
        Assert.Equal(["create", "delete", "get", "put"], _store.Verbs.Keys.Order());
    }

    [Fact]
    public async Task Checkpoint_Steady_CostsFewRequests()
    {
        Deployment deployment = await DeployAsync(_store);
        for (int i = 0; i < 8; i++) await deployment.TakeAsync();

        // Manifest, entry, the look for a later term; deletions apart, and the hint with none.
        CheckpointStatistics last = _statistics.Last();
        Assert.Equal((2, 1, 3), (last.Traffic.Leader.Creates, last.Traffic.Leader.Gets, last.Traffic.Taking.Calls));
        Assert.Equal((last.Deleted, last.Deleted), (last.Traffic.Cleaning.Deletes, last.Traffic.Cleaning.Calls));
        Assert.Equal((2, 2L, 2), (last.Packs, last.PackBytes, last.Transactions));
        Assert.Equal(CheckpointPurpose.Manual, last.Purpose);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Superseded_ByHand_IsAnsweredOnceSinksHaveCommittedTheLaterOne()
    {
        Deployment deployment = await DeployAsync(_store, options: new() { MaxConcurrent = 2, Alignment = Alignment.Aligned, AlignTimeout = Timeout.InfiniteTimeSpan });
        var commits = new TaskCompletionSource();
        var goOn = new TaskCompletionSource();
        deployment.Cluster.OnBarrier = barrier => barrier.Id > 1;   // the first one's parts never come
        deployment.Cluster.OnCommit = async _ =>
        {
            commits.TrySetResult();
            await goOn.Task;
        };

        Task<CheckpointAnswer> first = deployment.Coordinator.TriggerAsync(), second = deployment.Coordinator.TriggerAsync();
        await commits.Task;
        while (deployment.Cluster.Aborted.Count == 0) await Task.Yield();
        Task<CheckpointAnswer> third = deployment.Coordinator.TriggerAsync();   // handled after what followed from the second
        while (deployment.Cluster.Barriers.Count < 3) await Task.Yield();
        Assert.False(first.IsCompleted);
        goOn.SetResult();

        Assert.Equal([2L, 2L, 3L], (await Task.WhenAll(first, second, third)).Select(a => Assert.IsType<CheckpointAnswer.Taken>(a).Snapshot.Id));
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Interval_Passed_TakesOneByItself()
    {
        Deployment deployment = await DeployAsync(_store);
        await deployment.TakeAsync();
        int before = _statistics.Count;

        while (_statistics.Count == before)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(CheckpointPurpose.Periodic, _statistics.Last().Purpose);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Manifest_CarriesOverRunsThatStillCount()
    {
        Deployment deployment = await DeployAsync(_store);
        for (int i = 0; i < 3; i++) await deployment.TakeAsync();   // full, delta, delta

        SnapshotManifest manifest = await deployment.Cluster.ReadAsync(deployment.Ledger.State.Latest!.Snapshot, new StoreMeter(), default);

        StateEntry totals = manifest.Operators.Single(op => op.Id == "sink").States.Single();
        Assert.Equal([1L, 2L, 3L, 1L, 2L, 3L], totals.Runs.OrderBy(run => run.Range.Start).ThenBy(run => run.Snapshot).Select(run => run.Snapshot));
        Assert.All(totals.Runs, run => Assert.True(_store.Objects.ContainsKey(Keys.Of(manifest.Packs[run.Pack].Key))));
        Assert.Equal(6, manifest.Packs.Count);
        Assert.Equal(30, manifest.Watermark.Ticks);
        Assert.Equal(["sink-verb", "source-verb"], manifest.Operators.Select(op => op.Verb));
        Assert.Equal(["split 0 at 3", "split 1 at 3"], deployment.Ledger.State.Latest.Positions.Select(p => p.Text));

        await deployment.TakeAsync();   // full again
        manifest = await deployment.Cluster.ReadAsync(deployment.Ledger.State.Latest!.Snapshot, new StoreMeter(), default);
        Assert.Equal([4L, 4L], manifest.Operators.Single(op => op.Id == "sink").States.Single().Runs.Select(run => run.Snapshot));
        Assert.Equal(2, manifest.Packs.Count);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Failed_PreparedTransactions_JoinTheNextManifestAndPacksGo()
    {
        Deployment deployment = await DeployAsync(_store);
        await deployment.TakeAsync();
        deployment.Cluster.OnBarrier = barrier =>
        {
            deployment.Coordinator.OnSnapshot(deployment.Cluster.Part(barrier, 0), 0);
            deployment.Coordinator.OnDeclined(new SnapshotDeclined(barrier.Id, "sink", "disk full"));
            return false;
        };
        var refused = Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.TriggerAsync());
        Assert.Contains("sink: disk full", refused.Why, StringComparison.Ordinal);
        string stray = _store.Objects.Keys.Single(key => key.Contains("packs/1.1-0-3", StringComparison.Ordinal));
        deployment.Cluster.OnBarrier = null;

        await deployment.TakeAsync();

        Assert.Equal(1, _outside["1.1-2-0"]);
        Assert.False(_store.Objects.ContainsKey(stray));
        Assert.Equal([2], deployment.Cluster.Aborted);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Failed_TooOften_FaultsAndRecordsItsGarbage()
    {
        Deployment deployment = await DeployAsync(_store);
        deployment.Cluster.OnBarrier = barrier =>
        {
            deployment.Coordinator.OnSnapshot(deployment.Cluster.Part(barrier, 0), 0);
            deployment.Coordinator.OnDeclined(new SnapshotDeclined(barrier.Id, null, "x"));
            return false;
        };
        for (int i = 0; i <= CheckpointOptions.DefaultToleratedFailures; i++) await deployment.Coordinator.TriggerAsync();

        await Assert.ThrowsAsync<CheckpointFailedException>(() => deployment.Coordinator.Completion);
        await deployment.Coordinator.CloseAsync();
        Assert.Equal(3, deployment.Ledger.State.Doomed.Count);
        Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.TriggerAsync());

        Deployment next = await DeployAsync(_store, deployment.Ledger);
        Assert.Empty(next.Ledger.State.Doomed);
        Assert.DoesNotContain(_store.Objects.Keys, key => key.Contains("/packs/", StringComparison.Ordinal));
        await next.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Manifest_StoreDoesNotAnswer_FailsTheCheckpointOnly()
    {
        Deployment deployment = await DeployAsync(_store);
        _store.AfterCreate = (key, outcome) => key.EndsWith("_metadata", StringComparison.Ordinal) ? CreateOutcome.Unknown : outcome;
        Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.TriggerAsync());
        _store.AfterCreate = null;

        await deployment.TakeAsync();

        Assert.Equal(2, deployment.Ledger.State.Latest!.Snapshot.Id);
        Assert.False(_store.Objects.ContainsKey("sales/checkpoints/1-1.1/_metadata"));   // perhaps written, named by nobody
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Sink_LostATransaction_FaultsAndNamesIt()
    {
        Deployment deployment = await DeployAsync(_store);
        deployment.Cluster.OnBarrier = barrier =>
        {
            deployment.Coordinator.OnSnapshot(deployment.Cluster.Part(barrier, 0), 0);
            deployment.Coordinator.OnSnapshot(deployment.Cluster.Part(barrier, 1), 1);
            _outside.TryRemove("1.1-1-1", out _);
            return false;
        };
        Task<CheckpointAnswer> answer = deployment.Coordinator.TriggerAsync();

        OwedTransactionMissingException missing = await Assert.ThrowsAsync<OwedTransactionMissingException>(() => deployment.Coordinator.Completion);

        Assert.Equal("1.1-1-1", missing.Transaction.Id);
        await deployment.Coordinator.CloseAsync();
        Assert.IsType<CheckpointAnswer.Refused>(await answer);
        Assert.Contains(deployment.Ledger.State.Owed, owed => owed.Id == "1.1-1-1");
    }

    [Fact]
    public async Task Failure_CheckpointUnderWay_IsAbortedByTheTasks()
    {
        Deployment deployment = await DeployAsync(_store, options: new CheckpointOptions { MaxConcurrent = 2, AlignTimeout = Timeout.InfiniteTimeSpan });
        Barrier? first = null;
        deployment.Cluster.OnBarrier = barrier =>
        {
            if (first is null)
            {
                first = barrier;
                return false;
            }

            // The sink loses what the first checkpoint owes, while the second is under way.
            WorkerSnapshot[] parts = [deployment.Cluster.Part(first, 0), deployment.Cluster.Part(first, 1)];
            _outside.TryRemove("1.1-1-1", out _);
            for (int i = 0; i < parts.Length; i++) deployment.Coordinator.OnSnapshot(parts[i], i);
            return false;
        };
        _ = deployment.Coordinator.TriggerAsync();
        _ = deployment.Coordinator.TriggerAsync();
        await Assert.ThrowsAsync<OwedTransactionMissingException>(() => deployment.Coordinator.Completion);

        await deployment.Coordinator.CloseAsync();

        Assert.Equal([2], deployment.Cluster.Aborted);
    }

    [Fact]
    public async Task Savepoint_Gathered_IsRecordedUnpinnedAndOutlivesRetention()
    {
        Deployment deployment = await DeployAsync(_store);
        await deployment.TakeAsync();

        var taken = Assert.IsType<CheckpointAnswer.Taken>(await deployment.Coordinator.SavepointAsync("s3://b/sp"));

        Assert.Equal("s3://b/sp", taken.Savepoint!.Address);
        Assert.Equal(["s3://b/sp"], deployment.Ledger.State.Savepoints.Select(s => s.Address));
        Assert.Empty(deployment.Ledger.State.Pins);
        Assert.True(deployment.Cluster.Barriers[^1].IsSavepoint);
        SnapshotManifest manifest = await deployment.Cluster.ReadAsync(taken.Snapshot, new StoreMeter(), default);
        Assert.Null(manifest.Parent);
        Assert.Equal(2, manifest.Packs.Count);
        for (int i = 0; i < 4; i++) await deployment.TakeAsync();
        Assert.False(_store.Objects.ContainsKey(Keys.Of(taken.Snapshot.Key)));
        AssertOnlyNamedPacksAreLeft(deployment.Ledger.State);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Transaction_AcknowledgedWhileTheNextManifestIsWritten_IsNotOwedAgain()
    {
        Deployment deployment = await DeployAsync(_store);
        TaskCompletionSource commit = New(), writing = New(), write = New();
        deployment.Cluster.OnCommit = transaction => transaction.Id.StartsWith("1.1-1-", StringComparison.Ordinal) ? commit.Task : Task.CompletedTask;
        deployment.Cluster.OnWrite = manifest =>
        {
            if (manifest.Id == 1) return Task.CompletedTask;
            writing.TrySetResult();
            return write.Task;
        };
        Task<CheckpointAnswer> savepoint = deployment.Coordinator.SavepointAsync("s3://b/sp"), next = deployment.Coordinator.TriggerAsync();

        // The second manifest names what the first checkpoint owes; then that is committed, and acknowledged with the savepoint's entry.
        await writing.Task;
        commit.SetResult();
        Assert.IsType<CheckpointAnswer.Taken>(await savepoint);
        Assert.Empty(deployment.Ledger.State.Owed);
        write.SetResult();

        Assert.IsType<CheckpointAnswer.Taken>(await next);
        await deployment.Coordinator.EndAsync(new LedgerEvent.Finished(), default);
        Assert.Equal((JobPhase.Finished, 0), (deployment.Ledger.State.Phase, deployment.Ledger.State.Owed.Count));

        static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [Fact]
    public async Task Savepoint_FolderCannotBeWritten_IsRefusedBeforeAnythingIsTaken()
    {
        Deployment deployment = await DeployAsync(_store);
        deployment.Cluster.Unwritable = ("no savepoint can be written under s3://b/sp: access denied", null);

        var savepoint = Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.SavepointAsync("s3://b/sp"));
        var stop = Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.StopAsync(false, "s3://b/sp", default));

        Assert.Contains("access denied", savepoint.Why, StringComparison.Ordinal);
        Assert.Contains("access denied", stop.Why, StringComparison.Ordinal);
        Assert.Empty(deployment.Cluster.Barriers);
        Assert.Null(deployment.Ledger.State.Stop);
        await deployment.TakeAsync();
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Savepoint_FolderFailsWhileItIsGathered_IsRefusedAndTheJobGoesOn()
    {
        Deployment deployment = await DeployAsync(_store);
        deployment.Cluster.Unwritable = (null, "disk full");

        var refused = Assert.IsType<CheckpointAnswer.Refused>(await deployment.Coordinator.SavepointAsync("s3://b/sp"));

        Assert.Contains("checkpoint 1 could not be gathered as a savepoint under s3://b/sp", refused.Why, StringComparison.Ordinal);
        Assert.Contains("stays pinned", refused.Why, StringComparison.Ordinal);
        await deployment.TakeAsync();
        Assert.Equal((LedgerFold.Gathering, 1L), deployment.Ledger.State.Pins.Select(static p => (p.Reason, p.Snapshot.Id)).Single());
        Assert.False(deployment.Coordinator.Completion.IsCompleted);
        await deployment.Coordinator.DisposeAsync();
    }

    [Fact]
    public async Task Stop_Complete_IsRecordedStepByStep()
    {
        Deployment deployment = await DeployAsync(_store);

        var taken = Assert.IsType<CheckpointAnswer.Taken>(await deployment.Coordinator.StopAsync(false, "s3://b/stop", default));
        Assert.Equal(("s3://b/stop", JobPhase.Stopping), (deployment.Ledger.State.Stop!.Savepoint, deployment.Ledger.State.Phase));
        await deployment.Coordinator.EndAsync(new LedgerEvent.Stopped(), default);

        Assert.True(deployment.Cluster.Barriers[^1].IsStop);
        Assert.Equal((JobPhase.Stopped, 0), (deployment.Ledger.State.Phase, deployment.Ledger.State.Owed.Count));
        Assert.Equal(taken.Snapshot, deployment.Ledger.State.Latest!.Snapshot);
    }

    [Fact]
    public async Task Finish_LastOutput_IsCommittedBeforeItIsSaid()
    {
        Deployment deployment = await DeployAsync(_store);

        var taken = Assert.IsType<CheckpointAnswer.Taken>(await deployment.Coordinator.FinishAsync());
        Assert.All(_outside.Values, commits => Assert.Equal(1, commits));
        await deployment.Coordinator.EndAsync(new LedgerEvent.Finished(), default);

        Assert.Equal(JobPhase.Finished, deployment.Ledger.State.Phase);
        Assert.True(deployment.Ledger.State.Latest is { IsFinal: true } latest && latest.Snapshot == taken.Snapshot);
    }

    [Fact]
    public async Task Cancel_NotRetained_DeletesEverythingButTheLedger()
    {
        Deployment deployment = await DeployAsync(_store, options: new CheckpointOptions { IsRetainedOnCancel = false });
        for (int i = 0; i < 5; i++) await deployment.TakeAsync();

        await deployment.Coordinator.EndAsync(new LedgerEvent.Cancelled(), default);
        await deployment.Ledger.DisposeAsync();

        Assert.All(_store.Objects.Keys, key => Assert.Matches("^sales/(HEAD|terms/|ledger/)", key));
    }

    [Fact]
    public async Task Crash_BetweenDoomAndDeletion_IsResumed()
    {
        Deployment first = await DeployAsync(_store);
        for (int i = 0; i < 3; i++) await first.TakeAsync();
        _store.Before = (verb, _) => verb == "delete" ? throw new StoreUnavailableException("memory://", "deleting", "crash") : Task.CompletedTask;
        Task<CheckpointAnswer> crash = first.Coordinator.TriggerAsync();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => first.Coordinator.Completion);
        await first.Coordinator.CloseAsync();
        Assert.IsType<CheckpointAnswer.Refused>(await crash);
        _store.Before = null;

        Deployment second = await DeployAsync(_store.Twin());

        Assert.Empty(second.Ledger.State.Doomed);
        AssertOnlyNamedPacksAreLeft(second.Ledger.State);
        Assert.All(_outside.Values, commits => Assert.InRange(commits, 1, 2));   // committed, and once more for want of a record
        await second.Coordinator.DisposeAsync();
    }

    void AssertOnlyNamedPacksAreLeft(LedgerState state, string? except = null)
    {
        SnapshotManifest[] kept = [.. state.Retained.Select(r => _manifests[r.Snapshot.Sha256])];
        string[] named = [.. kept.SelectMany(m => m.Packs).Select(pack => Keys.Of(pack.Key)).Distinct().Order(StringComparer.Ordinal)];
        string[] there = [.. _store.Objects.Keys.Where(key => key.Contains("/packs/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Empty(named.Except(there));
        Assert.DoesNotContain(there.Except(named), key => except is null || !key.Contains(except, StringComparison.Ordinal));
    }

    async Task<Deployment> DeployAsync(MemoryStore store, Ledger? ledger = null, CheckpointOptions? options = null)
    {
        ledger ??= Assert.IsType<LedgerOpening.Leads>(
            await Ledger.OpenAsync(store, Keys, "job", $"{Interlocked.Increment(ref _nonces):x32}", _time, new LedgerOptions(), default)).Ledger;
        var cluster = new FakeCluster(store, Keys, _outside, _manifests);
        await OwedSettlement.SettleAsync(ledger, cluster, [], default);
        await ledger.AppendAsync(ledger.State.Timeline.Length == 0 ? LedgerTests.Start("t") : [new LedgerEvent.AttemptBegun("t", ledger.State.Latest?.Snapshot, [], [])], default);
        cluster.Attempt = ledger.State.Attempt!.Value;
        await new SnapshotCleaner(store, Keys).ResumeAsync(ledger, default);
        var coordinator = new CheckpointCoordinator(new CheckpointContext
        {
            Ledger = ledger, Store = store, Options = options ?? new CheckpointOptions(), Tasks = cluster, Manifests = cluster, Commits = cluster, Savepoints = cluster, Time = _time,
            Program = new ProgramDescription("job", "1.0", "f", new Dictionary<string, string> { ["source"] = "source-verb", ["sink"] = "sink-verb" }),
            OnTaken = _statistics.Enqueue,
        });
        cluster.Coordinator = coordinator;
        coordinator.Start(workers: 2);
        return new Deployment(store, ledger, cluster, coordinator);
    }

    sealed record Deployment(MemoryStore Store, Ledger Ledger, FakeCluster Cluster, CheckpointCoordinator Coordinator)
    {
        public async Task TakeAsync() => Assert.IsType<CheckpointAnswer.Taken>(await Coordinator.TriggerAsync());
    }
}
