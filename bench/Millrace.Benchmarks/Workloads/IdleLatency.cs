using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Runtime;

namespace Millrace.Benchmarks.Workloads;

/// <summary>
/// A job with little to do: a thousand records a second through three operators and an exchange between two tasks. How long a record takes
/// from where the source adds it to where the sink sees it, and what share of one core the whole process needs meanwhile.
/// </summary>
static class IdleLatency
{
    const int RecordsPerSecond = 1_000;
    const double MedianMicrosecondsMax = 200;
    const double HighMicrosecondsMax = 2_000;
    const double CpuShareMax = 0.02;

    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(3);
    static readonly TimeSpan QuickTime = TimeSpan.FromSeconds(10);
    static readonly TimeSpan FullTime = TimeSpan.FromSeconds(30);

    public static readonly Workload Workload = new("idle-latency", null, 0, Measure);

    static void Measure(WorkloadRun run)
    {
        TimeSpan time = run.Options.IsQuick ? QuickTime : FullTime;
        PulseLog log = new(RecordsPerSecond, WarmUp, time);
        Progress.Say($"{run.Workload.Name}: the ticker alone, {(WarmUp + QuickTime).TotalSeconds:N0} s");
        double tickerShare = Ticker.CpuShareAsync(WarmUp, QuickTime).GetAwaiter().GetResult();
        Progress.Say($"{run.Workload.Name}: the job, {(WarmUp + time).TotalSeconds:N0} s");
        RunJob(log);
        run.Output.WriteLine(Line(run, log, tickerShare));
    }

    static void RunJob(PulseLog log)
    {
        Dataflow flow = new("idle");
        flow.Source("pulse", new PulseSource(log))
            .Select(static p => p with { Key = p.Key % 100 })
            .KeyBy(static p => p.Key)
            .Reduce("newest", static (_, newest) => newest).StartNewChain()
            .Where(static p => p.AddedAt != 0)
            .Sink("log", CallbackSink.Of<Pulse>(log.OnSeen));
        EmbeddedCluster.RunAsync(flow.Build(), new() { Parallelism = 1, Threads = 2 }).GetAwaiter().GetResult();
    }

    static ResultLine Line(WorkloadRun run, PulseLog log, double tickerShare)
    {
        double[] latencies = log.SortedMicroseconds();
        double median = Statistics.Median(latencies), high = Statistics.Quantile(latencies, 0.99);
        return new ResultLine()
            .With("bench", run.Workload.Bench)
            .With("records_per_second", latencies.Length / log.Elapsed.TotalSeconds)
            .With("median_us", median)
            .With("p99_us", high)
            .With("max_us", latencies[^1])
            .With("cpu_share", log.CpuShare)
            .With("cpu_share_of_ticker", tickerShare)
            .With("bytes_per_record", log.AllocatedBytes / (double)latencies.Length)
            .With("seconds", log.Elapsed.TotalSeconds)
            .WithTarget("_median_us", median, MedianMicrosecondsMax, isAtMost: true)
            .WithTarget("_p99_us", high, HighMicrosecondsMax, isAtMost: true)
            .WithTarget("_cpu_share", log.CpuShare, CpuShareMax, isAtMost: true);
    }
}
