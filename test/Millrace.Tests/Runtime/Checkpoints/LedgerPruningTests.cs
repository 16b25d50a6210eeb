using System.Text;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>Entries of terms that a later one has accepted are deleted, and nothing else ever is.</summary>
public sealed class LedgerPruningTests
{
    static readonly LedgerKeys Keys = new("");
    readonly MemoryStore _store = new();
    readonly ManualTimeProvider _time = new();
    int _nonces;

    [Fact]
    public async Task Roll_EntriesOfTheOldTerms_AreDeletedAndTheStateIsTheSame()
    {
        LedgerOptions options = new() { EntriesPerTerm = 4 };
        await using Ledger ledger = await OpenAsync(_store, options);
        await WriteAsync(ledger, 10);
        await ledger.PruneAsync(default);

        AssertOnlyTheFirstEntriesAreLeft(ledger);
        Assert.Empty(ledger.State.Superseded);
        LedgerView? view = await LedgerReader.ReadAsync(_store, Keys, "job", _time, options, default);
        Assert.Equal((Text(ledger.State), ledger.Tip, true), (Text(view!.State), view.Tip, view.IsSettled));
        await using Ledger next = await OpenAsync(_store.Twin(), options);
        Assert.Equal(Text(LedgerFold.HandOver(ledger.State, ledger.Tip)), Text(next.State));
        Assert.DoesNotContain("list", _store.Verbs.Keys);
    }

    [Fact]
    public async Task Takeover_InTheBackground_DeletesWhatItAcceptedAndSaysSoInPassing()
    {
        await WriteTermAsync(3);
        await using Ledger second = await OpenAsync(_store.Twin());
        long requests = second.Requests;

        await WaitUntilAsync(() => second.PrunedEntries == 3);
        await second.AppendAsync([new LedgerEvent.Interrupted("x")], default);

        Assert.Empty(second.State.Superseded);
        Assert.Equal(new AttemptId(2, 1), second.Tip.Attempt);   // not an entry of its own
        AssertOnlyTheFirstEntriesAreLeft(second);
        Assert.InRange(second.Requests, Math.Max(requests, 3 + 1), int.MaxValue);
    }

    [Fact]
    public async Task Crash_WhileDeleting_IsResumedByTheNextLeader()
    {
        await WriteTermAsync(250);
        MemoryStore failing = _store.Twin();
        int deletes = 0;
        failing.Before = (verb, _) => verb == "delete" && Interlocked.Increment(ref deletes) > 120 ? throw Refusal() : Task.CompletedTask;
        Ledger second = await OpenAsync(failing);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await second.PruneAsync(default));
        await WriteAsync(second, 2);
        Assert.Equal([new SupersededTerm(1, 150)], second.State.Superseded);   // a batch of 100 is recorded, half a batch is repeated

        await using Ledger third = await OpenAsync(_store.Twin());
        Assert.Equal([new SupersededTerm(1, 150), new SupersededTerm(2, 2)], third.State.Superseded);
        await third.PruneAsync(default);

