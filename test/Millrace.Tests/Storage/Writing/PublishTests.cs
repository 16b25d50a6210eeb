using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Storage.Writing;

public sealed class PublishTests
{
    readonly MemoryObjectStore _store = Stores.Memory();

    [Fact]
    public async Task Publish_ToANewKey_IsOurs() => Assert.IsType<PublishOutcome.Ours>(await PublishAsync(FaultPlan.None, "mine"));

    [Fact]
    public async Task Publish_WhereAnotherWrote_GivesTheirBytes()
    {
        await _store.CreateAsync("terms/1", Stores.Text("theirs"), CancellationToken.None);

        var theirs = Assert.IsType<PublishOutcome.Theirs>(await PublishAsync(FaultPlan.None, "mine"));

        Assert.Equal(Stores.Text("theirs"), theirs.Content);
    }

    [Fact]
    public async Task Publish_WhoseReplyIsLost_FindsItsOwnBytes() =>
        Assert.IsType<PublishOutcome.Ours>(await PublishAsync(FaultPlan.At((0, new StoreFault.LoseReply())), "mine"));

    [Fact]
    public async Task Publish_AfterConflictsAndLostReads_IsOurs() => Assert.IsType<PublishOutcome.Ours>(await PublishAsync(
        FaultPlan.At((0, new StoreFault.Conflict()), (1, new StoreFault.Conflict()), (2, new StoreFault.LoseReply()), (4, new StoreFault.LoseReply())), "mine"));

    [Fact]
    public async Task Publish_WhoseFirstAttemptLandsLate_IsOursOnce()
    {
        // The second attempt wins; the first comes afterwards and must change nothing.
        FaultStore store = new(_store, FaultPlan.At((0, new StoreFault.ApplyLate(5))), TimeProvider.System);
        Assert.IsType<PublishOutcome.Ours>(await store.PublishAsync("terms/1", Stores.Text("mine"), Stores.Retry(), CancellationToken.None));

        await store.ApplyLateAsync();

        Assert.Equal(Stores.Text("mine"), await _store.TryGetAsync("terms/1", CancellationToken.None));
        Assert.Equal(["Unknown", "Created", "Exists"], ["Unknown", .. store.Effects.Skip(1).Take(1).Select(static e => e.Outcome), $"{await _store.CreateAsync("terms/1", default, CancellationToken.None)}"]);
    }

    [Fact]
    public async Task Publish_RacedWhileItsOwnAttemptIsLate_SeesTheOther()
    {
        FaultStore store = new(_store, new FaultPlan(call =>
        {
            // A rival comes while our first attempt is under way.
            if (call.Index == 1) Assert.True(_store.CreateAsync("terms/1", Stores.Text("rival"), CancellationToken.None).IsCompletedSuccessfully);
            return call.Index == 0 ? new StoreFault.ApplyLate(3) : new StoreFault.None();
        }), TimeProvider.System);

        var theirs = Assert.IsType<PublishOutcome.Theirs>(await store.PublishAsync("terms/1", Stores.Text("mine"), Stores.Retry(), CancellationToken.None));

        Assert.Equal(Stores.Text("rival"), theirs.Content);
    }

    [Fact]
    public async Task Publish_NeverAnswered_SaysThatItIsUnknown()
    {
        var unknown = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await PublishAsync(new FaultPlan(static _ => new StoreFault.Conflict()), "mine"));

        Assert.False(unknown.IsUnchanged);
        Assert.StartsWith("memory://test is not available for creating terms/1: ", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("attempts in", unknown.Message, StringComparison.Ordinal);
        Assert.Contains("may exist, now or later", unknown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Publish_RefusedAtOnce_IsNotRepeatedAndSurelyUnwritten()
    {
        FaultStore store = new(_store, FaultPlan.At((0, new StoreFault.Refuse())), TimeProvider.System);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(
            async () => await store.PublishAsync("terms/1", Stores.Text("mine"), Stores.Retry(), CancellationToken.None));

        Assert.True(refused.IsUnchanged);
        Assert.Equal(1, store.Calls);
    }

    [Fact]
    public async Task Publish_RefusedAfterAnUnansweredAttempt_IsNotTakenForUnwritten()
    {
        FaultPlan plan = new(static call => call.Index == 0 ? new StoreFault.ApplyLate(1_000_000) : new StoreFault.Refuse());

        var unknown = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await PublishAsync(plan, "mine"));

        Assert.False(unknown.IsUnchanged);
        Assert.IsType<StoreUnavailableException>(unknown.InnerException);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Publish_ByRivalsOverFaultyStores_HasAtMostOneWinner(ulong seed)
    {
        for (int round = 0; round < 50; round++)
        {
            string key = $"terms/{round}";
            FaultStore[] stores = [.. Enumerable.Range(0, 3).Select(i => new FaultStore(_store, FaultPlan.Seeded((seed * 1_000) + (ulong)((round * 3) + i), 0.4), TimeProvider.System))];
            bool[] won = await Task.WhenAll(stores.Index().Select(s => WinsAsync(s.Item, key, $"rival {s.Index}")));
            foreach (FaultStore store in stores) await store.ApplyLateAsync();

            byte[]? found = await _store.TryGetAsync(key, CancellationToken.None);
            Assert.True(won.Count(static w => w) <= 1);
            if (Array.IndexOf(won, true) is >= 0 and int winner) Assert.Equal(Stores.Text($"rival {winner}"), found);
        }
    }

    [Fact]
    public void Pause_AttemptAfterAttempt_DoublesUpToTheLongest()
    {
        RetryPolicy policy = new();

        Assert.Equal([25, 50, 100, 200], [.. Enumerable.Range(1, 4).Select(i => policy.Pause(i, 0).TotalMilliseconds)]);
        Assert.Equal(2_500, policy.Pause(1_000_000, 0).TotalMilliseconds);
        Assert.InRange(policy.Pause(1_000_000, 0.999999).TotalMilliseconds, 4_999, 5_000);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy { RetryFor = TimeSpan.FromDays(1) }.Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy { PauseMin = TimeSpan.FromSeconds(9), PauseMax = TimeSpan.FromSeconds(8) }.Validate());
    }

    static async Task<bool> WinsAsync(FaultStore store, string key, string name)
    {
        try
        {
            return await store.PublishAsync(key, Stores.Text(name), Stores.Retry(), CancellationToken.None) is PublishOutcome.Ours;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    async Task<PublishOutcome> PublishAsync(FaultPlan plan, string text) =>
        await new FaultStore(_store, plan, TimeProvider.System).PublishAsync("terms/1", Stores.Text(text), Stores.Retry(
            new RetryPolicy { RetryFor = TimeSpan.FromMilliseconds(100), PauseMin = TimeSpan.FromMilliseconds(1), PauseMax = TimeSpan.FromMilliseconds(2) }), CancellationToken.None);
}
