using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class LedgerTests
{
    static readonly LedgerKeys Keys = new("sales");
    readonly MemoryStore _store = new();
    readonly ManualTimeProvider _time = new();
    int _nonces;

    [Fact]
    public async Task Open_NewJob_WritesTermEntryAndHint()
    {
        await using Ledger ledger = await OpenAsync(_store);
        await ledger.DisposeAsync();

        Assert.Equal(["sales/HEAD", "sales/ledger/1/0", "sales/terms/1"], _store.Objects.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(JobPhase.New, ledger.State.Phase);
        Assert.Equal(new AttemptId(1, 0), ledger.Tip.Attempt);
    }

    [Fact]
    public async Task Open_AfterACrash_KnowsEverythingCommitted()
    {
        Ledger first = await OpenAsync(_store);
        await first.AppendAsync(Start("a"), default);
        await first.AppendAsync([new LedgerEvent.Failed("it broke")], default);

        await using Ledger second = await OpenAsync(_store);

        Assert.Equal((JobPhase.Failed, "it broke", "a"), (second.State.Phase, second.State.Cause, second.State.Timeline));
        Assert.Equal(new AttemptId(1, 1), second.State.Attempt);
        Assert.Equal(new AttemptId(2, 0), second.Tip.Attempt);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Open_ManyTerms_FindsTheTipWithOrWithoutTheHint(bool hasHint)
    {
        for (int i = 0; i < 21; i++) await (await OpenAsync(_store)).DisposeAsync();
        if (!hasHint) _store.Objects.TryRemove("sales/HEAD", out _);
        MemoryStore counted = _store.Twin();

        await using Ledger ledger = await OpenAsync(counted);

        Assert.Equal(22, ledger.Claim.Term);
        // HEAD, the search, entry 0 of the term before, its missing successor and the one after that, which would show a gap, and the check.
        Assert.InRange(counted.Verbs["get"], 1, hasHint ? 7 : 17);
    }

    [Fact]
    public async Task Open_HintNamesAMissingTerm_Refuses()
    {
        await (await OpenAsync(_store)).DisposeAsync();
        _store.Objects.TryRemove("sales/terms/1", out _);

        LedgerRefusedException refused = await Assert.ThrowsAsync<LedgerRefusedException>(() => OpenAsync(_store));

        Assert.Contains("sales/terms/1 is gone", refused.Message, StringComparison.Ordinal);
        Assert.Contains("expire", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_UnreadableHint_IsIgnored()
    {
        await (await OpenAsync(_store)).DisposeAsync();
        _store.Objects["sales/HEAD"] = "garbage"u8.ToArray();

        await using Ledger ledger = await OpenAsync(_store);

        Assert.Equal(2, ledger.Claim.Term);
    }

    [Fact]
    public async Task Open_DamagedEntry_NamesIt()
    {
        Ledger first = await OpenAsync(_store);
        await first.AppendAsync(Start("a"), default);
        await first.AppendAsync([new LedgerEvent.Interrupted("SIGTERM")], default);
        byte[] bytes = _store.Objects["sales/ledger/1/1"];
        bytes[bytes.AsSpan().IndexOf("\"f\""u8) + 1] = (byte)'g';

        LedgerCorruptException corrupt = await Assert.ThrowsAsync<LedgerCorruptException>(() => OpenAsync(_store));

        Assert.Equal("sales/ledger/1/2", corrupt.Key);   // it no longer follows the entry before it
    }

    [Fact]
    public async Task Append_AfterAnotherClaimed_IsFencedForGood()
    {
        Ledger zombie = await OpenAsync(_store);
        await using Ledger leader = await OpenAsync(_store);

        await Assert.ThrowsAsync<LedgerFencedException>(async () => await zombie.AppendAsync(Start("z"), default));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await zombie.AppendAsync(Start("z"), default));
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await zombie.CheckAsync(default));

        Assert.True(zombie.Lost.IsCancellationRequested);
        await leader.AppendAsync(Start("l"), default);
        Assert.Equal("l", leader.State.Timeline);
    }

    [Fact]
    public async Task Append_AnswerLost_IsSettledByItsBytes()
    {
        await using Ledger ledger = await OpenAsync(_store);
        int lost = 0;
        _store.AfterCreate = (_, outcome) => lost++ == 0 ? CreateOutcome.Unknown : outcome;

        Task<LedgerPosition> append = ledger.AppendAsync(Start("a"), default).AsTask();
        await AdvanceUntilAsync(append);

        Assert.Equal(new AttemptId(1, 1), (await append).Attempt);
        Assert.Equal(2, lost);
    }

    [Fact]
    public async Task Append_StoreSilent_StepsDownAndTheNextLeaderFindsOut()
    {
        Ledger ledger = await OpenAsync(_store);
        _store.AfterCreate = (_, _) => CreateOutcome.Unknown;
        _store.Before = (verb, _) => verb == "get" ? throw new StoreUnavailableException("memory://", "reading", "silence") : Task.CompletedTask;

        Task<LedgerPosition> append = ledger.AppendAsync(Start("a"), default).AsTask();
        await AdvanceUntilAsync(append);

        await Assert.ThrowsAsync<LedgerFencedException>(() => append);
        Assert.True(ledger.Lost.IsCancellationRequested);
        await using Ledger next = await OpenAsync(_store.Twin());
        Assert.Equal("a", next.State.Timeline);
    }

    [Fact]
    public async Task Append_Cancelled_StepsDown()
    {
        Ledger ledger = await OpenAsync(_store);
        using var cancel = new CancellationTokenSource();
        _store.AfterCreate = (_, _) => CreateOutcome.Unknown;

        Task<LedgerPosition> append = ledger.AppendAsync(Start("a"), cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append);
        _store.AfterCreate = null;
        await Assert.ThrowsAsync<LedgerFencedException>(async () => await ledger.AppendAsync(Start("b"), default));
    }

    [Fact]
    public async Task Append_TermIsFull_RollsItAndLosesNothing()
    {
        LedgerOptions options = new() { EntriesPerTerm = 4 };
        Ledger ledger = await OpenAsync(_store, options);
        await ledger.AppendAsync(Start("a"), default);
        for (int i = 0; i < 10; i++) await ledger.AppendAsync([new LedgerEvent.Interrupted($"{i}")], default);

        Assert.InRange(ledger.Claim.Term, 3, 5);
        Assert.Equal("9", ledger.State.Cause);
        await using Ledger next = await OpenAsync(_store, options);
        Assert.Equal(("a", "9"), (next.State.Timeline, next.State.Cause));
        Assert.Equal(ledger.Claim.Term + 1, next.Claim.Term);
    }

    [Fact]
    public async Task Append_HintCannotBeWritten_Counts()
    {
        await using Ledger ledger = await OpenAsync(_store);
        await ledger.DisposeAsync();
        long before = ledger.HeadFailures;
        MemoryStore failing = _store.Twin();
        failing.Before = (verb, _) => verb == "put" ? throw new StoreUnavailableException("memory://", "writing HEAD", "no") : Task.CompletedTask;

        Ledger other = await OpenAsync(failing);
        await other.AppendAsync(Start("a"), default);
        await other.DisposeAsync();

        Assert.Equal(0, before);
        Assert.InRange(other.HeadFailures, 1, 2);
        Assert.Equal("a", other.State.Timeline);
    }

    [Fact]
    public async Task Open_LongChain_ReadsAheadWithoutChangingTheResult()
    {
        Ledger first = await OpenAsync(_store);
        await first.AppendAsync(Start("a"), default);
        for (int i = 0; i < 300; i++) await first.AppendAsync([new LedgerEvent.Interrupted($"{i}")], default);
        MemoryStore slow = _store.Twin();
        int open = 0, most = 0;
        slow.Before = async (_, key) =>
        {
            if (!key.Contains("ledger/1/", StringComparison.Ordinal)) return;
            most = Math.Max(most, Interlocked.Increment(ref open));
            await Task.Yield();
            Interlocked.Decrement(ref open);
        };

        await using Ledger second = await OpenAsync(slow);

        Assert.Equal("299", second.State.Cause);
        Assert.InRange(most, 2, 33);
    }

    [Fact]
    public async Task Reader_OfALedJob_SeesItAndClaimsNothing()
    {
        await using Ledger ledger = await OpenAsync(_store);
        await ledger.AppendAsync(Start("a"), default);
        MemoryStore counted = _store.Twin();

        LedgerView? view = await LedgerReader.ReadAsync(counted, Keys, "job", _time, new LedgerOptions(), default);

        Assert.Equal(("a", true, 1L), (view!.State.Timeline, view.IsSettled, view.Claim.Term));
        Assert.Equal(["get"], counted.Verbs.Keys);
    }

    [Fact]
    public async Task Reader_WhileATakeoverIsUnderWay_SaysThatTheEndMayBeVoid()
    {
        Ledger ledger = await OpenAsync(_store);
        await ledger.AppendAsync(Start("a"), default);
        _store.Objects["sales/terms/2"] = new TermClaim(2, "other", "", "00", default).ToBytes();

        LedgerView? view = await LedgerReader.ReadAsync(_store, Keys, "job", _time, new LedgerOptions(), default);

        Assert.Equal(("a", false, 2L), (view!.State.Timeline, view.IsSettled, view.Claim.Term));
    }

    [Fact]
    public async Task Reader_NoSuchJob_IsNull() =>
        Assert.Null(await LedgerReader.ReadAsync(_store, Keys, "job", _time, new LedgerOptions(), default));

    [Fact]
    public async Task Open_TwoAtOnce_OneLeadsAndTheOtherKnowsWho()
    {
        MemoryStore other = _store.Twin();
        bool hasRaced = false;
        other.Before = async (verb, key) =>
        {
            if (verb != "create" || hasRaced || !key.EndsWith("terms/1", StringComparison.Ordinal)) return;
            hasRaced = true;
            await OpenAsync(_store, new LedgerOptions { Leader = "winner" });
        };

        LedgerOpening opening = await Ledger.OpenAsync(other, Keys, "job", "ff", _time, new LedgerOptions(), default);

        Assert.Equal("winner", Assert.IsType<LedgerOpening.Outrun>(opening).Claim.Leader);
    }

    [Fact]
    public async Task Open_OfATermThatSomebodyClaimedSinceItWasSeen_LeavesItAlone()
    {
        await (await OpenAsync(_store)).DisposeAsync();
        await using Ledger faster = await OpenAsync(_store, new LedgerOptions { Leader = "faster" });

        LedgerOpening opening = await Ledger.OpenAsync(_store, Keys, "job", "ff", _time, new LedgerOptions(), default, seen: 1);

        Assert.Equal("faster", Assert.IsType<LedgerOpening.Outrun>(opening).Claim.Leader);
        await faster.CheckAsync(default);
    }

    [Fact]
    public async Task Open_OfTheTermThatWasSeen_Leads()
    {
        await (await OpenAsync(_store)).DisposeAsync();

        LedgerOpening opening = await Ledger.OpenAsync(_store, Keys, "job", "ff", _time, new LedgerOptions(), default, seen: 1);

        await using Ledger leader = Assert.IsType<LedgerOpening.Leads>(opening).Ledger;
        Assert.Equal(2, leader.Claim.Term);
    }

    [Fact]
    public async Task Open_OfAnotherJobsFolder_Refuses()
    {
        await (await OpenAsync(_store)).DisposeAsync();

        LedgerCorruptException corrupt = await Assert.ThrowsAsync<LedgerCorruptException>(
            async () => await Ledger.OpenAsync(_store, Keys, "another", "ff", _time, new LedgerOptions(), default));

        Assert.Contains("it is of job job, not another", corrupt.Message, StringComparison.Ordinal);
    }

    internal static LedgerEvent[] Start(string timeline) =>
        [new LedgerEvent.TimelineBegun(timeline, new StartToken("", "f"), new TimelineOrigin.Nothing()), new LedgerEvent.AttemptBegun(timeline, null, [], [])];

    async Task<Ledger> OpenAsync(MemoryStore store, LedgerOptions? options = null)
    {
        LedgerOpening opening = await Ledger.OpenAsync(store, Keys, "job", $"{Interlocked.Increment(ref _nonces):x32}", _time, options ?? new LedgerOptions(), default);
        return Assert.IsType<LedgerOpening.Leads>(opening).Ledger;
    }

    async Task AdvanceUntilAsync(Task task)
    {
        while (!task.IsCompleted)
        {
            if (_time.NextTimer is not null) _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }
    }
}
