namespace Millrace;

/// <summary>A job as described by the program: operators and their connections. Immutable.</summary>
public sealed class JobGraph
{
    internal JobGraph(string name, IReadOnlyList<GraphNode> nodes)
    {
        Name = name;
        Nodes = nodes;
        Problems = GraphValidator.Check(nodes);
    }

    /// <summary>The job's name.</summary>
    public string Name { get; }

    /// <summary>The operators, in the order of the program; inputs come before their consumers.</summary>
    public IReadOnlyList<GraphNode> Nodes { get; }

    /// <summary>All that is wrong with the graph; empty when it can be planned.</summary>
    public IReadOnlyList<GraphProblem> Problems { get; }
}

/// <summary>Something wrong with a job, with its cure.</summary>
/// <param name="OperatorId">The operator, or null for the job as a whole.</param>
/// <param name="Message">A sentence that says what is wrong and what to do.</param>
public sealed record GraphProblem(string? OperatorId, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => OperatorId is null ? Message : $"operator '{OperatorId}': {Message}";
}

/// <summary>A job cannot be run as described. Nothing was started.</summary>
/// <param name="jobName">The job's name.</param>
/// <param name="problems">All that is wrong; not empty.</param>
public sealed class InvalidJobException(string jobName, IReadOnlyList<GraphProblem> problems)
    : Exception($"Job '{jobName}' cannot run, for {problems.Count} reason{(problems.Count == 1 ? "" : "s")}:"
        + string.Concat(problems.Select(static p => $"{Environment.NewLine}  - {p}")))
{
    /// <summary>All that is wrong.</summary>
    public IReadOnlyList<GraphProblem> Problems { get; } = problems;
}
