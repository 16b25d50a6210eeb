using System.Globalization;
using Millrace.Storage;
using Millrace.Storage.S3;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.Samples;
using Millrace.Tests.Storage.S3;

namespace Millrace.Tests.Hosting.S3;

/// <summary>A job as a user writes it, in a process of its own: state and exactly-once output in one bucket. Its answer follows from its input alone.</summary>
sealed class BucketJob(string folder, string prefix)
{
    public const int Records = 6_000;

    const string Source = """
        using Millrace.Storage;
        using Millrace.Storage.S3;
        #pragma warning disable MR9001

        return await MillraceHost.RunAsync<Sums>(args);

        public sealed record Sum(long Key, long Window, long Total);

        public sealed class Sums : IJob
        {
            public static void Define(Dataflow flow, JobArguments args)
            {
                S3ObjectStore store = new(S3Options.From(StoreAddress.Parse(args["output"])), new(TimeProvider.System, NonceSource.FromSystem()));
                flow.Source("numbers", GeneratorSource.Of(6_000, static record => record.Index).InSplits(4).WithRate(double.Parse(args["rate"])),
                        WatermarkStrategy.Monotonous<long>(static n => Timestamp.FromUnixSeconds(n)))
                    .KeyBy(static n => n % 20)
                    .Window(Tumbling.Of(TimeSpan.FromSeconds(100)))
                    .Aggregate("sums", seed: static () => 0L, add: static (ref long sum, in Record<long> n) => sum += n.Value, merge: static (a, b) => a + b,
                        emit: static w => new Sum(w.Key, w.Window.Start.ToUnixMilliseconds() / 100_000, w.Value))
                    .Sink("out", ObjectSink.Csv<Sum>(store, "sums"));
            }
        }
        """;

    readonly string _program = ChildProgram.Compile(folder, Source);

    /// <summary>What a loop over the input writes.</summary>
    public static List<string> Answer { get; } = CrashInput.Sorted(
        from n in Enumerable.Range(0, Records)
        group n by (Key: n % 20, Window: n / 100) into sum
        select string.Create(CultureInfo.InvariantCulture, $"{sum.Key.Key},{sum.Key.Window},{sum.Sum(static n => (long)n)}"));

    public StoreAddress State(WatchedEndpoint way) => CephServer.Address(prefix, way).Combine("state");

    /// <summary>Starts it, or asks it something. It reads as fast as it can unless <c>--rate</c> says how many records a second.</summary>
    public SampleProcess Start(WatchedEndpoint way, params string[] words) => Start(way, new Dictionary<string, string>(), words);

    public SampleProcess Start(WatchedEndpoint way, IReadOnlyDictionary<string, string> environment, params string[] words)
    {
        string[] verb = words.Length > 0 && !words[0].StartsWith('-') ? [words[0]] : [];
        string[] own = verb is [] or ["plan"] ? ["--output", CephServer.Address(prefix, way).Combine("output").ToString(), "--no-progress", .. words.Contains("--rate") ? (string[])[] : ["--rate", "1000000"]] : [];
        return SampleProcess.Start(_program, folder, environment, [.. verb, "--storage", State(way).ToString(), .. own, .. words[verb.Length..]]);
    }

    /// <summary>Asks it, and has to be answered.</summary>
    public async Task<string> AskAsync(WatchedEndpoint way, params string[] words)
    {
        while (true)
        {
            using SampleProcess asking = Start(way, words);
            (int code, string output, string error) = await asking.EndAsync();
            // A job that is being deployed says so; asked again, it does it.
            if (error.Contains("ask again when it runs", StringComparison.Ordinal)) continue;
            Assert.True(code == 0, error);
            return output;
        }
    }

    /// <summary>The rows that readers of the bucket see.</summary>
    public async Task<List<string>> OutputAsync(CephServer server)
    {
        await using S3ObjectStore bucket = server.Open($"{prefix}/output");
        List<string> rows = [];
        await foreach (StoredObject found in bucket.ListAsync("sums/", default))
        {
            if (found.Key.Contains("/_", StringComparison.Ordinal)) continue;
            rows.AddRange(System.Text.Encoding.UTF8.GetString((await bucket.TryGetAsync(found.Key, default))!).Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(static l => char.IsAsciiDigit(l[0])));
        }

        return CrashInput.Sorted(rows);
    }
}
