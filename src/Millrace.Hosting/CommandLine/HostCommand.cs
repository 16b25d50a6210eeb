namespace Millrace.Hosting;

/// <summary>What the command line asks of the host, and what it leaves to the job.</summary>
internal sealed record HostCommand
{
    public int Parallelism { get; init; } = Environment.ProcessorCount;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public bool IsChaining { get; init; } = true;

    /// <summary>Null to run the job.</summary>
    public PlanFormat? Explain { get; init; }

    public bool IsHelp { get; init; }

    public bool IsQuiet { get; init; }

    public bool HasProgress { get; init; } = true;

    /// <summary>The words that are not the engine's, in their order.</summary>
    public IReadOnlyList<string> JobWords { get; init; } = [];
}

/// <summary>How a plan is printed.</summary>
internal enum PlanFormat
{
    Text,
    Json,
}

/// <summary>The command line is wrong.</summary>
/// <param name="problems">All that is wrong, each with its cure.</param>
internal sealed class UsageException(params IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
