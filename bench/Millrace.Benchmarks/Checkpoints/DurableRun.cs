using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Benchmarks.Measuring;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>Runs a job with its state in a folder, through the engine as a program does.</summary>
static class DurableRun
{
    /// <param name="graph">The job.</param>
    /// <param name="threads">How many threads its tasks share.</param>
    /// <param name="interval">From checkpoint to checkpoint.</param>
    /// <param name="taken">Told of each checkpoint, by any thread.</param>
    /// <param name="until">Ends the job when it completes; null for a job that ends by itself.</param>
    public static async Task RunAsync(JobGraph graph, int threads, TimeSpan interval, Action<CheckpointStatistics> taken, Task? until = null)
    {
        BenchFolder folder = new();
        await using (folder.ConfigureAwait(false))
        {
            List<string> told = [];
            DurableOptions durable = new()
            {
                Store = folder.Store,
                OpenStore = static (address, _) => throw new BenchmarkException($"nothing was to be opened at {address}"),
                SavepointRoot = folder.Store.Address,
                Checkpoints = new() { Interval = interval },
                CheckpointTaken = taken,
                Tell = line =>
                {
                    lock (told) told.Add(line);
                },
            };
            DurableJob job = EmbeddedCluster.StartDurable(graph, new() { Parallelism = 1, Threads = threads }, durable);
            await Task.WhenAny(until ?? job.Completion, job.Completion).ConfigureAwait(false);
            lock (told)
            {
                // A checkpoint that the interruption ends is told to have failed as well, and is none of those that were measured.
                if (told.Find(static line => line.Contains("failed", StringComparison.Ordinal)) is { } failure) throw new BenchmarkException(failure);
            }

            if (until is not null) job.Interrupt("measured");
            await job.Completion.ConfigureAwait(false);
        }
    }
}
