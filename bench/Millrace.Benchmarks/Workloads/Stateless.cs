using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Peers;
using Millrace.Benchmarks.Profiles;
using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks.Workloads;

/// <summary>Filter, map, sum: the cost of a record that meets no state.</summary>
static class Stateless
{
    public static readonly Workload FilterMapSum = new("filter-map-sum", null, 5_000_000, Measure)
    {
        QuickRecords = 1_000_000,   // TPL Dataflow handles about a million a second
        Profile = Profile,
    };

    static void Measure(WorkloadRun run)
    {
        Contest<KeyedEvent> contest = new(run.Workload.Name, PassData.Events(run.Records, run.Records), run.Samples);
        Series series = contest.Run(
            Entrant("millrace", Jobs.FilterMapSum),
            new("loop", Loops.FilterMapSum, Loops.FilterMapSum),
            Entrant("rx", Reactive.FilterMapSum),
            Entrant("rx_subject", Reactive.FilterMapSumPushed),
            Entrant("tpl", Blocks.FilterMapSum));
        Report.Print(run, series,
            new("rx", "millrace", "rx", Target: 15), new("rx_subject", "millrace", "rx_subject"), new("tpl", "millrace", "tpl"),
            new("loop", "millrace", "loop"));
    }

    static Entrant<KeyedEvent> Entrant(string label, Func<KeyedEvent[][], Lambdas, Outcome> run) =>
        new(label, passes => run(passes, Lambdas.Measured), Loops.FilterMapSum, Lambdas.Others(run));

    static void Profile(WorkloadRun run) => Ablation.Of(run, PassData.Events(run.Records, run.Records),
        new("source", static (p, _) => Partial.Source(p)),
        new("source + Where", static (p, f) => JobRun.Of<KeyedEvent, KeyedEvent, EventDigest>(p, null, s => s.Where(f.Keeps))),
        new("source + Select", static (p, f) => JobRun.Of<KeyedEvent, long, NumberDigest>(p, null, s => s.Select(f.MapOf))),
        new("source + Where + Select", Jobs.FilterMapSum));
}
