using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// A state written whole to a folder and read back, by tables, packs and store alone: by one task, and by as many as there are cores, which is how
/// many an operator has by default. Each task captures and writes with one thread, beside those of the store; restoring is that of one task.
/// </summary>
static class FullSnapshots
{
    const double MegabytesPerSecondMin = 200;
    const double MillionRowsPerSecondMin = 2;

    static readonly string[] Steps = ["capture", "sort_encode", "write", "restore", "restore_cpu", "full_cpu", "all"];

    public static readonly Workload Workload = new("checkpoint-full", 10_000_000, 0, Measure) { QuickKeys = 1_000_000, QuickSamples = 3 };

    static void Measure(WorkloadRun run) => MeasureAsync(run).GetAwaiter().GetResult();

    static async Task MeasureAsync(WorkloadRun run)
    {
        LargeState state = LargeState.Of(run.Keys);
        LargeState[] tasks = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(i => LargeState.Of(run.Keys, i, Environment.ProcessorCount))];
        UInt128 checksum = state.Checksum();
        Progress progress = new(run.Workload.Name, run.Samples);
        Dictionary<string, List<double>> seconds = Steps.ToDictionary(static s => s, static _ => new List<double>());
        long bytes = 0;
        BenchFolder folder = new();
        await using (folder.ConfigureAwait(false))
        {
            // Sample zero is a rehearsal: the runtime compiles, and the memory is there afterwards.
            for (int sample = 0; sample <= run.Samples; sample++)
            {
                progress.Sample(sample);
                double[] took = new double[Steps.Length];
                bytes = await SampleAsync(folder, state, checksum, sample, took).ConfigureAwait(false);
                took[^1] = await AllTasksAsync(folder, tasks, sample + 1).ConfigureAwait(false);
                for (int i = 0; sample > 0 && i < Steps.Length; i++) seconds[Steps[i]].Add(took[i]);
            }
        }

        Print(run, seconds, bytes);
    }

    static async Task<long> SampleAsync(BenchFolder folder, LargeState state, UInt128 checksum, int sample, double[] took)
    {
        long at = TimeProvider.System.GetTimestamp();
        IReadOnlyList<CapturedRun> runs = state.Capture(Cut((3 * sample) + 1));
        took[0] = Lap(ref at);
        foreach (CapturedRun captured in runs)
        {
            await captured.WriteAsync(new NoWriter(), CancellationToken.None).ConfigureAwait(false);
            captured.Dispose();
        }

        took[1] = Lap(ref at);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        runs = state.Capture(Cut((3 * sample) + 2));
        Lap(ref at);
        WrittenSnapshot snapshot = await state.WriteAsync(folder.Store, (3 * sample) + 2, runs).ConfigureAwait(false);
        took[2] = Lap(ref at);
        took[5] = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        GC.Collect();
        Lap(ref at);
        cpu = Environment.CpuUsage.TotalTime;
        LargeState restored = await LargeState.RestoreAsync(folder.Store, snapshot).ConfigureAwait(false);
        took[3] = Lap(ref at);
        took[4] = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
        if (restored.Checksum() != checksum) throw new BenchmarkException("what was restored is not what was written");
        await snapshot.DeleteAsync(folder.Store).ConfigureAwait(false);
        return snapshot.Bytes;
    }

    static async Task<double> AllTasksAsync(BenchFolder folder, LargeState[] tasks, int number)
    {
        long at = TimeProvider.System.GetTimestamp();
        WrittenSnapshot snapshot = await LargeState.WriteAllAsync(folder.Store, 3 * number, tasks).ConfigureAwait(false);
        double seconds = Lap(ref at);
        await snapshot.DeleteAsync(folder.Store).ConfigureAwait(false);
        return seconds;
    }

    static void Print(WorkloadRun run, Dictionary<string, List<double>> seconds, long bytes)
    {
        double capture = Statistics.Median(seconds["capture"]), write = Statistics.Median(seconds["write"]);
        double[] rates = [.. seconds["all"].Select(s => bytes / 1e6 / s)];
        double one = Statistics.Median([.. seconds["capture"].Zip(seconds["write"], (c, w) => bytes / 1e6 / (c + w))]);
        double rate = Statistics.Median(rates);
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-full").With("keys", run.Keys).With("path", "tables, packs, local folder").With("tasks", Environment.ProcessorCount)
            .With("megabytes_per_second", rate).With("low", rates.Min()).With("high", rates.Max())
            .With("megabytes_per_second_of_one_task", one)
            .With("megabytes_per_cpu_second", bytes / 1e6 / Statistics.Median(seconds["full_cpu"]))
            .With("megabytes", bytes / 1e6).With("bytes_per_row", bytes / (double)run.Keys)
            .With("capture_ns_per_row", capture * 1e9 / run.Keys)
            .With("sort_encode_ns_per_row", Statistics.Median(seconds["sort_encode"]) * 1e9 / run.Keys)
            .With("write_ns_per_row", write * 1e9 / run.Keys)
            .With("samples", rates.Length).With("load", Machine.Load)
            .WithTarget("", rate, MegabytesPerSecondMin, isAtMost: false));
        double[] restores = [.. seconds["restore"].Select(s => run.Keys / 1e6 / s)];
        double restore = Statistics.Median(restores);
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-restore").With("keys", run.Keys).With("path", "local folder, packs, tables; one thread")
            .With("million_rows_per_second", restore).With("low", restores.Min()).With("high", restores.Max())
            .With("million_rows_per_cpu_second", run.Keys / 1e6 / Statistics.Median(seconds["restore_cpu"]))
            .With("samples", restores.Length).With("load", Machine.Load)
            .WithTarget("", restore, MillionRowsPerSecondMin, isAtMost: false));
    }

    static RowsCut Cut(long id) => new(id, 0, KeyRange.Full, IsFull: true);

    static double Lap(ref long at)
    {
        long now = TimeProvider.System.GetTimestamp();
        double seconds = TimeProvider.System.GetElapsedTime(at, now).TotalSeconds;
        at = now;
        return seconds;
    }

    /// <summary>Takes rows and forgets them, so that what it takes to sort and encode them is seen alone.</summary>
    sealed class NoWriter : IRunWriter
    {
        public bool NeedsFlush => false;

        public void Add(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub, ReadOnlySpan<byte> value)
        {
        }

        public int AddRows(ReadOnlySpan<PackedRow> rows, ReadOnlySpan<byte> bytes) => rows.Length;

        public void AddDeleted(uint hash, ReadOnlySpan<byte> key, ReadOnlySpan<byte> sub)
        {
        }

        public ValueTask FlushAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
