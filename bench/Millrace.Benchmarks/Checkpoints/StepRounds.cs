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
        double longest = 0;
        foreach (string kind in _rounds[0].Captured.Keys)
        {
            IReadOnlyList<float>[] passed = [.. _rounds.Select(r => r.Captured[kind].Passed)], onCore = [.. _rounds.Select(r => r.Captured[kind].OnCore)];
            double always = LongestAlways(passed);
            longest = Math.Max(longest, always);
            line.With($"{kind}_steps", passed[0].Count).With($"{kind}_mean_ms", passed.Average(static p => p.Average())).With($"{kind}_worst_ms", always)
                .With($"{kind}_worst_cpu_ms", LongestAlways(onCore)).With($"{kind}_worst_once_ms", passed.Max(static p => p.Max()));
        }

        // A round has few collections, each about as long: the round that the machine held up least tells how long.
        double pause = _rounds.Min(static r => r.LongestPause);
        longest = Math.Max(longest, pause);
        line.With("plain_steps", _rounds.Sum(static r => r.PlainBatches.Count)).With("plain_mean_ms", _rounds.Average(static r => r.PlainBatches.Passed.Average()))
            .With("plain_worst_once_ms", _rounds.Max(static r => r.PlainBatches.Passed.Max()));
        run.Output.WriteLine(line.With("splits", _rounds[0].Splits)
            .With("collections", _rounds.Max(static r => r.Collections)).With("collection_worst_ms", pause)
            .With("collection_worst_once_ms", _rounds.Max(static r => r.LongestPause))
            .With("worst_ms", longest).With("load", Machine.Load).WithTarget("", longest, StepMillisecondsMax, isAtMost: true));
    }

    /// <summary>The longest step: of a step that was done several times, the shortest time counts.</summary>
    static double LongestAlways(IReadOnlyList<float>[] rounds)
    {
        float longest = 0;
        for (int step = 0; step < rounds[0].Count; step++) longest = Math.Max(longest, rounds.Min(r => r[step]));
        return longest;
    }
}
