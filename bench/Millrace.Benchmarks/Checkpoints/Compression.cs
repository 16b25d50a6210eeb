using System.Net;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// What compression costs and brings, by where snapshots are kept: a folder, a bucket on this machine, and the same bucket behind links of less bandwidth.
/// The whole of a state is written in the background while its task goes on with records, and read back.
/// </summary>
static class Compression
{
    public static readonly Workload Workload = new("checkpoint-compression", 2_000_000, 0, Measure) { QuickKeys = 200_000, QuickSamples = 1 };

    static readonly (string Name, Func<int, BenchRows> Make)[] s_rows = [("numbers", BenchRows.Numbers), ("counts", BenchRows.Counts), ("text", static keys => BenchRows.Text(keys / 2))];
    static readonly SnapshotCompression[] s_kinds = [SnapshotCompression.None, SnapshotCompression.Fast];
    static readonly int?[] s_links = [null, 1_000, 200];

    static void Measure(WorkloadRun run) => MeasureAsync(run).GetAwaiter().GetResult();

    static async Task MeasureAsync(WorkloadRun run)
    {
        foreach ((string name, Func<int, BenchRows> make) in s_rows)
        {
            BenchRows rows = make(run.Keys);
            BenchFolder folder = new();
            await using (folder.ConfigureAwait(false)) await CompareAsync(run, "folder", name, rows, folder.Store).ConfigureAwait(false);
            if (run.Options.Bucket is not { } bucket)
            {
                Progress.Say("no bucket is measured: --s3 names one");
                continue;
            }

            foreach (int? megabits in s_links) await CompareAsync(run, bucket, megabits, name, rows).ConfigureAwait(false);
        }
    }

    static async Task CompareAsync(WorkloadRun run, string bucket, int? megabits, string name, BenchRows rows)
    {
        StoreAddress address = StoreAddress.Parse(bucket);
        Uri server = new(address.Option("endpoint") ?? throw new OptionException("the address of --s3 has no endpoint"));
        ThrottledLink? link = megabits is { } bandwidth ? new(new IPEndPoint(IPAddress.Loopback, server.Port), bandwidth) : null;
        try
        {
            if (link is not null) address = StoreAddress.Parse(bucket.Replace($":{server.Port}", $":{link.Port}", StringComparison.Ordinal));
            IListableStore store = await new ObjectStores(new(TimeProvider.System, NonceSource.FromSystem())).AddS3().OpenAsync(address, CancellationToken.None).ConfigureAwait(false);
            await using (store.ConfigureAwait(false))
                await CompareAsync(run, megabits is null ? "bucket" : $"bucket, {megabits} Mbit/s", name, rows, store).ConfigureAwait(false);
        }
        finally
        {
            if (link is not null) await link.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Raw and compressed in turns, after a rehearsal of both.</summary>
    static async Task CompareAsync(WorkloadRun run, string where, string name, BenchRows rows, IObjectStore store)
    {
        Progress progress = new($"{run.Workload.Name}, {name}, {where}", run.Samples);
        Dictionary<SnapshotCompression, List<Sample>> samples = s_kinds.ToDictionary(static k => k, static _ => new List<Sample>());
        long id = 0;
        for (int sample = 0; sample <= run.Samples; sample++)
        {
            progress.Sample(sample);
            foreach (SnapshotCompression kind in s_kinds)
            {
                Sample measured = await SampleAsync(rows, store, ++id, kind).ConfigureAwait(false);
                if (sample > 0) samples[kind].Add(measured);
            }
        }

        foreach (SnapshotCompression kind in s_kinds) run.Output.WriteLine(Line(where, name, rows, kind, samples));
    }

    static async Task<Sample> SampleAsync(BenchRows rows, IObjectStore store, long id, SnapshotCompression kind)
    {
        GC.Collect();
        double alone = Updates(rows, static seconds => seconds < 0.5);
        long began = TimeProvider.System.GetTimestamp();
        IReadOnlyList<CapturedRun> runs = rows.Capture(id);
        Task<(WrittenSnapshot Snapshot, double Seconds)> writing = Task.Run(async () =>
        {
            WrittenSnapshot written = await rows.WriteAsync(store, id, runs, new PackOptions { Compression = kind }).ConfigureAwait(false);
            return (written, TimeProvider.System.GetElapsedTime(began).TotalSeconds);
        });
        double beside = Updates(rows, _ => !writing.IsCompleted);
        (WrittenSnapshot snapshot, double seconds) = await writing.ConfigureAwait(false);
        GC.Collect();
        long at = TimeProvider.System.GetTimestamp();
        await rows.RestoreAsync(store, snapshot).ConfigureAwait(false);
        double restored = rows.Keys / TimeProvider.System.GetElapsedTime(at).TotalSeconds;
        await snapshot.DeleteAsync(store).ConfigureAwait(false);
        return new(seconds, snapshot.Bytes, beside / alone, restored);
    }

    /// <summary>Handles records, as the thread of a task, for as long as it is told to.</summary>
    /// <returns>Records a second.</returns>
    static double Updates(BenchRows rows, Func<double, bool> goesOn)
    {
        long began = TimeProvider.System.GetTimestamp(), batches = 0;
        double seconds;
        do
        {
            rows.Update();
            batches++;
            seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        }
        while (goesOn(seconds));
        return batches * 1_000 / seconds;
    }

    static ResultLine Line(string where, string name, BenchRows rows, SnapshotCompression kind, Dictionary<SnapshotCompression, List<Sample>> samples)
    {
        List<Sample> own = samples[kind];
        double[] raw = [.. samples[SnapshotCompression.None].Select(static s => s.Seconds)], seconds = [.. own.Select(static s => s.Seconds)];
        double[] ratios = Statistics.PairwiseRatios(seconds, raw);
        return new ResultLine()
            .With("bench", kind == SnapshotCompression.None ? "checkpoint-compression-none" : "checkpoint-compression-lz4")
            .With("store", where).With("rows", name).With("keys", rows.Keys)
            .With("checkpoint_seconds", Statistics.Median(seconds)).With("low", seconds.Min()).With("high", seconds.Max())
            .With("seconds_to_raw", Statistics.Median(ratios)).With("seconds_to_raw_low", ratios.Min()).With("seconds_to_raw_high", ratios.Max())
            .With("megabytes", own[0].Bytes / 1e6).With("bytes_to_raw", own[0].Bytes / (double)samples[SnapshotCompression.None][0].Bytes)
            .With("task_speed_meanwhile", Statistics.Median([.. own.Select(static s => s.TaskSpeed)]))
            .With("million_rows_restored_per_second", Statistics.Median([.. own.Select(static s => s.RowsRestored)]) / 1e6)
            .With("samples", own.Count).With("load", Machine.Load);
    }

    /// <param name="Seconds">From the cut until it is durable.</param>
    /// <param name="Bytes">Of its packs.</param>
    /// <param name="TaskSpeed">Records of the task a second meanwhile, of those without.</param>
    /// <param name="RowsRestored">A second.</param>
    sealed record Sample(double Seconds, long Bytes, double TaskSpeed, double RowsRestored);
}
