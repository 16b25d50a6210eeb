using Millrace.Benchmarks.Checkpoints;
using Millrace.Benchmarks.Codecs;
using Millrace.Benchmarks.Expiry;

namespace Millrace.Benchmarks.Workloads;

/// <summary>All workloads, in the order they are measured; targets are those of the design.</summary>
static class Catalogue
{
    public static readonly Workload[] All =
    [
        Stateless.FilterMapSum,
        Windows.TumblingCount(1_000, target: 0.25),
        Windows.TumblingCount(1_000_000, target: 0.8),
        Windows.TumblingAggregate(1_000),
        Windows.TumblingAggregate(1_000_000),
        Running.Sum(1_000, 5_000_000, target: 0.25),
        Running.Sum(1_000_000, 5_000_000, target: 1.0),
        Running.Sum(10_000_000, 20_000_000, target: 1.0),
        Windows.SlidingCount,
        Windows.TwoStage,
        Running.WordCount,
        IdleLatency.Workload,
        .. CheckpointOverhead.All,
        Stall.Workload,
        FullSnapshots.Workload,
        Compression.Workload,
        Churn.Workload,
        IdleCheckpoints.Workload,
        CodecSpeed.Workload,
        Running.KeyedValue,
        SweepSteps.Workload,
    ];

    public static Workload[] Named(string[] names)
    {
        string[] unknown = [.. names.Where(static name => !All.Any(w => w.IsNamed(name)))];
        if (unknown.Length > 0) throw new OptionException($"there is no workload '{unknown[0]}'; --list shows those there are");
        return names.Length == 0 ? All : [.. All.Where(w => names.Any(w.IsNamed))];
    }
}
