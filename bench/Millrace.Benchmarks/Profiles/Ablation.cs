using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Profiles;

/// <summary>A job that does a part of what a workload does.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Run">Runs all passes once.</param>
sealed record Stage<T, TLambdas>(string Name, Func<T[][], TLambdas, Outcome> Run);

/// <summary>
/// Shows where the time of a record goes: jobs that do more and more of the workload, measured in turn like peers. The difference of two
/// neighbours is the price of what the later one does in addition, in that place: stages overlap in the processor, so differences need not add up elsewhere.
/// </summary>
static class Ablation
{
    public static void Of(WorkloadRun run, KeyedEvent[][] passes, params Stage<KeyedEvent, Lambdas>[] stages) =>
        Print(run, passes, Lambdas.Measured, Lambdas.OtherSets, stages);

    public static void Of(WorkloadRun run, WordEvent[][] passes, params Stage<WordEvent, WordLambdas>[] stages) =>
        Print(run, passes, WordLambdas.Measured, WordLambdas.OtherSets, stages);

    static void Print<T, TLambdas>(WorkloadRun run, T[][] passes, TLambdas measured, TLambdas[] others, Stage<T, TLambdas>[] stages)
    {
        Contest<T> contest = new($"profile of {run.Workload.Name}", passes, run.Samples);
        Series series = contest.Run([.. stages.Select(stage => new Entrant<T>(
            stage.Name, p => stage.Run(p, measured), null, [.. others.Select<TLambdas, Func<T[][], Outcome>>(set => p => stage.Run(p, set))]))]);
        for (int pass = 0; pass < passes.Length; pass++)
        {
            foreach (Stage<T, TLambdas> stage in stages) run.Output.WriteLine(Line(run, series, stage.Name, pass));
        }
    }

    static ResultLine Line(WorkloadRun run, Series series, string stage, int pass) => new ResultLine()
        .With("profile", run.Workload.Bench)
        .With("keys", run.Workload.Keys)
        .With("pass", pass + 1)
        .With("stage", stage)
        .With("ns_per_record", series.NanosecondsPerRecord(stage, pass))
        .With("bytes_per_record", series.BytesPerRecord(stage, pass))
        .With("samples", series.Samples);
}
