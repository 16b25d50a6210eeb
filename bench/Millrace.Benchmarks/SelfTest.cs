using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks;

/// <summary>Checks what is pure: the arithmetic and the shape of the report.</summary>
static class SelfTest
{
    /// <exception cref="BenchmarkException">Something is wrong.</exception>
    public static void Run(TextWriter output)
    {
        Equal("median of an odd count", 2.0, Statistics.Median([3, 1, 2]));
        Equal("median of an even count", 2.5, Statistics.Median([4, 1, 3, 2]));
        Equal("ratios are pairwise", "0.5 4", string.Join(' ', Statistics.PairwiseRatios([1, 8], [2, 2])));
        // The ratio of the medians would be 10 / 4: one sample disturbed in both members of a pair must not count.
        Equal("median of ratios", 1.0, Statistics.Median(Statistics.PairwiseRatios([10, 10, 1], [10, 4, 1])));
        Equal("quantile", 99.0, Statistics.Quantile([.. Enumerable.Range(1, 100).Select(static i => (double)i)], 0.99));
        Equal("largest", 3.0, Statistics.Quantile([1, 2, 3], 1));
        Equal("rounding", "12346 1.235 0.0001235 0", string.Join(' ',
            ((double[])[12345.6, 1.23456, 0.000123456, 0]).Select(static v => Statistics.Rounded(v).ToString(System.Globalization.CultureInfo.InvariantCulture))));
        string line = new ResultLine().With("bench", "b").With("keys", null).With("millrace_mps", 12.3456)
            .WithTarget("", 0.2, 0.25, isAtMost: false).WithTarget("_bytes", 0, 0.01, isAtMost: true).ToString();
        Equal("line", """{"bench":"b","millrace_mps":12.35,"target":0.25,"met":false,"target_bytes":0.01,"met_bytes":true}""", line);
        Equal("missed", "1 ''", $"{ResultLine.Missed(line).Length} '{ResultLine.Missed(line)[0]}'");
        Equal("options", "--child a --quick --samples 3", string.Join(' ', BenchOptions.Parse(["--quick", "--samples", "3", "--check"]).ForChild("a")));
        output.WriteLine("all is well");
    }

    static void Equal<T>(string what, T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual)) throw new BenchmarkException($"{what}: {actual} instead of {expected}");
    }
}
