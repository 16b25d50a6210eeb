using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Tests.Storage.S3;

/// <summary>What the store makes of answers that no real server gives on demand.</summary>
[Collection(CephServerCollection.Name)] // Which puts credentials into the environment.
public sealed class S3AnswersTests
{
    [Theory]
    [InlineData(200, "", CreateOutcome.Created)]
    [InlineData(412, "PreconditionFailed", CreateOutcome.Exists)]
    [InlineData(409, "ConditionalRequestConflict", CreateOutcome.Unknown)]
    [InlineData(500, "InternalError", CreateOutcome.Unknown)]
    [InlineData(503, "SlowDown", CreateOutcome.Unknown)]
    [InlineData(429, "TooManyRequests", CreateOutcome.Unknown)]
    [InlineData(400, "RequestTimeout", CreateOutcome.Unknown)]
    [InlineData(0, "", CreateOutcome.Unknown)]
    public async Task Create_Answered_IsAskedOnceAndUnderstood(int status, string code, CreateOutcome outcome)
    {
        using ScriptedS3 scripted = new((status, code));
        await using S3ObjectStore store = Open(scripted);

        Assert.Equal(outcome, await store.CreateAsync("terms/1", Stores.Text("me"), CancellationToken.None));
        Assert.Equal("PUT /bucket/root/terms/1 if absent", Assert.Single(scripted.Requests));
    }

    [Theory]
    [InlineData(403, "AccessDenied", "s3:ListBucket")]
    [InlineData(403, "SignatureDoesNotMatch", "check the credentials")]
    [InlineData(403, "RequestTimeTooSkewed", "set the clock")]
    [InlineData(404, "NoSuchBucket", "create the bucket bucket")]
    [InlineData(301, "PermanentRedirect", "region")]
    [InlineData(501, "NotImplemented", "conditional writes")]
    public async Task Create_Refused_IsAnErrorWithTheRemedy(int status, string code, string remedy)
    {
        using ScriptedS3 scripted = new((status, code));
        await using S3ObjectStore store = Open(scripted);

        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.CreateAsync("terms/1", Stores.Text("me"), CancellationToken.None));

        Assert.Contains(remedy, refused.Message, StringComparison.Ordinal);
        Assert.StartsWith("s3://bucket/root is not available for creating terms/1: ", refused.Message, StringComparison.Ordinal);
        Assert.True(refused.IsUnchanged);
        Assert.Single(scripted.Requests);
    }

    [Fact]
    public async Task Put_AnsweredBadly_IsRepeatedUntilItIsDone()
    {
        using ScriptedS3 scripted = new((503, "SlowDown"), (0, ""), (500, "InternalError"), (200, ""));
        await using S3ObjectStore store = Open(scripted);

        await store.PutAsync("HEAD", Stores.Text("3"), CancellationToken.None);

        Assert.Equal(4, scripted.Requests.Count);
        Assert.All(scripted.Requests, static r => Assert.Equal("PUT /bucket/root/HEAD", r));
    }

    [Fact]
    public async Task Get_NeverAnswered_SaysHowOftenItWasTried()
    {
        using ScriptedS3 scripted = new((503, "SlowDown"));
        await using S3ObjectStore store = Open(scripted);

        var unavailable = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.TryGetAsync("HEAD", CancellationToken.None));

        Assert.Matches("s3://bucket/root is not available for reading HEAD: [0-9]+ attempts in .* SlowDown", unavailable.Message);
        Assert.True(scripted.Requests.Count > 1);
    }

    [Fact]
    public async Task Server_ThatIsNotThere_IsNamed()
    {
        S3Options options = Options(new Uri($"http://127.0.0.1:{Daemons.FreePort()}/"));
        await using S3ObjectStore store = new(options, Stores.Surroundings);

        Assert.Equal(CreateOutcome.Unknown, await store.CreateAsync("a", Stores.Text("x"), CancellationToken.None));
        var unavailable = await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.TryGetLengthAsync("a", CancellationToken.None));
        Assert.Contains($"check that {options.Endpoint!.GetLeftPart(UriPartial.Authority)} is up", unavailable.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upload_WhoseCompletionIsUnansweredAndNotThere_IsCompletedAgain()
    {
        // The write, the look at what is there, the write again.
        using ScriptedS3 scripted = new((500, "InternalError"), (404, ""), (200, ""));
        await using S3ObjectStore store = Open(scripted);
        await using IObjectUpload upload = await store.BeginUploadAsync("packs/1", CancellationToken.None);
        await upload.WriteAsync(Stores.Text("x"), CancellationToken.None);

        await upload.CompleteAsync(CancellationToken.None);

        Assert.Equal(["PUT /bucket/root/packs/1 if absent", "HEAD /bucket/root/packs/1", "PUT /bucket/root/packs/1 if absent"], scripted.Requests);
    }

    [Fact]
    public async Task Upload_OverSomebodyElses_IsRefused()
    {
        using ScriptedS3 scripted = new((412, "PreconditionFailed"), (200, ""));
        await using S3ObjectStore store = Open(scripted);
        await using IObjectUpload upload = await store.BeginUploadAsync("packs/1", CancellationToken.None);
        await upload.WriteAsync(Stores.Text("x"), CancellationToken.None);

        await Assert.ThrowsAsync<ObjectExistsException>(async () => await upload.CompleteAsync(CancellationToken.None));
    }

    static S3ObjectStore Open(ScriptedS3 scripted) => new(Options(scripted.Address), Stores.Surroundings);

    static S3Options Options(Uri endpoint) => new()
    {
        Bucket = "bucket", Prefix = "root", Endpoint = endpoint,
        Retry = new RetryPolicy { RetryFor = TimeSpan.FromSeconds(1), PauseMin = TimeSpan.FromMilliseconds(1), PauseMax = TimeSpan.FromMilliseconds(100) },
    };
}
