using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Reporting;

/// <summary>A ratio of two rates.</summary>
/// <param name="Name">As in the report, after <c>ratio_</c>.</param>
/// <param name="Above">The label of the rate that is divided.</param>
/// <param name="Below">The label of the rate that divides.</param>
/// <param name="Target">What it has to be, in both passes; null for nothing.</param>
/// <param name="IsAtMost">Whether it has to be at most the target, rather than at least.</param>
sealed record Ratio(string Name, string Above, string Below, double? Target = null, bool IsAtMost = false);

/// <summary>Prints what a contest has shown: a line for each pass.</summary>
static class Report
{
    /// <summary>Bytes that the engine may allocate for a record of the second pass.</summary>
    public const double BytesPerRecordMax = 0.01;

    /// <param name="run">What was measured.</param>
    /// <param name="series">What it has shown; its first entrant is the job that the allocations are reported of.</param>
    /// <param name="ratios">The ratios to report.</param>
    public static void Print(WorkloadRun run, Series series, params Ratio[] ratios)
    {
        int passes = series.Entrants[0].Outcomes[0].Passes.Length;
        for (int pass = 0; pass < passes; pass++) run.Output.WriteLine(Line(run, series, pass, ratios));
    }

    static ResultLine Line(WorkloadRun run, Series series, int pass, Ratio[] ratios)
    {
        string job = series.Entrants[0].Label;
        ResultLine line = new ResultLine().With("bench", run.Workload.Bench).With("keys", run.Workload.Keys).With("pass", pass + 1);
        foreach ((string label, _) in series.Entrants) line.With($"{label}_mps", Statistics.Median(series.Rates(label, pass)));
        foreach (Ratio ratio in ratios) AddRatio(line, ratio, series.Ratios(ratio.Above, ratio.Below, pass));
        double bytes = series.BytesPerRecord(job, pass);
        line.With("bytes_per_record", bytes);
        if (pass > 0) line.WithTarget("_bytes", bytes, BytesPerRecordMax, isAtMost: true);
        return line.With("records", series.Records).With("samples", series.Samples);
    }

    static void AddRatio(ResultLine line, Ratio ratio, double[] values)
    {
        double median = Statistics.Median(values);
        line.With($"ratio_{ratio.Name}", median).With($"ratio_{ratio.Name}_low", values.Min()).With($"ratio_{ratio.Name}_high", values.Max());
        if (ratio.Target is { } target) line.WithTarget("", median, target, ratio.IsAtMost);
    }
}
