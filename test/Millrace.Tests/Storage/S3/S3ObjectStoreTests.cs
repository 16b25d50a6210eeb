using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Tests.Storage.S3;

[Collection(CephServerCollection.Name)]
public sealed class S3ObjectStoreTests(CephServer server, ITestOutputHelper output)
{
    [Fact]
    public async Task Probe_OfCeph_FindsItFitAndLeavesNothing()
    {
        await using S3ObjectStore store = server.Open("probed");
        output.WriteLine($"the server started in {server.StartedIn.TotalSeconds:0.0} s");
        foreach (ProbeForm form in (ProbeForm[])[ProbeForm.Quick, ProbeForm.Full])
        {
            ProbeReport report = await new StoreProbe(store, TimeProvider.System, NonceSource.FromSystem()).RunAsync(form, CancellationToken.None);

            output.WriteLine(report.ToString());
            Assert.True(report.IsConformant, report.ToString());
        }

        await foreach (StoredObject left in store.ListAsync("", CancellationToken.None)) Assert.Fail($"the probe left {left.Key}");
    }

    [Fact]
    public async Task Open_ByAddress_FindsTheSameObjects()
    {
        ObjectStores stores = new ObjectStores(Stores.Surroundings).AddS3();
        await using IListableStore root = await stores.OpenAsync(server.Address("addressed"), CancellationToken.None);
        await using IListableStore job = await stores.OpenAsync(server.Address("addressed").Combine("orders"), CancellationToken.None);

        await root.CreateAsync("orders/terms/1", Stores.Text("me"), CancellationToken.None);

        Assert.Equal(Stores.Text("me"), await job.TryGetAsync("terms/1", CancellationToken.None));
        Assert.Equal("s3://millrace/addressed/orders", job.Address);
    }

    [Fact]
    public async Task Bucket_ThatIsNotThere_IsNamedWithTheRemedy()
    {
        S3Options options = S3Options.From(server.Address("x")) with { Bucket = "nobodys" };
        await using S3ObjectStore store = new(options, Stores.Surroundings);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CreateAsync("a", default, CancellationToken.None));

        Assert.True(refused.IsUnchanged);
        Assert.Contains("create the bucket nobodys", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.TryGetAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task Uploads_LeftAndLost_LeaveNoParts()
    {
        await using S3ObjectStore store = server.Open("parts");
        List<StoreUnavailableException> left = [];
        store.UploadLeftBehind += left.Add;
        await using (IObjectUpload upload = await store.BeginUploadAsync("left", CancellationToken.None))
            await upload.WriteAsync(new byte[40 << 20], CancellationToken.None);

        using Amazon.S3.AmazonS3Client client = S3Client.Create(S3Options.From(server.Address("parts")));
        Amazon.S3.Model.ListMultipartUploadsResponse found = await client.ListMultipartUploadsAsync("millrace");

        Assert.DoesNotContain(found.MultipartUploads ?? [], static u => u.Key.StartsWith("parts/", StringComparison.Ordinal));
        Assert.Empty(left);
    }

    [Fact]
    public async Task Speed_OfLongObjects_IsReported()
    {
        await using S3ObjectStore store = server.Open("speed");
        byte[] content = new byte[128 << 20];
        new Random(1).NextBytes(content);
        long began = TimeProvider.System.GetTimestamp();
        await using (IObjectUpload upload = await store.BeginUploadAsync("long", CancellationToken.None))
        {
            for (int done = 0; done < content.Length; done += 1 << 20) await upload.WriteAsync(content.AsMemory(done, 1 << 20), CancellationToken.None);
            await upload.CompleteAsync(CancellationToken.None);
        }

        long written = TimeProvider.System.GetTimestamp();
        byte[] found = new byte[content.Length];
        await store.ReadAsync("long", 0, found, CancellationToken.None);
        Assert.True(found.AsSpan().SequenceEqual(content));
        output.WriteLine($"128 MiB written in {TimeProvider.System.GetElapsedTime(began, written).TotalMilliseconds:0} ms, read in {TimeProvider.System.GetElapsedTime(written).TotalMilliseconds:0} ms");
    }
}
