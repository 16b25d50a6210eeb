using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.Runtime;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// How long one task's steps are while it is captured, grows and is written at the same time: a batch of records for random keys, a share of the copying,
/// a batch, … as a task does it, with tables alone; another thread writes what was captured to a folder. The stall is that of the barrier itself.
/// </summary>
static class Stall
{
    const int Barriers = 20;
    const double BytesPerRecordMax = 0.01;
    const double Growth = 0.6;          // Of the keys, over all captures: enough for segments of the table to fill up and be split.
    const int PooledKeys = 300_000;     // Few enough for all pages of a capture to be kept for the next.

    public static readonly Workload Workload = new("checkpoint-stall", 10_000_000, 0, Measure) { QuickKeys = 1_000_000 };

    static void Measure(WorkloadRun run)
    {
        Progress.Say($"{run.Workload.Name}: {Barriers} barriers");
        BenchFolder folder = new();
        try
        {
            Task rehearsal = Task.CompletedTask;
            RunAll(LargeState.Of(200_000), 200_000, folder, new(), ref rehearsal);
            StepLog log = new();
            Task writing = rehearsal;
            LargeState state = LargeState.Of(run.Keys);
            long slots = state.Table.SlotCount;
            RunAll(state, run.Keys, folder, log, ref writing);
            writing.GetAwaiter().GetResult();
            long splits = (state.Table.SlotCount - slots) / TableLimits.SegmentSlotsMax;
            if (splits == 0) throw new BenchmarkException("the table did not grow while it was captured, so its steps say nothing");
            log.Print(run, splits);
            PrintAllocations(run, folder);
        }
        finally
        {
            folder.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    static void RunAll(LargeState state, long keys, BenchFolder folder, StepLog log, ref Task writing)
    {
        SeededRandom random = new(0x57A11);
        int newKeys = (int)(keys * Growth / (Barriers * (double)state.Table.SlotCount / Limits.CopySlots));
        for (int id = 1; id <= Barriers; id++)
        {
            // A fifth of the records before the barrier, the others while there is something to copy.
            for (int i = 0; i < keys / 5 / LargeState.BatchRecords; i++) log.Batch(state, ref random, keys);
            log.Barrier(state, new(id, 0, KeyRange.Full, IsFull: true));
            bool isCaptured = false;
            while (!isCaptured)
            {
                log.Batch(state, ref random, keys);
                log.Grow(state, keys, newKeys);
                keys += newKeys;
                isCaptured = log.Copy(state);
            }

            IReadOnlyList<CapturedRun> runs = state.Rows.Take();
            // A checkpoint ends before the next begins; the task is busy meanwhile.
            while (!writing.IsCompleted) log.Batch(state, ref random, keys);
            long number = Interlocked.Increment(ref s_number);
            writing = Task.Run(async () => await (await state.WriteAsync(folder.Store, number, runs).ConfigureAwait(false)).DeleteAsync(folder.Store).ConfigureAwait(false));
        }
    }

    static long s_number;

    /// <summary>What the task itself allocates for a record while a capture is open, once the pages of the capture are there.</summary>
    static void PrintAllocations(WorkloadRun run, BenchFolder folder)
    {
        LargeState state = LargeState.Of(PooledKeys);
        SeededRandom random = new(0xA110C);
        long bytes = 0, records = 0;
        for (int id = 1; id <= 5; id++)
        {
            bytes = records = 0;
            state.Rows.Begin(new(id, 0, KeyRange.Full, IsFull: true));
            for (bool isCaptured = false; !isCaptured;)
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                for (int i = 0; i < 16; i++) state.Update(ref random, PooledKeys);
                int slots = Limits.CopySlots;
                isCaptured = state.Rows.Capture(ref slots);
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
                records += 16 * LargeState.BatchRecords;
            }

            foreach (CapturedRun captured in state.Rows.Take()) captured.Dispose();
        }

        double perRecord = bytes / (double)records;
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-allocation").With("keys", PooledKeys).With("path", "tables; the task's thread while a capture is open")
            .With("records", records).With("bytes_per_record", perRecord)
            .WithTarget("_bytes", perRecord, BytesPerRecordMax, isAtMost: true));
    }
}

