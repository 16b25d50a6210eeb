namespace Millrace;

/// <summary>What a function, source or sink may know of where it runs. Owned by the engine; valid for the life of the function.</summary>
public sealed class FunctionContext
{
    /// <summary>The id of the operator.</summary>
    public required string OperatorId { get; init; }

    /// <summary>Which parallel instance this is.</summary>
    public required Subtask Subtask { get; init; }

    /// <summary>The clock of the job. Virtual in tests; never use an ambient clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Services of the host.</summary>
    public required IServiceProvider Services { get; init; }

    /// <summary>The operator's counters, summed over its parallel instances and shown with the job's metrics.</summary>
    public required OperatorCounters Counters { get; init; }
}

/// <summary>One of the parallel instances of an operator.</summary>
/// <param name="Index">From zero to <paramref name="Parallelism"/> minus one.</param>
/// <param name="Parallelism">How many instances there are.</param>
public readonly record struct Subtask(int Index, int Parallelism)
{
    /// <summary>For people, counted from one: <c>3/8</c>.</summary>
    public override string ToString() => $"{Index + 1}/{Parallelism}";
}
