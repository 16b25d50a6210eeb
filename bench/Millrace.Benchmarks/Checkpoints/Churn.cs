using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.State;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>Checkpoints of a state of which one key in a hundred changes from one to the next: bytes written, by tables, packs and store alone.</summary>
static class Churn
{
    const int Snapshots = 130;
    const int QuickSnapshots = 86;      // One more than from one full run to the next.
    const double ShareMax = 0.05;

    public static readonly Workload Workload = new("checkpoint-churn", 10_000_000, 0, Measure) { QuickKeys = 1_000_000 };

    static void Measure(WorkloadRun run) => MeasureAsync(run).GetAwaiter().GetResult();

    static async Task MeasureAsync(WorkloadRun run)
    {
        int snapshots = run.Options.IsQuick ? QuickSnapshots : Snapshots;
        LargeState state = LargeState.Of(run.Keys);
        SeededRandom random = new(0xC4u);
        List<double> bytes = [];
        BenchFolder folder = new();
        await using (folder.ConfigureAwait(false))
        {
            for (int id = 1; id <= snapshots; id++)
            {
                if (id % 10 == 1) Progress.Say($"{run.Workload.Name}: checkpoint {id} of {snapshots}");
                for (int done = 0; done < run.Keys / 100; done += LargeState.BatchRecords) state.Update(ref random, run.Keys);
                WrittenSnapshot snapshot = await state.WriteAsync(
                    folder.Store, id, state.Capture(new(id, id - 1, KeyRange.Full, IsFull: id == 1))).ConfigureAwait(false);
                bytes.Add(snapshot.Bytes);
                await snapshot.DeleteAsync(folder.Store).ConfigureAwait(false);
            }
        }

        double share = bytes.Average() / bytes[0];
        run.Output.WriteLine(new ResultLine()
            .With("bench", run.Workload.Bench).With("keys", run.Keys).With("path", "tables, packs, local folder")
            .With("checkpoints", snapshots).With("full_megabytes", bytes[0] / 1e6)
            .With("share_of_full", share).With("share_without_the_first", bytes.Skip(1).Average() / bytes[0])
            .With("largest_share", bytes.Skip(1).Max() / bytes[0]).With("load", Machine.Load)
            .WithTarget("", share, ShareMax, isAtMost: true));
    }
}
