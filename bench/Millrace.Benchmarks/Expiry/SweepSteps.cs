using Millrace.Benchmarks.Checkpoints;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Benchmarks.Expiry;

/// <summary>
/// How long one step of going through state with a TTL takes, as a task does it between batches: over rows that all stay, and over rows that are all over,
/// for a value, a list and a map per key.
/// </summary>
static class SweepSteps
{
    const double StepMillisecondsMax = 5;
    const long Lifetime = 1_000;

    public static readonly Workload Workload = new("ttl-sweep", 2_000_000, 0, Measure) { QuickKeys = 500_000 };

    static void Measure(WorkloadRun run)
    {
        foreach (string kind in (string[])["value", "list", "map"])
        {
            // Rehearsals: the runtime compiles.
            for (int i = 0; i < 3; i++) Sweep(run, kind, 50_000, isPrinted: false);
            Sweep(run, kind, run.Keys, isPrinted: true);
        }
    }

    static void Sweep(WorkloadRun run, string kind, int keys, bool isPrinted)
    {
        KeyedStateScope<long, Int64KeyOps> scope = Filled(kind, keys);
        GC.Collect();
        // Rows that were kept at the beginning are just not over yet, but for one.
        (long _, double _, double keptWorst, double keptCpu) = Pass(scope, Lifetime);
        if (scope.Expired != 1) throw new BenchmarkException($"{scope.Expired} rows were over where one was");
        (long steps, double sum, double worst, double worstCpu) = Pass(scope, 3 * Lifetime);
        if (scope.Expired != keys) throw new BenchmarkException($"{scope.Expired} of {keys} rows went");
        if (!isPrinted) return;
        // What others do with the cores is not due to a table.
        double longest = ThreadClock.IsSupported ? Math.Max(worstCpu, keptCpu) : Math.Max(worst, keptWorst);
        run.Output.WriteLine(new ResultLine()
            .With("bench", "ttl-sweep").With("kind", kind).With("keys", keys).With("path", "tables; steps of 1,024 slots")
            .With("steps", steps).With("mean_ms", sum / steps).With("ns_per_row", sum * 1e6 / keys).With("worst_ms", worst).With("worst_where_all_stay_ms", keptWorst)
            .With("load", Machine.Load).With("worst_cpu_ms", longest).WithTarget("", longest, StepMillisecondsMax, isAtMost: true));
    }

    /// <summary>One row for each key; the first is a moment older than the others.</summary>
    static KeyedStateScope<long, Int64KeyOps> Filled(string kind, int keys)
    {
        KeyedStateScope<long, Int64KeyOps> scope = new(static () => Timestamp.UnixEpoch);
        StateTtl ttl = StateTtl.EventTime(new(Lifetime));
        Action<long> write = kind switch
        {
            "value" => scope.Value<long>("value", ttl).Set,
            "list" => scope.List<long>("list", ttl).Add,
            _ => scope.Map<int, long>("map", ttl) is var map ? key => map.Set(1, key) : throw new System.Diagnostics.UnreachableException(),
        };
        scope.Close();
        for (long key = 0; key < keys; key++)
        {
            if (key < 2) scope.AdvanceTtl(new(key));
            scope.Attribute(Timestamp.None);
            scope.Context.Enter(key, KeyHash.Of(key));
            write(key);
        }

        return scope;
    }

    /// <summary>Lets time pass, and goes through all rows.</summary>
    static (long Steps, double Sum, double Worst, double WorstCpu) Pass(KeyedStateScope<long, Int64KeyOps> scope, long now)
    {
        scope.AdvanceTtl(new(now));
        (long steps, double sum, double worst, double worstCpu) = (0, 0, 0, 0);
        do
        {
            double cpu = ThreadClock.Milliseconds;
            long at = TimeProvider.System.GetTimestamp();
            scope.Sweep();
            double took = TimeProvider.System.GetElapsedTime(at).TotalMilliseconds;
            worstCpu = Math.Max(worstCpu, ThreadClock.Milliseconds - cpu);
            (steps, sum, worst) = (steps + 1, sum + took, Math.Max(worst, took));
        }
        while (scope.NextSweep == Timestamp.MinValue);
        return (steps, sum, worst, worstCpu);
    }
}
