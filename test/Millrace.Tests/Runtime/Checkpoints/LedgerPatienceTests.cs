using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;
using Millrace.Testing.Stores;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>A store that denies access is not asked for ever by those who have somebody waiting, and whoever waits says for what.</summary>
public sealed class LedgerPatienceTests : IDisposable
{
    static readonly LedgerKeys s_keys = new("sales");

    readonly TempFolder _folder = new();
    readonly ManualTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Read_WhereAnEntryMayNotBeRead_GivesUpWithTheObjectAndTheReason()
    {
        await using LocalObjectStore store = await DeniedAsync("sales/terms/2");

        Task<LedgerView?> reading = LedgerReader.ReadAsync(store, s_keys, "sales", _time, new() { GiveUpAfter = LedgerOptions.Patience }, Cancel).AsTask();

        AssertNamesIt(await Assert.ThrowsAsync<StoreUnavailableException>(() => PassAsync(reading)), "sales/terms/2");
    }

    [Fact]
    public async Task Open_WhereATermMayNotBeClaimed_GivesUpWithTheObjectAndTheReason()
    {
        await using LocalObjectStore local = await DeniedAsync(null);
        FaultStore store = new(local, new(static call => call.IsWrite ? new StoreFault.Refuse() : new StoreFault.None()), _time);
        LedgerOptions options = new() { GiveUpAfter = LedgerOptions.Patience };

        Task<LedgerOpening> opening = Ledger.OpenAsync(store, s_keys, "sales", new NonceSource(2).NextName(), _time, options, Cancel).AsTask();

        AssertNamesIt(await Assert.ThrowsAsync<StoreUnavailableException>(() => PassAsync(opening)), "sales/terms/2");
    }

    /// <summary>A start waits as long as it takes: the store may be back any moment. It says so once, and goes on when it is.</summary>
    [Fact]
    public async Task Read_WithPatience_SaysOnceWhatItWaitsFor()
    {
        await using LocalObjectStore store = await DeniedAsync("sales/terms/2");
        List<string> told = [];

        Task<LedgerView?> reading = LedgerReader.ReadAsync(store, s_keys, "sales", _time, new() { Tell = told.Add }, Cancel).AsTask();
        for (int second = 0; second < 60; second++) await StepAsync();

        Assert.False(reading.IsCompleted);
        Assert.Contains("sales/terms/2", Assert.Single(told), StringComparison.Ordinal);
        Assert.EndsWith("; asking again until it answers", told[0], StringComparison.Ordinal);
        Directory.Delete(_folder["sales/terms/2"]);
        Assert.Equal(1, (await PassAsync(reading))!.Claim.Term);
        Assert.Single(told);
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static void AssertNamesIt(StoreUnavailableException refused, string key) => Assert.Contains(key, refused.Message, StringComparison.Ordinal);

    // A folder where an object would be is denied to everybody, to those who may do everything too.
    async Task<LocalObjectStore> DeniedAsync(string? key)
    {
        LocalObjectStore store = new(_folder.Root, new NonceSource(1));
        LedgerOpening opening = await Ledger.OpenAsync(store, s_keys, "sales", new NonceSource(3).NextName(), _time, new(), Cancel);
        await Assert.IsType<LedgerOpening.Leads>(opening).Ledger.DisposeAsync();
        if (key is not null) Directory.CreateDirectory(_folder[key]);
        return store;
    }

    async Task<T> PassAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted) await StepAsync();
        return await task;
    }

    // The next pause has begun when its timer is there.
    async Task StepAsync()
    {
        for (int i = 0; i < 50 && _time.NextTimer is null; i++) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
    }
}
