using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>An entry that is gone must not be taken for the end of the ledger.</summary>
public sealed class LedgerGapTests
{
    static readonly LedgerKeys Keys = new("sales");
    readonly MemoryStore _store = new();
    readonly ManualTimeProvider _time = new();
    int _nonces;

    [Theory]
    [InlineData("ledger/2/3", "HEAD names entry 2.9")]     // in the middle
    [InlineData("ledger/2/1", "HEAD names entry 2.9")]
    [InlineData("ledger/2/9", "HEAD names entry 2.9")]     // the newest
    [InlineData("ledger/2/0", "HEAD names entry 2.9")]
    public async Task Read_AnEntryThatHeadCoversIsGone_IsRefusedAndNamesIt(string gone, string because)
    {
        await WriteAsync();
        Remove(gone);

        await RequireRefusedAsync(gone, because);
    }

    [Theory]
    [InlineData("ledger/2/3", "ledger/2/4, which follows it, is there")]
    [InlineData("ledger/2/1", "ledger/2/2, which follows it, is there")]
    [InlineData("ledger/2/8", "ledger/2/9, which follows it, is there")]
    [InlineData("ledger/2/0", "ledger/2/1, which follows it, is there")]
    public async Task Read_AnEntryBeforeOthersIsGoneAndSoIsHead_IsRefusedByTheOthers(string gone, string because)
    {
        await WriteAsync();
        Remove(gone);
        Remove("HEAD");

        await RequireRefusedAsync(gone, because);
    }

    [Fact]
    public async Task Read_SeveralEntriesAreGoneAndSoIsHead_IsRefusedByWhatWasReadAhead()
    {
        await WriteAsync();
        foreach (string gone in (string[])["HEAD", "ledger/2/6", "ledger/2/7", "ledger/2/8"]) Remove(gone);

        await RequireRefusedAsync("ledger/2/6", "ledger/2/9, which follows it, is there");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_HeadIsOldOrGone_IsNoLoss(bool isOld)
    {
        await WriteAsync();
        if (isOld) _store.Objects["sales/HEAD"] = new LedgerHead(1, 2).ToBytes();
        else Remove("HEAD");

        Assert.Equal("9", (await ReadAsync())!.State.Cause);
        await using Ledger next = await OpenAsync();
        Assert.Equal((3L, "9"), (next.Claim.Term, next.State.Cause));
    }

    [Fact]
    public async Task Read_HeadNamesAnEntryThatALaterLeaderHasDeleted_IsNoLoss()
    {
        await WriteAsync();
        byte[] head = _store.Objects["sales/HEAD"];
        await using Ledger next = await OpenAsync();
        await next.PruneAsync(default);
        await next.DisposeAsync();
        _store.Objects["sales/HEAD"] = head;
        Assert.DoesNotContain("sales/ledger/2/9", _store.Objects.Keys);

        Assert.Equal("9", (await ReadAsync())!.State.Cause);
    }

    /// <summary>The entries go while they are read, because somebody leads by now: neither a reader nor one who claimed a term before may call that a loss.</summary>
    [Fact]
    public async Task Read_EntriesAreDeletedByALaterLeaderMeanwhile_GoesOnThere()
    {
        await WriteAsync();
        MemoryStore other = _store.Twin();
        bool isLed = false;
        other.Before = async (verb, key) =>
        {
            if (isLed || verb != "get" || key != "sales/ledger/2/4") return;
            isLed = true;
            await using Ledger later = await OpenAsync();
            await later.PruneAsync(default);
        };

        LedgerView? view = await LedgerReader.ReadAsync(other, Keys, "job", _time, new LedgerOptions { ReadAhead = 1 }, default);

        Assert.True(isLed);
        Assert.Equal((3L, "9"), (view!.Tip!.Term, view.State.Cause));
    }

    [Fact]
    public async Task Open_EntriesAreDeletedByALaterLeaderMeanwhile_IsFenced()
    {
        await WriteAsync();
        MemoryStore other = _store.Twin();
        bool isLed = false;
        other.Before = async (verb, key) =>
        {
            if (isLed || verb != "get" || key != "sales/ledger/2/4") return;
            isLed = true;
            await using Ledger later = await OpenAsync();
            await later.PruneAsync(default);
        };

        await Assert.ThrowsAsync<LedgerFencedException>(
            async () => await Ledger.OpenAsync(other, Keys, "job", "ff", _time, new LedgerOptions { ReadAhead = 1 }, default));
    }

    /// <summary>A late create of an overtaken leader lies beyond what was accepted, and is nobody's gap.</summary>
    [Fact]
    public async Task Read_LateEntriesOfAnOvertakenLeader_AreNoGap()
    {
        await WriteAsync();
        byte[] late = _store.Objects["sales/ledger/2/9"];
        await using Ledger next = await OpenAsync();
        await next.PruneAsync(default);
        _store.Objects["sales/ledger/2/9"] = late;
        _store.Objects["sales/ledger/2/11"] = late;

        Assert.Equal("9", (await ReadAsync())!.State.Cause);
        await using Ledger last = await OpenAsync();
        Assert.Equal((4L, "9"), (last.Claim.Term, last.State.Cause));
    }

    async Task RequireRefusedAsync(string gone, string because)
    {
        string[] before = [.. _store.Objects.Keys.Order(StringComparer.Ordinal)];

        LedgerRefusedException reading = await Assert.ThrowsAsync<LedgerRefusedException>(ReadAsync);
        Assert.Equal(before, _store.Objects.Keys.Order(StringComparer.Ordinal));
        LedgerRefusedException leading = await Assert.ThrowsAsync<LedgerRefusedException>(OpenAsync);

        foreach (string message in (string[])[reading.Message, leading.Message])
        {
            Assert.Contains($"sales/{gone} is gone, though sales/{because}", message, StringComparison.Ordinal);
            Assert.Contains("start the job in another storage, with --from and the address of a snapshot", message, StringComparison.Ordinal);
        }
    }

    /// <summary>Two terms; the second has entries 0 to 9.</summary>
    async Task WriteAsync()
    {
        await using Ledger first = await OpenAsync();
        await first.AppendAsync(LedgerTests.Start("a"), default);
        await first.AppendAsync([new LedgerEvent.Interrupted("first")], default);
        await first.DisposeAsync();
        await using Ledger second = await OpenAsync();
        for (int i = 1; i <= 9; i++) await second.AppendAsync([new LedgerEvent.Interrupted($"{i}")], default);
        await second.DisposeAsync();
        Assert.Equal(new LedgerHead(2, 9), LedgerHead.Read(_store.Objects["sales/HEAD"]));
    }

    void Remove(string key) => Assert.True(_store.Objects.TryRemove($"sales/{key}", out _));

    async Task<LedgerView?> ReadAsync() => await LedgerReader.ReadAsync(_store, Keys, "job", _time, new LedgerOptions(), default);

    async Task<Ledger> OpenAsync()
    {
        LedgerOpening opening = await Ledger.OpenAsync(_store, Keys, "job", $"{Interlocked.Increment(ref _nonces):x32}", _time, new LedgerOptions(), default);
        return Assert.IsType<LedgerOpening.Leads>(opening).Ledger;
    }
}
