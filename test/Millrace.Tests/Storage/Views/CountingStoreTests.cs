using Millrace.Storage;

namespace Millrace.Tests.Storage.Views;

public sealed class CountingStoreTests
{
    [Fact]
    public async Task Counts_OfEveryVerb_AreExact()
    {
        await using CountingStore store = new(Stores.Memory());
        CancellationToken none = CancellationToken.None;
        await store.CreateAsync("a", new byte[10], none);
        await store.CreateAsync("a", new byte[10], none);
        await store.PutAsync("b", new byte[5], none);
        StoreCounts before = store.Counts;
        await store.TryGetAsync("a", none);
        await store.TryGetAsync("none", none);
        await store.ReadAsync("a", 2, new byte[3], none);
        await store.TryGetLengthAsync("a", none);
        await using (IObjectUpload upload = await store.BeginUploadAsync("c", none))
        {
            await upload.WriteAsync(new byte[100], none);
            await upload.CompleteAsync(none);
        }

        await store.DeleteAsync("a", none);
        Assert.Equal(2, await store.ListAsync("", none).CountAsync(none));

        Assert.Equal(new StoreCounts(2, 1, 0, 0, 0, 0, 0, 0, 25, 0), before);
        Assert.Equal(new StoreCounts(0, 0, 2, 1, 1, 1, 1, 1, 100, 13), store.Counts - before);
        Assert.Equal(10, store.Counts.Calls);
    }

    [Fact]
    public async Task Under_APrefix_ShowsWhatIsBelowAndNothingElse()
    {
        await using IListableStore store = Stores.Memory();
        IListableStore job = store.Under("jobs/orders/");
        await store.CreateAsync("jobs/outside", Stores.Text("x"), CancellationToken.None);
        await job.CreateAsync("terms/1", Stores.Text("me"), CancellationToken.None);

        Assert.Equal(Stores.Text("me"), await store.TryGetAsync("jobs/orders/terms/1", CancellationToken.None));
        Assert.Equal(["terms/1"], await job.ListAsync("", CancellationToken.None).Select(static o => o.Key).ToArrayAsync());
        Assert.Equal("memory://test/jobs/orders", job.Address);
        await Assert.ThrowsAsync<ArgumentException>(async () => await job.TryGetAsync("../outside", CancellationToken.None));
        Assert.Throws<ArgumentException>(() => store.Under("/jobs"));
    }
}
