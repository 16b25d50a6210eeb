using Millrace.Benchmarks.Data;
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
/// All of it is done three times over, step by step the same: a step that is long for a reason of its own is long every time, one that the machine held up
/// is not. Batches while nothing is captured, and steps between the others that only calculate, tell how long and how often the machine holds up any.
/// </summary>
static class Stall
{
    const int Barriers = 20;
    const int Rounds = 3;
    const double BytesPerRecordMax = 0.01;
    const double Growth = 0.6;          // Of the keys, over all captures: enough for segments of the table to fill up and be split.
    const int PooledKeys = 300_000;     // Few enough for all pages of a capture to be kept for the next.
    const int BatchesPerCopy = 64;      // Half a million records a capture, for the few objects of a capture itself not to count.

    public static readonly Workload Workload = new("checkpoint-stall", 10_000_000, 0, Measure) { QuickKeys = 1_000_000 };

    static void Measure(WorkloadRun run)
    {
        BenchFolder folder = new();
        try
        {
            Task rehearsal = Task.CompletedTask;
            RunAll(LargeState.Of(200_000), 200_000, folder, new(), ref rehearsal);
            rehearsal.GetAwaiter().GetResult();
            StepRounds rounds = new();
            for (int round = 1; round <= Rounds; round++)
            {
                Progress.Say($"{run.Workload.Name}: round {round} of {Rounds}, {Barriers} barriers");
                RunRound(run, folder, rounds);
            }

            rounds.Print(run);
            PrintAllocations(run, folder);
        }
        finally
        {
            folder.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    static void RunRound(WorkloadRun run, BenchFolder folder, StepRounds rounds)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        StepLog log = new();
        Task writing = Task.CompletedTask;
        LargeState state = LargeState.Of(run.Keys);
        long slots = state.Table.SlotCount;
        log.Begin();
        RunAll(state, run.Keys, folder, log, ref writing);
        log.End((state.Table.SlotCount - slots) / TableLimits.SegmentSlotsMax);
        writing.GetAwaiter().GetResult();
        rounds.Add(log);
    }

    static void RunAll(LargeState state, long keys, BenchFolder folder, StepLog log, ref Task writing)
    {
        // Batches that last until something is written are not as many each time, and must not change what the others do.
        SeededRandom random = new(0x57A11), others = new(0x0717E5);
        int newKeys = (int)(keys * Growth / (Barriers * (double)state.Table.SlotCount / Limits.CopySlots));
        for (int id = 1; id <= Barriers; id++)
        {
            // A fifth of the records before the barrier, the others while there is something to copy.
            for (int i = 0; i < keys / 5 / LargeState.BatchRecords; i++) log.Plain(state, ref others, keys);
            log.Barrier(state, new(id, 0, KeyRange.Full, IsFull: true));
            bool isCaptured = false;
            while (!isCaptured)
            {
                log.Batch(state, ref random, keys);
                log.Grow(state, keys, newKeys);
                keys += newKeys;
                log.Calculate();
                isCaptured = log.Copy(state);
            }

            IReadOnlyList<CapturedRun> runs = state.Rows.Take();
            // A checkpoint ends before the next begins; the task is busy meanwhile.
            while (!writing.IsCompleted) log.Plain(state, ref others, keys);
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
                for (int i = 0; i < BatchesPerCopy; i++) state.Update(ref random, PooledKeys);
                int slots = Limits.CopySlots;
                isCaptured = state.Rows.Capture(ref slots);
                bytes += GC.GetAllocatedBytesForCurrentThread() - before;
                records += BatchesPerCopy * LargeState.BatchRecords;
            }

            foreach (CapturedRun captured in state.Rows.Take()) captured.Dispose();
        }

        double perRecord = bytes / (double)records;
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-allocation").With("keys", PooledKeys).With("path", "tables; the task's thread while a capture is open")
            .With("records", records).With("bytes", bytes).With("bytes_per_record", perRecord)
            .WithTarget("_bytes", perRecord, BytesPerRecordMax, isAtMost: true));
    }
}
