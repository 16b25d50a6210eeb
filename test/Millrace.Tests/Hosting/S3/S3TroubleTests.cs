using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.Samples;
using Millrace.Tests.Storage.S3;

namespace Millrace.Tests.Hosting.S3;

/// <summary>What a job says and does when its bucket is not there, will not have it, or goes away.</summary>
[Collection(CephServerCollection.Name)]
public sealed class S3TroubleTests(CephServer server) : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_WithoutTheBucket_IsRefusedWithTheRemedyOnce()
    {
        await using WatchedEndpoint way = server.Watch();
        HostOutcome refused = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), "--storage", CephServer.Address("x", way, "nobodys").ToString());

        Assert.Equal(ExitCodes.Refused, refused.ExitCode);
        Assert.StartsWith("orders was not started: s3://nobodys/x is not available for ", refused.Error, StringComparison.Ordinal);
        Assert.Single(refused.Error.Split("create the bucket nobodys").Skip(1));
    }

    [Fact]
    public async Task Start_WithWrongCredentials_IsRefusedWithTheRemedy()
    {
        await using WatchedEndpoint way = server.Watch();
        BucketJob job = new(_folder.Root, "credentials");
        using SampleProcess refused = job.Start(way, new Dictionary<string, string> { ["AWS_SECRET_ACCESS_KEY"] = "guessed" });
        (int code, _, string error) = await refused.EndAsync();

        Assert.Equal(ExitCodes.Refused, code);
        Assert.StartsWith("sums was not started: s3://millrace/credentials/state is not available for ", error, StringComparison.Ordinal);
        Assert.Single(error.Split("check the credentials").Skip(1));
        Assert.DoesNotContain("guessed", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhileTheServerIsDown_WaitsSaysSoAndGoesOn()
    {
        await using WatchedEndpoint way = server.Watch();
        BucketJob job = new(_folder.Root, "down");
        way.Cut();
        using SampleProcess waiting = job.Start(way);
        await waiting.WaitForErrorAsync("sums: waits for the storage s3://millrace/down/state, which has not answered yet");
        way.Join();
        (int code, _, string error) = await waiting.EndAsync();

        Assert.True(code == ExitCodes.Finished, error);
        TrialAssert.Same(BucketJob.Answer, await job.OutputAsync(server), error);
    }

    [Fact(Explicit = true)]
    public async Task Start_WhileTheServerStaysDown_EndsWithTheRemedyOnce()
    {
        await using WatchedEndpoint way = server.Watch();
        way.Cut();
        HostOutcome ended = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), "--storage", CephServer.Address("x", way).ToString());

        Assert.Equal(ExitCodes.Failed, ended.ExitCode);
        Assert.Contains("orders was not started: s3://millrace/x is not available for ", ended.Error, StringComparison.Ordinal);
        Assert.Matches(@"\d+ attempts in 2\d\.\d s", ended.Error);
        Assert.Single(ended.Error.Split($"check that http://127.0.0.1:{way.Port} is up and can be reached from here").Skip(1));
    }

    [Fact]
    public async Task Server_GoneForAMoment_TheJobGoesOnByItself() => await GoAwayAsync(6);

    /// <param name="seconds">As long as a request is repeated, and longer.</param>
    [Theory(Explicit = true)]
    [InlineData(30)]
    [InlineData(75)]
    public async Task Server_GoneForLong_TheJobGoesOnByItself(int seconds) => await GoAwayAsync(seconds);

    async Task GoAwayAsync(int seconds)
    {
        await using WatchedEndpoint way = server.Watch();
        BucketJob job = new(_folder.Root, $"gone-{seconds}");
        using SampleProcess running = job.Start(way, "--rate", $"{BucketJob.Records / (seconds + 10)}", "--checkpoint-interval", "200ms", "--log-checkpoints");
        await running.WaitForErrorAsync("sums: checkpoint 3 in ");
        way.Cut();
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        way.Join();
        (int code, _, string error) = await running.EndAsync();

        TestContext.Current.TestOutputHelper?.WriteLine(error);
        Assert.True(code == ExitCodes.Finished, error);
        TrialAssert.Same(BucketJob.Answer, await job.OutputAsync(server), error);
    }

    [Fact]
    public async Task Savepoint_UploadedByAnotherTool_IsStartedFrom()
    {
        await using WatchedEndpoint way = server.Watch();
        BucketJob job = new(_folder.Root, "uploaded");
        // Taken in a bucket, brought home as files, and uploaded elsewhere by requests that know nothing of Millrace.
        using (SampleProcess first = job.Start(way, "--rate", "40", "--checkpoint-interval", "100ms", "--log-checkpoints"))
        {
            await first.WaitForErrorAsync("sums: checkpoint 3 in ");
            Assert.Matches("^sums: stopped; ", await job.AskAsync(way, "stop", "--to", _folder["home"]));
            Assert.Equal(ExitCodes.Finished, (await first.EndAsync()).ExitCode);
        }

        string home = Directory.GetDirectories(_folder["home"])[0];
        await UploadAsync(home, "uploaded/by-hand");
        using SampleProcess second = job.Start(way, "--from", CephServer.Address("uploaded/by-hand", way).ToString(), "--parallelism", "3");
        (int code, _, string error) = await second.EndAsync();

        Assert.True(code == ExitCodes.Finished, error);
        TrialAssert.Same(BucketJob.Answer, await job.OutputAsync(server), error);
    }

    // Signed addresses, and plain HTTP after that.
    async Task UploadAsync(string folder, string prefix)
    {
        using Amazon.S3.AmazonS3Client signer = Millrace.Storage.S3.S3Client.Create(Millrace.Storage.S3.S3Options.From(server.Address("")));
        using HttpClient http = new();
        foreach (string file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            string signed = await signer.GetPreSignedURLAsync(new()
            {
                BucketName = "millrace", Key = $"{prefix}/{Path.GetRelativePath(folder, file)}", Verb = Amazon.S3.HttpVerb.PUT, Protocol = Amazon.S3.Protocol.HTTP,
                Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5),
            });
            using HttpResponseMessage answer = await http.PutAsync(signed, new ByteArrayContent(await File.ReadAllBytesAsync(file)));
            answer.EnsureSuccessStatusCode();
        }
    }
}
