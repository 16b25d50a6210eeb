using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Peers;
using Millrace.Benchmarks.Profiles;
using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks.Workloads;

/// <summary>A value of state per key, updated and emitted with every record.</summary>
static class Running
{
    /// <param name="keys">How many.</param>
    /// <param name="records">Of a pass.</param>
    /// <param name="target">Of the rate of the loop.</param>
    public static Workload Sum(int keys, int records, double target) => new("running-sum", keys, records, run => MeasureSum(run, target))
    {
        // With ten million keys a sample takes many seconds, and what is measured is memory, which varies little.
        QuickSamples = records > 5_000_000 ? 3 : BenchOptions.SamplesDefault,
        Profile = ProfileSum,
    };

    public static readonly Workload WordCount = new("string-keys", 100_000, 5_000_000, MeasureWords) { Profile = ProfileWords };

    public static readonly Workload KeyedValue = new("keyed-value", 1_000_000, 5_000_000, MeasureKeyedValue);

    static void MeasureKeyedValue(WorkloadRun run)
    {
        Contest<KeyedEvent> contest = new(run.Workload.Name, PassData.Events(run.Records, run.Keys), run.Samples);
        Report.Print(run, contest.Run(Entrant("millrace", Jobs.KeyedValue), new("loop", Loops.RunningSum, Loops.RunningSum)), new Ratio("loop", "millrace", "loop"));
    }

    static void MeasureSum(WorkloadRun run, double target)
    {
        List<Entrant<KeyedEvent>> entrants = [Entrant("millrace", Jobs.RunningSum), new("loop", Loops.RunningSum, Loops.RunningSum)];
        List<Ratio> ratios = [new("loop", "millrace", "loop", target)];
        if (run.Keys <= 1_000)
        {
            entrants.Add(Entrant("rx", Reactive.RunningSum));
            ratios.Add(new("rx", "millrace", "rx"));
        }

        Contest<KeyedEvent> contest = new(run.Workload.Name, PassData.Events(run.Records, run.Keys), run.Samples);
        Report.Print(run, contest.Run([.. entrants]), [.. ratios]);
    }

    static void MeasureWords(WorkloadRun run)
    {
        Contest<WordEvent> contest = new(run.Workload.Name, PassData.Words(run.Records), run.Samples);
        Series series = contest.Run(
            new("millrace", static passes => Jobs.WordCount(passes, WordLambdas.Measured), Loops.WordCount,
                WordLambdas.Others<WordEvent[][], Outcome>(Jobs.WordCount)),
            new("loop", Loops.WordCount, Loops.WordCount));
        Report.Print(run, series, new Ratio("loop", "millrace", "loop", Target: 0.5));
    }

    static Entrant<KeyedEvent> Entrant(string label, Func<KeyedEvent[][], Lambdas, Outcome> run) =>
        new(label, passes => run(passes, Lambdas.Measured), Loops.RunningSum, Lambdas.Others(run));

    static void ProfileSum(WorkloadRun run) => Ablation.Of(run, PassData.Events(run.Records, run.Keys),
        new("source", static (p, _) => Partial.Source(p)),
        new("source + key + hash + 16 rows", Partial.RowsFew),
        new("source + key + hash + all rows", Partial.Rows),
        new("the same, and a result per record", Partial.RowsEmitted),
        new("Sum", Jobs.RunningSum));

    static void ProfileWords(WorkloadRun run) => Ablation.Of(run, PassData.Words(run.Records),
        new("source", static (p, _) => JobRun.Of<WordEvent, WordEvent, WordEventDigest>(p, null, static s => s)),
        new("source + key + hash + 16 rows", static (p, f) => Partial.WordRows(p, e => PassData.FewWords[e.Value & 15])),
        new("source + key + hash + all rows", static (p, f) => Partial.WordRows(p, f.KeyOf)),
        new("Count", Jobs.WordCount));
}
