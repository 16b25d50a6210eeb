using Millrace.Storage;
using Millrace.Storage.S3;
using Millrace.Tests.Samples;
using Millrace.Tests.Storage.S3;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>As <see cref="KillTests"/>, with state and output in a bucket of a real server.</summary>
[Collection(CephServerCollection.Name)]
public sealed class S3KillTests(CephServer server)
{
    static string Program => Path.Combine(AppContext.BaseDirectory, "Millrace.CrashTest.dll");

    [Theory]
    [InlineData(31, 8)]
    public async Task Process_KilledOnABucket_WritesTheAnswer(int seed, int kills) => await KillAsync(seed, kills);

    [Theory(Explicit = true)]
    [InlineData(32, 100)]
    public async Task Process_KilledOftenOnABucket_WritesTheAnswer(int seed, int kills) => await KillAsync(seed, kills);

    [Fact]
    public async Task Leader_StoppedAndTakenOver_WakesWithoutEffect()
    {
        using CrashInput input = new(35, 6_000);
        StoreAddress place = server.Address("takeover");
        await using S3ObjectStore bucket = server.Open("takeover");
        using SampleProcess first = Start(input, place, "--pause", "400");
        for (int id = 1; id <= 4; id++) await first.WaitForLineAsync($"checkpoint {id}");
        first.Kill("STOP");
        using (SampleProcess second = Start(input, place))
        {
            (int code, string output, string error) = await second.EndAsync();
            Assert.True(code == 0 && output.Contains("ended Finished", StringComparison.Ordinal), error);
        }

        string[] before = await KeysAsync(bucket);
        first.Kill("CONT");
        (int exit, string said, string why) = await first.EndAsync();

        Assert.Equal(1, exit);
        Assert.DoesNotContain("ended", said, StringComparison.Ordinal);
        Assert.Contains("Fenced", why, StringComparison.Ordinal);
        string[] after = await KeysAsync(bucket);
        Assert.Empty(before.Except(after));
        Assert.Equal(before.Where(IsVisible), after.Where(IsVisible));
        await GatherAsync(bucket, input);
        input.AssertExact("after it woke");
    }

    /// <summary>Brings the output into the folder where the answer is looked for.</summary>
    static async Task GatherAsync(S3ObjectStore bucket, CrashInput input)
    {
        foreach (string key in (await KeysAsync(bucket)).Where(IsVisible))
        {
            string file = Path.Combine(input.Root, key);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, (await bucket.TryGetAsync(key, default))!);
        }
    }

    static bool IsVisible(string key) => key.StartsWith("output/", StringComparison.Ordinal) && !key.Contains("/_", StringComparison.Ordinal);

    static async Task<string[]> KeysAsync(S3ObjectStore bucket) => [.. (await bucket.ListAsync("", default).Select(static o => o.Key).ToArrayAsync()).Order(StringComparer.Ordinal)];

    static SampleProcess Start(CrashInput input, StoreAddress place, params string[] options) =>
        SampleProcess.Start(Program, input.Root, [input.Root, "--store", place.ToString(), .. options]);

    // Nobody lists to run a job, however often it was killed; the gathering afterwards does, and goes another way.
    async Task KillAsync(int seed, int kills)
    {
        await using WatchedEndpoint way = server.Watch();
        int jobs = 0;
        await KillTests.KillAsync(seed, kills, input =>
        {
            string prefix = $"kills-{seed}-{++jobs}";
            return Task.FromResult(new KillSurroundings(["--store", CephServer.Address(prefix, way).ToString()])
            {
                Gather = async () =>
                {
                    await using S3ObjectStore bucket = server.Open(prefix);
                    await GatherAsync(bucket, input);
                },
            });
        });
        TestContext.Current.TestOutputHelper?.WriteLine($"requests: {string.Join(", ", way.Verbs)}");
        Assert.Equal(0, way.Lists);
        Assert.True(way.Verbs["PUT if absent"] > kills, string.Join(", ", way.Verbs));
    }
}
