using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>Rounds that did the same, step by step.</summary>
sealed class StepRounds
{
    const double StallMillisecondsMax = 5, StepMillisecondsMax = 10;
    const string Path = "tables; packs are written to a local folder meanwhile";

    readonly List<StepLog> _rounds = [];

    /// <summary>Adds a round.</summary>
    /// <exception cref="BenchmarkException">It did not do what the others did, or the table did not grow.</exception>
    public void Add(StepLog round)
    {
        if (round.Splits == 0) throw new BenchmarkException("the table did not grow while it was captured, so its steps say nothing");
        if (_rounds is [var first, ..] && (round.Splits != first.Splits || round.Captured.Any(kind => kind.Value.Count != first.Captured[kind.Key].Count)))
            throw new BenchmarkException("two rounds did not do the same steps, so they cannot be compared");
        _rounds.Add(round);
    }

    public void Print(WorkloadRun run)
    {
        IReadOnlyList<float> stalls = [.. _rounds.SelectMany(static r => r.Stalls.Passed)];
        run.Output.WriteLine(new ResultLine()
            .With("bench", "checkpoint-stall").With("keys", run.Keys).With("path", Path)
            .With("barriers", stalls.Count).With("worst_ms", stalls.Max()).With("median_ms", Statistics.Median([.. stalls.Select(static s => (double)s)]))
            .With("worst_cpu_ms", _rounds.Max(static r => r.Stalls.OnCore.Max()))
            .With("load", Machine.Load).WithTarget("", stalls.Max(), StallMillisecondsMax, isAtMost: true));

        ResultLine line = new ResultLine().With("bench", "checkpoint-step").With("keys", run.Keys).With("path", Path).With("rounds", _rounds.Count);
        double longest = 0, longestOnCore = _rounds.Max(static r => r.Captured.Values.Max(static kind => kind.OnCore.Max()));
        foreach (string kind in _rounds[0].Captured.Keys)
        {
            IReadOnlyList<float>[] passed = [.. _rounds.Select(r => r.Captured[kind].Passed)], onCore = [.. _rounds.Select(r => r.Captured[kind].OnCore)];
            double always = LongestAlways(passed);
            longest = Math.Max(longest, always);
            line.With($"{kind}_steps", passed[0].Count).With($"{kind}_mean_ms", passed.Average(static p => p.Average())).With($"{kind}_worst_ms", always)
                .With($"{kind}_worst_cpu_ms", LongestAlways(onCore)).With($"{kind}_worst_once_ms", passed.Max(static p => p.Max()))
                .With($"{kind}_worst_cpu_once_ms", onCore.Max(static c => c.Max()));
        }

        AppendLong(line);

        // A round has few collections, each about as long: the round that the machine held up least tells how long.
        double pause = _rounds.Min(static r => r.LongestPause);
        longest = Math.Max(longest, pause);
        line.With("plain_steps", _rounds.Sum(static r => r.PlainBatches.Count)).With("plain_mean_ms", _rounds.Average(static r => r.PlainBatches.Passed.Average()))
            .With("plain_worst_once_ms", _rounds.Max(static r => r.PlainBatches.Passed.Max()));
        AppendControls(line);
        run.Output.WriteLine(line.With("splits", _rounds[0].Splits)
            .With("collections", _rounds.Max(static r => r.Collections)).With("collection_worst_ms", pause)
            .With("collection_worst_once_ms", _rounds.Max(static r => r.LongestPause))
            .With("worst_ms", longest).With("worst_cpu_once_ms", longestOnCore).With("load", Machine.Load)
            .WithTarget("", longest, StepMillisecondsMax, isAtMost: true));
    }

    /// <summary>
    /// The steps that were over the limit in any round, and what is known of them: how many had the core for that long, kept it all the time, or were over it in another round as well.
    /// </summary>
    void AppendLong(ResultLine line)
    {
        int steps = 0, onCore = 0, undisturbed = 0, again = 0;
        foreach (string kind in _rounds[0].Captured.Keys)
        {
            Steps[] rounds = [.. _rounds.Select(r => r.Captured[kind])];
            for (int step = 0; step < rounds[0].Count; step++)
            {
                Steps[] over = [.. rounds.Where(r => r.Passed[step] > StepMillisecondsMax)];
                steps += over.Length;
                onCore += over.Count(r => r.OnCore[step] > StepMillisecondsMax);
                undisturbed += over.Count(r => r.Preemptions[step] == 0);
                if (over.Length > 1) again++;
            }
        }

        line.With("over", steps).With("over_on_core", onCore).With("over_undisturbed", undisturbed).With("over_again", again);
    }

    /// <summary>How long and how often the machine held up what only calculates, and how often the others, for each second they took.</summary>
    void AppendControls(ResultLine line)
    {
        Steps[] captured = [.. _rounds.SelectMany(static r => r.Captured.Values)], controls = [.. _rounds.Select(static r => r.Controls)];
        line.With("control_steps", controls.Sum(static c => c.Count)).With("control_mean_ms", controls.Average(static c => c.Passed.Average()))
            .With("control_worst_once_ms", controls.Max(static c => c.Passed.Max())).With("control_worst_cpu_once_ms", controls.Max(static c => c.OnCore.Max()))
            .With("over_per_second", OverPerSecond(captured)).With("control_over_per_second", OverPerSecond(controls))
            .With("plain_over_per_second", OverPerSecond([.. _rounds.Select(static r => r.PlainBatches)]));
    }

    static double OverPerSecond(Steps[] steps) => steps.Sum(static s => s.Passed.Count(static p => p > StepMillisecondsMax)) / steps.Sum(static s => s.TotalSeconds);

    /// <summary>The longest step: of a step that was done several times, the shortest time counts.</summary>
    static double LongestAlways(IReadOnlyList<float>[] rounds)
    {
        float longest = 0;
        for (int step = 0; step < rounds[0].Count; step++) longest = Math.Max(longest, rounds.Min(r => r[step]));
        return longest;
    }
}