        Assert.Empty(third.State.Superseded);
        Assert.Equal(152, third.PrunedEntries);
        AssertOnlyTheFirstEntriesAreLeft(third);
    }

    [Fact]
    public async Task Crash_BeforeItIsRecorded_IsDeletedOnceMore()
    {
        await WriteTermAsync(5);
        Ledger second = await OpenAsync(_store.Twin());
        await WaitUntilAsync(() => second.PrunedEntries == 5);

        await using Ledger third = await OpenAsync(_store.Twin());

        Assert.Equal([new SupersededTerm(1, 5)], third.State.Superseded);
        await third.PruneAsync(default);
        Assert.Empty(third.State.Superseded);
    }

    [Fact]
    public async Task Fenced_BeforeItAsked_DeletesNothing()
    {
        await WriteTermAsync(3);
        (MemoryStore held, TaskCompletionSource asked, TaskCompletionSource goOn) = Hold("terms/3", after: 1);
        await using Ledger zombie = await OpenAsync(held);
        await asked.Task;
        Ledger third = await OpenAsync(_store.Twin());
        await third.DisposeAsync();
        goOn.SetResult();

        await Assert.ThrowsAsync<LedgerFencedException>(async () => await zombie.PruneAsync(default));
        Assert.Equal(0, zombie.PrunedEntries);
        Assert.DoesNotContain("delete", held.Verbs.Keys);
    }

    [Fact]
    public async Task Question_NotAnswered_DeletesNothing()
    {
        await WriteTermAsync(3);
        MemoryStore silent = _store.Twin();
        int reads = 0;
        silent.Before = (_, key) => key == "terms/3" && Interlocked.Increment(ref reads) > 1 ? throw Refusal() : Task.CompletedTask;

        await using Ledger second = await OpenAsync(silent);
        await WaitUntilAsync(() => second.PruneFailures == 1);

        Assert.DoesNotContain("delete", silent.Verbs.Keys);
    }

    [Fact]
    public async Task Delete_Refused_FailsNothingAndIsTriedAgainAfterAMinute()
    {
        await WriteTermAsync(3);
        MemoryStore failing = _store.Twin();
        failing.Before = (verb, _) => verb == "delete" ? throw Refusal() : Task.CompletedTask;
        await using Ledger second = await OpenAsync(failing);
        await WaitUntilAsync(() => second.PruneFailures == 1);
        failing.Before = null;

        await WriteAsync(second, 2);
        Assert.Equal(0, second.PrunedEntries);
        _time.Advance(TimeSpan.FromMinutes(1));
        await WriteAsync(second, 1);
        await WaitUntilAsync(() => second.PrunedEntries == 3);
        await WriteAsync(second, 1);

        Assert.Empty(second.State.Superseded);
        Assert.False(second.Lost.IsCancellationRequested);
        AssertOnlyTheFirstEntriesAreLeft(second);
    }

    [Fact]
    public async Task Delete_Hangs_HoldsUpNeitherStartNorEntries()
    {
        await WriteTermAsync(3);
        MemoryStore slow = _store.Twin();
        TaskCompletionSource goOn = new();
        slow.Before = (verb, _) => verb == "delete" ? goOn.Task : Task.CompletedTask;

        await using Ledger second = await OpenAsync(slow);
        await WriteAsync(second, 5);

        Assert.Equal([new SupersededTerm(1, 3)], second.State.Superseded);
        Assert.Equal(0, second.PrunedEntries);
        goOn.SetResult();
    }

    [Fact]
    public async Task Dispose_WhileDeleting_StopsAfterWhatIsUnderWay()
    {
        await WriteTermAsync(50);
        MemoryStore slow = _store.Twin();
        TaskCompletionSource begun = new(), goOn = new();
        slow.Before = (verb, _) =>
        {
            if (verb != "delete") return Task.CompletedTask;
            begun.TrySetResult();
            return goOn.Task;
        };
        Ledger second = await OpenAsync(slow);
        await begun.Task;

        ValueTask disposing = second.DisposeAsync();
        goOn.SetResult();
        await disposing;

        Assert.InRange(slow.Verbs["delete"], 1, 8);
    }

    [Fact]
    public void Next_ALongTerm_GoesFromTheTailDownInBatches()
    {
        LeaderState leader = Leading(7, new SupersededTerm(3, 250), new SupersededTerm(6, 1));
        List<PruneBatch> batches = [];
        PruneProgress progress = PruneProgress.None;
        while (PruneMachine.Next(leader, progress) is { } batch)
        {
            batches.Add(batch);
            progress = progress.After(batch);
        }

        Assert.Equal([new(7, 3, 151, 250), new(7, 3, 51, 150), new(7, 3, 1, 50), new(7, 6, 1, 1)], batches);
        Assert.Equal(["ledger/6/1"], batches[^1].Keys(Keys));
        Assert.Equal(8, batches[0].Question.Term);
        Assert.Equal([new LedgerEvent.Pruned(3, 0), new LedgerEvent.Pruned(6, 0)], progress.Events(leader.Job));
    }

    [Fact]
    public void Next_NotLeading_IsNothing() =>
        Assert.Null(PruneMachine.Next(Leading(7, new SupersededTerm(3, 250)) with { Phase = new LeaderPhase.Fenced(8) }, PruneProgress.None));

    [Fact]
    public void IsAllowed_OnlyWhenNoLaterTermIsThere()
    {
        Assert.True(PruneMachine.IsAllowed(new LedgerReply.Missing()));
        Assert.False(PruneMachine.IsAllowed(new LedgerReply.Found(default)));
        Assert.False(PruneMachine.IsAllowed(LedgerMachine.Unanswered));
    }

    [Theory]
    [InlineData(7, 1)]   // its own
    [InlineData(8, 1)]
    [InlineData(3, 0)]   // an entry 0
    [InlineData(0, 1)]
    public void Problem_OpeningThatHasTheWrongEntriesDeleted_IsRefused(long term, long tail)
    {
        LedgerState state = LedgerFold.NewJob("job") with { Superseded = [new SupersededTerm(term, tail)] };
        LedgerEntry entry = new(7, 0, LedgerEntry.None, "", default, [new LedgerEvent.Opening(null, state)]);

        Assert.Contains("superseded", LedgerFold.Problem(LedgerFold.NewJob("job"), entry), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 0)]
    [InlineData(3, 10)]
    [InlineData(3, -1)]
    public void Problem_PrunedWhatWasNotToBe_IsRefused(long term, long left)
    {
        LedgerState state = LedgerFold.NewJob("job") with { Superseded = [new SupersededTerm(3, 10)] };

        Assert.NotNull(LedgerFold.Problem(state, new LedgerEntry(7, 1, "", "", default, [new LedgerEvent.Pruned(term, left)])));
    }

    [Theory]
    [InlineData("ledger/7/1")]
    [InlineData("ledger/3/0")]
    [InlineData("terms/3")]
    public void Problem_DoomedWhatCounts_IsRefused(string key) => Assert.Contains(
        "may never be deleted", LedgerFold.Problem(LedgerFold.NewJob("job"), new LedgerEntry(7, 1, "", "", default, [new LedgerEvent.Doomed([], [key])])), StringComparison.Ordinal);

    [Fact]
    public async Task Cleaner_DoomedEntryOfAnOlderTerm_DeletesIt()
    {
        await WriteTermAsync(1);
        await using Ledger second = await OpenAsync(_store.Twin());
        _store.Objects["ledger/1/2"] = "void, and written late"u8.ToArray();

        await second.AppendAsync([new LedgerEvent.Doomed([], ["ledger/1/2"])], default);
        await new SnapshotCleaner(_store, Keys).ResumeAsync(second, default);

        Assert.Empty(second.State.Doomed);
        Assert.DoesNotContain("ledger/1/2", _store.Objects.Keys);
    }

    static LeaderState Leading(long term, params SupersededTerm[] superseded) => new()
    {
        Phase = new LeaderPhase.Leading(), Keys = Keys, Term = term, Job = LedgerFold.NewJob("job") with { Superseded = superseded },
    };

    static StoreUnavailableException Refusal() => new("memory://", "deleting", "no");

    static string Text(LedgerState state) => Encoding.UTF8.GetString(new LedgerEntry(1, 0, "", "", default, [new LedgerEvent.Opening(null, state)]).ToBytes());

    void AssertOnlyTheFirstEntriesAreLeft(Ledger ledger)
    {
        Assert.All(Enumerable.Range(1, (int)ledger.Claim.Term), term => Assert.Contains(Keys.Term(term), _store.Objects.Keys));
        Assert.All(Enumerable.Range(1, (int)ledger.Claim.Term), term => Assert.Contains(Keys.Entry(term, 0), _store.Objects.Keys));
        Assert.All(Enumerable.Range(1, (int)ledger.Tip.Sequence), sequence => Assert.Contains(Keys.Entry(ledger.Claim.Term, sequence), _store.Objects.Keys));
        Assert.DoesNotContain(_store.Objects.Keys, key => LedgerKeys.TryEntry(key, out long term, out long sequence) && term < ledger.Claim.Term && sequence > 0);
    }

    /// <summary>A client of which a read waits: the one that follows <paramref name="after"/> others of the key.</summary>
    (MemoryStore Store, TaskCompletionSource Asked, TaskCompletionSource GoOn) Hold(string held, int after)
    {
        MemoryStore store = _store.Twin();
        TaskCompletionSource asked = new(), goOn = new();
        int reads = 0;
        store.Before = (verb, key) =>
        {
            if (verb != "get" || key != held || Interlocked.Increment(ref reads) <= after) return Task.CompletedTask;
            asked.TrySetResult();
            return goOn.Task;
        };
        return (store, asked, goOn);
    }

    /// <summary>A process that leads, writes and is gone. Its hint is written, so that the next one asks what it must and no more.</summary>
    async Task WriteTermAsync(int entries)
    {
        await using Ledger ledger = await OpenAsync(_store);
        await WriteAsync(ledger, entries);
    }

    static async Task WriteAsync(Ledger ledger, int entries)
    {
        for (int i = 0; i < entries; i++) await ledger.AppendAsync(ledger.State.Timeline.Length == 0 ? LedgerTests.Start("a") : [new LedgerEvent.Interrupted($"{i}")], default);
    }

    async Task<Ledger> OpenAsync(MemoryStore store, LedgerOptions? options = null)
    {
        LedgerOpening opening = await Ledger.OpenAsync(store, Keys, "job", $"{Interlocked.Increment(ref _nonces):x32}", _time, options ?? new LedgerOptions(), default);
        return Assert.IsType<LedgerOpening.Leads>(opening).Ledger;
    }

    static async Task WaitUntilAsync(Func<bool> isSo)
    {
        while (!isSo()) await Task.Yield();
    }
}
