namespace Millrace.Benchmarks.Workloads;

/// <summary>Something to measure, in a process of its own.</summary>
/// <param name="Bench">Its name in the report.</param>
/// <param name="Keys">How many keys; null where that says nothing.</param>
/// <param name="Records">Records of a pass.</param>
/// <param name="Measure">Measures it and prints the report.</param>
sealed record Workload(string Bench, int? Keys, int Records, Action<WorkloadRun> Measure)
{
    /// <summary>Records of a pass with <c>--quick</c>; the same where peers are quick, too.</summary>
    public int QuickRecords { get; init; } = Records;

    /// <summary>Samples with <c>--quick</c>.</summary>
    public int QuickSamples { get; init; } = BenchOptions.SamplesDefault;

    /// <summary>Keys with <c>--quick</c>; null for as many.</summary>
    public int? QuickKeys { get; init; }

    /// <summary>Shows where the time goes; null where <see cref="Measure"/> shows it already.</summary>
    public Action<WorkloadRun>? Profile { get; init; }

    /// <summary>Unique.</summary>
    public string Name => Keys is null ? Bench : $"{Bench}/{Keys}";

    public bool IsNamed(string name) =>
        name == Name || name == Bench || (name.EndsWith('*') && Name.StartsWith(name[..^1], StringComparison.Ordinal));
}

/// <summary>One measurement of a workload.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Options">As given on the command line.</param>
/// <param name="Output">Where the lines of the report go.</param>
sealed record WorkloadRun(Workload Workload, BenchOptions Options, TextWriter Output)
{
    public int Records => Options.Records ?? (Options.IsQuick ? Workload.QuickRecords : Workload.Records);

    public int Samples => Options.Samples ?? (Options.IsQuick ? Workload.QuickSamples : BenchOptions.SamplesDefault);

    public int Keys => (Options.IsQuick ? Workload.QuickKeys : null) ?? Workload.Keys ?? throw new InvalidOperationException($"{Workload.Name} has no keys");
}
