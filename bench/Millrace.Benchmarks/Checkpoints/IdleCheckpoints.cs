using System.Runtime.CompilerServices;
using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.Runtime.Checkpoints;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>A job with state and nothing to do, run by the engine: what its checkpoints write.</summary>
static class IdleCheckpoints
{
    const int Checkpoints = 50;
    const int KeysDefault = 100_000;

    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public static readonly Workload Workload = new("checkpoint-idle", KeysDefault, 0, Measure);

    static void Measure(WorkloadRun run)
    {
        Progress.Say($"{run.Workload.Name}: {Checkpoints} checkpoints");
        TaskCompletionSource enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
        List<CheckpointStatistics> taken = [];
        bool isSaid = false;
        OnceSource source = new(run.Keys);
        Dataflow flow = new("idle");
        flow.Source("once", source).KeyBy(static e => e.Key).Sum("sum", static e => e.Value)
            .Sink("out", new DigestSink<KeyValue<long, long>, RunningDigest>(new(0), []));
        DurableRun.RunAsync(flow.Build(), 1, Interval, OnTaken, enough.Task).GetAwaiter().GetResult();
        if (taken.Count < Checkpoints) throw new BenchmarkException($"the job took {taken.Count} checkpoints and ended");
        int packs = taken.Sum(static c => c.Packs);
        run.Output.WriteLine(new ResultLine()
            .With("bench", run.Workload.Bench).With("keys", run.Keys).With("path", "the engine, local folder")
            .With("checkpoints", taken.Count).With("packs", packs).With("pack_bytes", taken.Sum(static c => c.PackBytes))
            .With("requests_per_checkpoint", taken.Average(static c => (double)(c.Traffic.Taking + c.Traffic.Cleaning).Calls))
            .With("checkpoint_ms", Statistics.Median([.. taken.Select(static c => (c.Collecting + c.Writing).TotalMilliseconds)]))
            .With("load", Machine.Load)
            .WithTarget("_packs", packs, 0, isAtMost: true));

        void OnTaken(CheckpointStatistics statistics)
        {
            // The first one that begins after the records has all that is left to say.
            if (source.IdleSince is not { } since || statistics.TriggeredAt <= since) return;
            lock (taken)
            {
                if (!isSaid)
                {
                    isSaid = true;
                    return;
                }

                taken.Add(statistics);
                if (taken.Count >= Checkpoints) enough.TrySetResult();
            }
        }
    }

    /// <summary>Gives a record per key, and then never another.</summary>
    sealed class OnceSource(int keys) : ISource<KeyedEvent, PassSplit>
    {
        long _idleTicks;

        public bool IsBounded => false;

        public DateTimeOffset? IdleSince => Volatile.Read(ref _idleTicks) is not 0 and var ticks ? new(ticks, TimeSpan.Zero) : null;

        public async IAsyncEnumerable<PassSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await ValueTask.CompletedTask.ConfigureAwait(false);
            yield return new(0);
        }

        public ValueTask<ISplitReader<KeyedEvent, PassSplit>> OpenAsync(PassSplit split, FunctionContext context, CancellationToken cancellationToken) =>
            new(new Reader(this, keys));

        sealed class Reader(OnceSource source, int keys) : ISplitReader<KeyedEvent, PassSplit>
        {
            int _next;

            public PassSplit Position => new(_next);

            public ReadStatus TryRead(ref BatchWriter<KeyedEvent> batch)
            {
                for (; _next < keys && batch.Room > 0; _next++) batch.Add(new(_next, 1, 0));
                if (_next < keys) return ReadStatus.More;
                if (source.IdleSince is null) Volatile.Write(ref source._idleTicks, TimeProvider.System.GetUtcNow().Ticks);
                return ReadStatus.Empty;
            }

            public async ValueTask WaitAsync(CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
