using Millrace.Runtime.Planning;

namespace Millrace.Runtime.Durable;

/// <summary>The states of a program and what its sinks prepare, found out without running it.</summary>
public static class ProgramSchema
{
    /// <summary>The operators of a job with the states they declare and what they prepare. Functions are made, as when the job is planned, and nothing is opened.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="options">How it would run; what it declares does not depend on it.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    public static IReadOnlyList<ProgramOperator> Of(JobGraph graph, EmbeddedOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(graph);
        return ProgramStates.Of(graph, options);
    }
}
