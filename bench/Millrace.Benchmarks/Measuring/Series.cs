using Millrace.Benchmarks.Reporting;

namespace Millrace.Benchmarks.Measuring;

/// <summary>The outcomes of a contest: sample i of one entrant was measured right beside sample i of the others.</summary>
/// <param name="Records">Records of a pass.</param>
/// <param name="Entrants">Labels and outcomes, in the order of the contest.</param>
sealed record Series(int Records, (string Label, Outcome[] Outcomes)[] Entrants)
{
    public int Samples => Entrants[0].Outcomes.Length;

    /// <summary>Million records a second, per sample.</summary>
    public double[] Rates(string label, int pass) => [.. Of(label).Select(o => Records / o.Passes[pass].Elapsed.TotalMicroseconds)];

    /// <summary>How many times the rate of <paramref name="below"/> that of <paramref name="above"/> is, per sample.</summary>
    public double[] Ratios(string above, string below, int pass) => Statistics.PairwiseRatios(Rates(above, pass), Rates(below, pass));

    /// <summary>Bytes allocated per record: the median over the samples.</summary>
    public double BytesPerRecord(string label, int pass) =>
        Statistics.Median([.. Of(label).Select(o => o.Passes[pass].AllocatedBytes / (double)Records)]);

    public double NanosecondsPerRecord(string label, int pass) => 1_000 / Statistics.Median(Rates(label, pass));

    Outcome[] Of(string label) => Entrants.First(e => e.Label == label).Outcomes;
}
