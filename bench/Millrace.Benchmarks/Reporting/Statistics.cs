namespace Millrace.Benchmarks.Reporting;

/// <summary>Pure.</summary>
static class Statistics
{
    /// <summary>The middle value; the mean of the two middle ones of an even count.</summary>
    public static double Median(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0) throw new ArgumentException("there is no median of nothing", nameof(values));
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>The smallest value that at least <paramref name="share"/> of the values do not exceed.</summary>
    /// <param name="sorted">In ascending order; not empty.</param>
    /// <param name="share">More than zero, at most one.</param>
    public static double Quantile(ReadOnlySpan<double> sorted, double share) =>
        sorted[Math.Clamp((int)Math.Ceiling(share * sorted.Length) - 1, 0, sorted.Length - 1)];

    /// <summary>Ratios of what was measured side by side: drift of the machine is in both and cancels out.</summary>
    public static double[] PairwiseRatios(IReadOnlyList<double> above, IReadOnlyList<double> below)
    {
        if (above.Count != below.Count) throw new ArgumentException("measurements come in pairs", nameof(below));
        return [.. above.Zip(below, static (a, b) => a / b)];
    }

    /// <summary>Four significant digits: more than the measurement has, few enough to read.</summary>
    public static double Rounded(double value)
    {
        if (value == 0 || !double.IsFinite(value)) return value;
        int digits = 3 - (int)Math.Floor(Math.Log10(Math.Abs(value)));
        return digits >= 0 ? Math.Round(value, Math.Min(digits, 15)) : Math.Round(value);
    }
}
