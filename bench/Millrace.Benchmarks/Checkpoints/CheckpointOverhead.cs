using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>
/// The jobs of the other workloads with checkpoints to a folder and without, in turn, run by the engine: with, without, with, … The ratio is that of neighbours.
/// </summary>
static class CheckpointOverhead
{
    const double RatioMin = 0.9;
    const int CheckpointsMin = 10;
    const int Samples = 3;

    static readonly TimeSpan FullTime = TimeSpan.FromSeconds(16.5), QuickTime = TimeSpan.FromSeconds(5);
    static readonly TimeSpan FullInterval = TimeSpan.FromSeconds(1.45), QuickInterval = TimeSpan.FromMilliseconds(400);
    static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static readonly Workload[] All =
    [
        OfEvents<long, NumberDigest>("filter-map-sum", null, false, static (events, f) => events.Where(f.Keeps).Select(f.MapOf)),
        OfEvents<WindowValue<long, long>, WindowDigest>("tumbling-count", 1_000, true, TumblingCount),
        OfEvents<WindowValue<long, long>, WindowDigest>("tumbling-count", 1_000_000, true, TumblingCount),
        OfEvents<WindowValue<long, long>, WindowDigest>("tumbling-aggregate", 1_000, true, TumblingAggregate),
        OfEvents<WindowValue<long, long>, WindowDigest>("tumbling-aggregate", 1_000_000, true, TumblingAggregate),
        OfEvents<WindowValue<long, long>, WindowDigest>("sliding-count", 1_000, true, static (events, f) =>
            events.KeyBy(f.KeyOf).Window(Sliding.Of(Jobs.Slide * Windows.WidthMeasured, Jobs.Slide)).Count("count")),
        OfEvents<KeyValue<long, long>, RunningDigest>("running-sum", 1_000, false, RunningSum),
        OfEvents<KeyValue<long, long>, RunningDigest>("running-sum", 1_000_000, false, RunningSum),
        OfEvents<KeyValue<long, long>, RunningDigest>("running-sum", 10_000_000, false, RunningSum),
        OfEvents<WindowValue<long, long>, WindowDigest>("two-stage", 1_000, true, static (events, f) =>
            events.Select(f.Change).KeyBy(f.KeyOf).Window(Tumbling.Of(Jobs.TumblingSize)).Count("count").StartNewChain(), threads: 2),
        new("checkpoint-overhead-string-keys", 100_000, 5_000_000, MeasureWords) { QuickSamples = 2 },
    ];

    static DataStream<WindowValue<long, long>> TumblingCount(DataStream<KeyedEvent> events, Lambdas f) =>
        events.KeyBy(f.KeyOf).Window(Tumbling.Of(Jobs.TumblingSize)).Count("count");

    static DataStream<WindowValue<long, long>> TumblingAggregate(DataStream<KeyedEvent> events, Lambdas f) =>
        events.KeyBy(f.KeyOf).Window(Tumbling.Of(Jobs.TumblingSize)).Aggregate(
            "count", seed: static () => 0L, add: static (ref count, in _) => count++, merge: static (a, b) => a + b, emit: static w => w);

    static DataStream<KeyValue<long, long>> RunningSum(DataStream<KeyedEvent> events, Lambdas f) => events.KeyBy(f.KeyOf).Sum("sum", f.ValueOf);

    static Workload OfEvents<TOut, TDigest>(
        string name, int? keys, bool isTimed, Func<DataStream<KeyedEvent>, Lambdas, DataStream<TOut>> body, int threads = 1)
        where TDigest : IDigest<TOut>
    {
        int records = Math.Max(5_000_000, keys ?? 0);
        return new($"checkpoint-overhead-{name}", keys, records, run =>
        {
            Lambdas f = Lambdas.Measured;
            KeyedEvent[] events = PassData.Events(run.Records, run.Workload.Keys ?? run.Records)[0];
            long round = (run.Records + PassData.RecordsPerUnit - 1) / PassData.RecordsPerUnit;
            Measure<KeyedEvent, TOut, TDigest>(run, events, threads, isTimed ? WatermarkStrategy.Monotonous(f.TimeOf) : null, stream => body(stream, f), some =>
            {
                foreach (ref KeyedEvent e in some) e = e with { Time = e.Time + round };
            });
        }) { QuickSamples = 2 };
    }