/// <summary>The longest steps.</summary>
sealed class StepLog
{
    readonly List<double> _stalls = [];
    readonly Dictionary<string, (double Worst, double WorstCpu, long Count, double Sum)> _steps = [];
    readonly int _collections = GC.CollectionCount(2);
    readonly TimeSpan _paused = GC.GetTotalPauseDuration();
    double _worstStallCpu;

    public void Batch(LargeState state, ref SeededRandom random, long keys)
    {
        Lap lap = Lap.Begin();
        state.Update(ref random, keys);
        Add("batch", lap);
    }

    public void Grow(LargeState state, long keys, int count)
    {
        Lap lap = Lap.Begin();
        for (long key = keys; key < keys + count; key++) state.Table.GetOrAdd(KeyHash.Of(key), key, out _) = (UInt128)key;
        Add("grow", lap);
    }

    public bool Copy(LargeState state)
    {
        Lap lap = Lap.Begin();
        int slots = Limits.CopySlots;
        bool isCaptured = state.Rows.Capture(ref slots);
        Add("copy", lap);
        return isCaptured;
    }

    public void Barrier(LargeState state, RowsCut cut)
    {
        Lap lap = Lap.Begin();
        state.Rows.Begin(cut);
        (double wall, double cpu) = lap.End();
        _stalls.Add(wall);
        _worstStallCpu = Math.Max(_worstStallCpu, cpu);
    }

    public void Print(WorkloadRun run, long splits)
    {
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-stall").With("keys", run.Keys).With("path", "tables; packs are written to a local folder meanwhile")
            .With("barriers", _stalls.Count).With("worst_ms", _stalls.Max()).With("median_ms", Statistics.Median(_stalls)).With("worst_cpu_ms", _worstStallCpu)
            .With("load", Machine.Load).WithTarget("", _stalls.Max(), StallMillisecondsMax, isAtMost: true));
        ResultLine line = new ResultLine()
            .With("bench", "checkpoint-step").With("keys", run.Keys).With("path", "tables; packs are written to a local folder meanwhile");
        foreach ((string name, (double worst, double worstCpu, long count, double sum)) in _steps)
        {
            line.With($"{name}_steps", count).With($"{name}_mean_ms", sum / count).With($"{name}_worst_ms", worst).With($"{name}_worst_cpu_ms", worstCpu);
        }

        line.With("splits", splits);
        double longest = _steps.Values.Max(static s => s.Worst);
        run.Output.WriteLine(line.With("worst_ms", longest).With("worst_cpu_ms", _steps.Values.Max(static s => s.WorstCpu))
            .With("collections", GC.CollectionCount(2) - _collections).With("collections_ms", (GC.GetTotalPauseDuration() - _paused).TotalMilliseconds)
            .With("load", Machine.Load).WithTarget("", longest, StepMillisecondsMax, isAtMost: true));
    }

    const double StallMillisecondsMax = 5, StepMillisecondsMax = 10;

    void Add(string step, Lap lap)
    {
        (double wall, double cpu) = lap.End();
        (double worst, double worstCpu, long count, double sum) = _steps.GetValueOrDefault(step);
        _steps[step] = (Math.Max(worst, wall), Math.Max(worstCpu, cpu), count + 1, sum + wall);
    }

    /// <summary>Passed time and time on a core.</summary>
    readonly struct Lap
    {
        readonly long _begun;
        readonly double _cpu;

        Lap(long begun, double cpu) => (_begun, _cpu) = (begun, cpu);

        public static Lap Begin() => new(TimeProvider.System.GetTimestamp(), ThreadClock.Milliseconds);

        public (double Wall, double Cpu) End() =>
            (TimeProvider.System.GetElapsedTime(_begun).TotalMilliseconds, ThreadClock.Milliseconds - _cpu);
    }
}
