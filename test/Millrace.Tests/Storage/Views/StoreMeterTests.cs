using Millrace.Storage;
using Millrace.Storage.S3;
using Millrace.Tests.Storage.S3;

namespace Millrace.Tests.Storage.Views;

public sealed class StoreMeterTests
{
    [Fact]
    public async Task Metered_ByScope_CountsItsOwnAndTheWholeBesides()
    {
        await using IListableStore store = Stores.Memory();
        StoreMeter whole = new(), one = new(), other = new();
        IObjectStore job = ((IObjectStore)store).Metered(whole).Under("orders");
        await job.Metered(one).CreateAsync("a", new byte[10], CancellationToken.None);
        await job.Metered(other).TryGetAsync("a", CancellationToken.None);
        await job.DeleteAsync("a", CancellationToken.None);

        Assert.Equal(StoreCounts.None with { Creates = 1, BytesWritten = 10 }, one.Counts);
        Assert.Equal(StoreCounts.None with { Gets = 1, BytesRead = 10 }, other.Counts);
        Assert.Equal(one.Counts + other.Counts + (StoreCounts.None with { Deletes = 1 }), whole.Counts);
        Assert.Equal(other.Counts + (StoreCounts.None with { Deletes = 1 }), whole.Counts - one.Counts);
        Assert.Equal("1 create, 1 get, 1 delete", whole.Counts.InWords);
        Assert.Equal("none", StoreCounts.None.InWords);
    }

    [Fact]
    public async Task Metered_AView_IsStillThatPlaceAndDoesNotEndTheStore()
    {
        await using IListableStore store = Stores.Memory();
        StoreMeter meter = new();
        await using (IListableStore view = store.Under("orders").Metered(meter))
        {
            await view.PutAsync("HEAD", new byte[3], CancellationToken.None);
            await using (IObjectUpload upload = await view.BeginUploadAsync("pack", CancellationToken.None))
            {
                await upload.WriteAsync(new byte[7], CancellationToken.None);
                await upload.CompleteAsync(CancellationToken.None);
            }

            Assert.Equal(2, await view.ListAsync("", CancellationToken.None).CountAsync(CancellationToken.None));
            Assert.Equal("memory://test/orders", view.Address);
        }

        Assert.NotNull(await store.TryGetAsync("orders/HEAD", CancellationToken.None));
        Assert.Equal(StoreCounts.None with { Puts = 1, Uploads = 1, Lists = 1, BytesWritten = 10 }, meter.Counts);
    }
}

/// <summary>What is counted of a bucket: requests, not calls.</summary>
[Collection(CephServerCollection.Name)]
public sealed class S3MeterTests(CephServer server)
{
    [Fact]
    public async Task Metered_WhatIsRepeated_CountsEveryAttempt()
    {
        using ScriptedS3 scripted = new((503, "SlowDown"), (500, "InternalError"), (200, ""));
        S3Options options = S3Options.From(StoreAddress.Parse($"s3://bucket/root?endpoint={scripted.Address}"));
        await using S3ObjectStore store = new(options with { Retry = new() { PauseMin = TimeSpan.FromMilliseconds(1), PauseMax = TimeSpan.FromMilliseconds(2) } }, Stores.Surroundings);
        StoreMeter meter = new();

        await ((IObjectStore)store).Metered(meter).Under("orders").PutAsync("HEAD", new byte[5], CancellationToken.None);

        Assert.Equal(3, scripted.Requests.Count);
        Assert.Equal(StoreCounts.None with { Puts = 3, BytesWritten = 15 }, meter.Counts);
    }

    [Fact]
    public async Task Metered_LongObjects_CountPartsAndPieces()
    {
        await using S3ObjectStore store = server.Open("metered");
        StoreMeter whole = new(), writing = new(), reading = new();
        IMeteredStore all = store.Metered(whole);
        byte[] content = new byte[40 << 20];
        await using (IObjectUpload upload = await all.Metered(writing).BeginUploadAsync("long", CancellationToken.None))
        {
            await upload.WriteAsync(content, CancellationToken.None);
            await upload.CompleteAsync(CancellationToken.None);
        }

        await all.Metered(reading).ReadAsync("long", 0, content, CancellationToken.None);

        // Begun and completed, and a look whether the key is free, since no condition of a completion is relied on.
        Assert.Equal(StoreCounts.None with { Uploads = 2, Parts = 3, Lengths = 1, BytesWritten = content.Length }, writing.Counts);
        Assert.Equal(StoreCounts.None with { Reads = 5, BytesRead = content.Length }, reading.Counts);
        Assert.Equal(writing.Counts + reading.Counts, whole.Counts);
    }
}
