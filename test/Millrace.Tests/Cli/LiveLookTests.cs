using System.Globalization;
using System.Text.Json;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.Cli;

/// <summary>
/// A running job is looked at that takes a checkpoint every few milliseconds and keeps one: every answer is one consistent cut of all its keys, whatever becomes of the checkpoint
/// meanwhile, and no later answer is of an earlier one.
/// </summary>
public sealed class LiveLookTests : IDisposable
{
    const int Keys = 200, Looks = 12;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Look_WhileCheckpointsRetireFast_IsOfOneCutEachTime()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--parallelism", "2", "--checkpoint-interval", "10ms", "--retained", "1");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        await AskAsync("savepoint", "--to", _folder["savepoints"]);
        string savepoint = Assert.Single(Directory.GetDirectories(_folder["savepoints"]));

        long newest = 0;
        for (int look = 0; look < Looks; look++)
        {
            Counts query = new((await AskAsync("state", "query", "latest", "--operator", "counts", "--state", "count", "--format", "csv", "--limit", "0")).Output.TrimEnd().Split('\n')[1..]);
            newest = query.RequireCut(newest);

            await AskAsync("state", "export", "latest", "--operator", "counts", "--state", "count", "--to", _folder["counts.csv"], "--replace");
            newest = new Counts(File.ReadAllLines(_folder["counts.csv"])[1..]).RequireCut(newest);

            Assert.Matches(@"^key,value\n7,\d+\n$", (await AskAsync("state", "query", "latest", "--operator", "counts", "--state", "count", "--key", "7", "--format", "csv")).Output);
            Assert.Contains("counts", (await AskAsync("state", "ls", "latest")).Output, StringComparison.Ordinal);

            string[] diff = (await AskAsync("state", "diff", savepoint, "latest", "--operator", "counts", "--state", "count", "--format", "json", "--limit", "0")).Output.TrimEnd().Split('\n');
            JsonElement[] rows = [.. diff[..^1].Select(static l => JsonDocument.Parse(l).RootElement)];
            // Early on a key may not have had a record since the savepoint; then it is not among those that changed.
            if (look < Looks - 1 && rows.Length < Keys) continue;
            newest = new Counts([.. rows.Select(static r => $"{r.GetProperty("key").GetInt64()},{r.GetProperty("after").GetInt64()}")]).RequireCut(newest);
            Assert.All(rows, static r => Assert.True(r.GetProperty("before").GetInt64() < r.GetProperty("after").GetInt64()));
        }

        Assert.Equal(1, JsonDocument.Parse((await AskAsync("snapshots", "ls", "--json")).Output).RootElement.EnumerateArray().Count(static l => l.GetProperty("kept").GetString() == "retained"));
        await AskAsync("stop");
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
    }

    /// <summary>Counts of the keys at one moment.</summary>
    sealed class Counts(string[] lines)
    {
        /// <summary>Records come to the keys in turn, so a cut has counts that differ by one at most, and falls from one to the other once.</summary>
        /// <returns>How many records there were.</returns>
        public long RequireCut(long atLeast)
        {
            long[] counts = [.. lines.Select(static l => l.Split(',')).OrderBy(static p => long.Parse(p[0], CultureInfo.InvariantCulture)).Select(static p => long.Parse(p[1], CultureInfo.InvariantCulture))];
            Assert.Equal(Keys, counts.Length);
            Assert.InRange(counts[0] - counts[^1], 0, 1);
            Assert.Equal(counts.OrderDescending(), counts);
            Assert.InRange(counts.Sum(), atLeast, long.MaxValue);
            return counts.Sum();
        }
    }

    static Action<Dataflow, JobArguments> Job(TaskCompletionSource started)
    {
        long seen = 0;
        return (flow, _) => flow
            .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(20_000)).WithParallelism(1)
            .KeyBy(static n => n % Keys)
            .Process("counts", static state => new Counter(state))
            .Sink("seen", CallbackSink.Of<long>(_ =>
            {
                if (Interlocked.Increment(ref seen) == 10 * Keys) started.TrySetResult();
            }));
    }

    sealed class Counter(StateScope state) : IKeyedProcess<long, long, long>
    {
        readonly ValueState<long> _count = state.Value<long>("count");

        public void OnRecord(in Record<long> record, Output<long> output)
        {
            _count.Set(_count.GetOr(0) + 1);
            output.Emit(record.Value);
        }
    }

    async Task<HostOutcome> AskAsync(params string[] words)
    {
        HostOutcome outcome = await RunAsync([.. words, "--storage", _folder["state"], "--job", "orders"]);
        Assert.True(outcome.ExitCode == ExitCodes.Finished, $"{string.Join(' ', words)}: {outcome.Error}");
        return outcome;
    }
}
