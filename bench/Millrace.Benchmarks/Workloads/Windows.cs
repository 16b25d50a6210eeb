using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Peers;
using Millrace.Benchmarks.Profiles;
using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks.Workloads;

/// <summary>Counts per key and window of event time.</summary>
static class Windows
{
    /// <summary>Slides of a window, where nothing else is said.</summary>
    public const int WidthMeasured = 100;
    const int WidthNarrow = 10;
    const int WidthWide = 1_000;

    /// <param name="keys">How many.</param>
    /// <param name="target">Of the rate of the loop.</param>
    public static Workload TumblingCount(int keys, double target) => new("tumbling-count", keys, 5_000_000, run => Tumbling(run, Jobs.TumblingCount, target))
    {
        Profile = Profile,
    };

    /// <summary>The same with lambdas in place of the built-in count.</summary>
    public static Workload TumblingAggregate(int keys) =>
        new("tumbling-aggregate", keys, 5_000_000, run => Tumbling(run, Jobs.TumblingAggregate, null));

    public static readonly Workload SlidingCount = new("sliding-count", 1_000, 5_000_000, MeasureSliding);

    public static readonly Workload TwoStage = new("two-stage", 1_000, 5_000_000, MeasureTwoStage) { Profile = ProfileTwoStage };

    static void Tumbling(WorkloadRun run, Func<KeyedEvent[][], Lambdas, Outcome> job, double? target)
    {
        List<Entrant<KeyedEvent>> entrants = [Entrant("millrace", job), new("loop", Loops.TumblingCount, Loops.TumblingCount)];
        List<Ratio> ratios = [new("loop", "millrace", "loop", target)];
        // A group per key and window: with a million keys System.Reactive measures little but its garbage.
        if (run.Keys <= 1_000)
        {
            entrants.Add(Entrant("rx", Reactive.TumblingCount));
            ratios.Add(new("rx", "millrace", "rx"));
        }

        Report.Print(run, Contest(run).Run([.. entrants]), [.. ratios]);
    }

    static void MeasureSliding(WorkloadRun run)
    {
        Series series = Contest(run).Run(
            SlidingEntrant("millrace", WidthMeasured),
            Entrant("tumbling", Jobs.TumblingCount),
            SlidingEntrant($"slides_{WidthNarrow}", WidthNarrow),
            SlidingEntrant($"slides_{WidthWide}", WidthWide));
        // Ratios of the cost of a record, which is one over the rate: sliding over tumbling, and wide over narrow.
        Report.Print(run, series,
            new("tumbling", "tumbling", "millrace", Target: 2, IsAtMost: true),
            new("width", $"slides_{WidthNarrow}", $"slides_{WidthWide}"));
    }

    static void MeasureTwoStage(WorkloadRun run)
    {
        KeyedEvent[][] passes = PassData.Events(run.Records, run.Keys);
        Contest<KeyedEvent> contest = new(run.Workload.Name, passes, run.Samples);
        Outcome TwoThreads(KeyedEvent[][] p, Lambdas f) => Jobs.TwoStage(p, f, new(2, ResultMarks(p, f)));
        Outcome OneThread(KeyedEvent[][] p, Lambdas f) => Jobs.TumblingCount(p, f, new(1, ResultMarks(p, f)));
        Series series = contest.Run(Entrant("millrace", TwoThreads), Entrant("one_thread", OneThread));
        Report.Print(run, series, new Ratio("one_thread", "millrace", "one_thread", Target: 1));
    }

    static readonly Dictionary<(KeyedEvent[][], Lambdas), long[]> KnownMarks = [];

    /// <summary>After how many results each pass has given its last one: those of its own records and of all before. Counted once per input.</summary>
    static long[] ResultMarks(KeyedEvent[][] passes, Lambdas f)
    {
        if (KnownMarks.TryGetValue((passes, f), out long[]? marks)) return marks;
        // With other lambdas nothing but the last mark is known to be reached, and nothing is measured.
        marks = f == Lambdas.Measured ? [.. passes.Select((_, pass) => Loops.TumblingCount(passes[..(pass + 1)]).Results)] : new long[passes.Length];
        KnownMarks.Add((passes, f), marks);
        return marks;
    }

    static Contest<KeyedEvent> Contest(WorkloadRun run) => new(run.Workload.Name, PassData.Events(run.Records, run.Keys), run.Samples);

    static Entrant<KeyedEvent> Entrant(string label, Func<KeyedEvent[][], Lambdas, Outcome> run) =>
        new(label, passes => run(passes, Lambdas.Measured), Loops.TumblingCount, Lambdas.Others(run));

    static Entrant<KeyedEvent> SlidingEntrant(string label, int slides)
    {
        Outcome Run(KeyedEvent[][] passes, Lambdas f) => Jobs.SlidingCount(passes, f, slides);
        return new(label, passes => Run(passes, Lambdas.Measured), passes => SlidingReference.Of(passes, slides), Lambdas.Others<KeyedEvent[][], Outcome>(Run));
    }

    static void Profile(WorkloadRun run) => Ablation.Of(run, PassData.Events(run.Records, run.Keys),
        new("source", static (p, _) => Partial.Source(p)),
        new("source + timestamps", Partial.Timestamps),
        new("timestamps + key + hash + 16 rows", Partial.TimedRowsFew),
        new("timestamps + key + hash + all rows", Partial.TimedRows),
        new("timestamps + key + hash + all panes of one window", Partial.OneWindow),
        new("tumbling windows, fired and emitted", Jobs.TumblingCount),
        new("the same with lambdas", Jobs.TumblingAggregate));

    static void ProfileTwoStage(WorkloadRun run) => Ablation.Of(run, PassData.Events(run.Records, run.Keys),
        new("source + timestamps + Select, one thread", Partial.TimedSelect),
        new("source + timestamps + Select | sink, two threads", Partial.Exchange),
        new("source + timestamps + Select | keyed sink, two threads", Partial.KeyedExchange),
        new("timestamps + Select + tumbling count, one thread", static (p, f) => Jobs.TwoStage(p, f, new(1, ResultMarks(p, f)))),
        new("source + timestamps + Select | tumbling count, two threads", static (p, f) => Jobs.TwoStage(p, f, new(2, ResultMarks(p, f)))));
}