    static void MeasureWords(WorkloadRun run) => Measure<WordEvent, KeyValue<string, long>, WordDigest>(
        run, PassData.Words(run.Records)[0], 1, null, static words => words.KeyBy(WordLambdas.Measured.KeyOf).Count("count"), static _ => { });

    static void Measure<TIn, TOut, TDigest>(
        WorkloadRun run, TIn[] records, int threads, WatermarkStrategy<TIn>? watermarks, Func<DataStream<TIn>, DataStream<TOut>> body, AdvanceTime<TIn> advance)
        where TDigest : IDigest<TOut>
    {
        int samples = run.Options.Samples ?? (run.Options.IsQuick ? run.Workload.QuickSamples : Samples);
        TimeSpan time = run.Options.IsQuick ? QuickTime : FullTime, interval = run.Options.IsQuick ? QuickInterval : FullInterval;
        Progress progress = new(run.Workload.Name, samples);
        List<double> with = [], without = [], onCores = [];
        List<CheckpointStatistics> taken = [];
        List<int> counts = [];
        for (int sample = 0; sample <= samples; sample++)
        {
            progress.Sample(sample);
            // The rehearsal is short: it is for the runtime to compile.
            TimeSpan timed = sample == 0 ? TimeSpan.FromSeconds(1) : time;
            List<CheckpointStatistics> own = [];
            TimedRate a = RunOne(isDurable: true, timed, own), b = RunOne(isDurable: false, timed, own);
            if (sample == 0) continue;
            with.Add(a.Million);
            without.Add(b.Million);
            if (a.MillionOnCore / b.MillionOnCore is { } onCore) onCores.Add(onCore);
            own.RemoveAll(c => c.TriggeredAt < a.BegunAt || c.TriggeredAt > a.EndedAt);
            counts.Add(own.Count);
            taken.AddRange(own);
        }

        Print(run, with, without, onCores, taken, counts, time);

        TimedRate RunOne(bool isDurable, TimeSpan timed, List<CheckpointStatistics> own)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            Dataflow flow = new("benchmark");
            TimedSource<TIn> source = new(records, advance, WarmUp, timed);
            body(flow.Source("in", source, watermarks)).Sink("out", new DigestSink<TOut, TDigest>(new(0), []));
            if (isDurable) DurableRun.RunAsync(flow.Build(), threads, interval, own.Add).GetAwaiter().GetResult();
            else EmbeddedCluster.RunAsync(flow.Build(), new() { Parallelism = 1, Threads = threads }).GetAwaiter().GetResult();
            return source.Rate;
        }
    }

    static void Print(WorkloadRun run, List<double> with, List<double> without, List<double> onCores, List<CheckpointStatistics> taken, List<int> counts, TimeSpan time)
    {
        double[] ratios = Statistics.PairwiseRatios(with, without);
        double ratio = Statistics.Median(ratios);
        run.Output.WriteLine(new ResultLine()
            .With("bench", run.Workload.Bench).With("keys", run.Workload.Keys).With("path", "the engine, local folder")
            .With("with_mps", Statistics.Median(with)).With("without_mps", Statistics.Median(without))
            .With("ratio", ratio).With("ratio_low", ratios.Min()).With("ratio_high", ratios.Max())
            .With("ratio_cpu", onCores.Count == 0 ? null : Statistics.Median([.. onCores]))
            .With("seconds", time.TotalSeconds).With("checkpoints", counts.Min())
            .With("checkpoint_ms", taken.Count == 0 ? null : Statistics.Median([.. taken.Select(static c => (c.Collecting + c.Writing).TotalMilliseconds)]))
            .With("checkpoint_megabytes", taken.Count == 0 ? null : taken.Average(static c => c.PackBytes) / 1e6)
            .With("samples", ratios.Length).With("load", Machine.Load)
            .WithTarget("", ratio, RatioMin, isAtMost: false)
            .WithTarget("_checkpoints", counts.Min(), CheckpointsMin, isAtMost: false));
    }
}
