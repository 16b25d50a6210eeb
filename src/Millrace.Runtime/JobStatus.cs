namespace Millrace.Runtime;

/// <summary>What a job has done so far. A snapshot; counts of different operators are not of the same instant.</summary>
/// <param name="JobName">The job's name.</param>
/// <param name="Operators">The operators, in the order of the plan.</param>
public sealed record JobStatus(string JobName, IReadOnlyList<OperatorStatus> Operators)
{
    /// <summary>Records that all sources have emitted.</summary>
    public long RecordsRead => Operators.Where(static o => o.IsSource).Sum(static o => o.RecordsOut);

    /// <summary>Records that all sinks have taken.</summary>
    public long RecordsWritten => Operators.Where(static o => o.IsSink).Sum(static o => o.RecordsIn);

    /// <summary>A counter summed over all operators; zero when there is none of the name.</summary>
    /// <param name="counter">The name, such as <c>numLateRecordsDropped</c>.</param>
    public long Total(string counter) => Operators.Sum(o => o.Counters.GetValueOrDefault(counter));

    /// <summary>The operator with this id.</summary>
    /// <exception cref="KeyNotFoundException">There is none.</exception>
    public OperatorStatus this[string id] => Operators.FirstOrDefault(o => o.Id == id)
        ?? throw new KeyNotFoundException($"the job has no operator '{id}'; it has {string.Join(", ", Operators.Select(static o => $"'{o.Id}'"))}");
}

/// <summary>What one operator has done so far, over all its parallel instances.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Verb">Its verb.</param>
/// <param name="Parallelism">How many instances there are.</param>
/// <param name="RecordsIn">Records it has handled.</param>
/// <param name="RecordsOut">Records it has emitted by its main output.</param>
/// <param name="Watermark">The smallest watermark of its instances.</param>
/// <param name="IsSource">Whether it is a source.</param>
/// <param name="IsSink">Whether it is a sink.</param>
/// <param name="Counters">Its counters by name.</param>
public sealed record OperatorStatus(
    string Id, string Verb, int Parallelism, long RecordsIn, long RecordsOut, Timestamp Watermark, bool IsSource, bool IsSink,
    IReadOnlyDictionary<string, long> Counters);

/// <summary>A job that ended as it should, or was cancelled.</summary>
/// <param name="Status">What it did.</param>
/// <param name="Elapsed">From the start of its tasks to the end of the last.</param>
/// <param name="Ending">How it ended.</param>
public sealed record JobResult(JobStatus Status, TimeSpan Elapsed, JobEnding Ending)
{
    /// <summary>Whether it ended before its input did, and without a savepoint.</summary>
    public bool IsCancelled => Ending is JobEnding.Cancelled or JobEnding.Interrupted;

    /// <summary>What else there is to say: the address of a savepoint, or why nothing was run; null for nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>A job failed. The inner exception is the first failure, with its stack.</summary>
/// <param name="jobName">The job.</param>
/// <param name="cause">The first failure.</param>
public sealed class JobFailedException(string jobName, Exception cause) : Exception($"Job '{jobName}' failed: {cause.Message}", cause);

/// <summary>User code did not return after the job was told to stop.</summary>
/// <param name="steps">The tasks that still run; empty when what does not return is an opening or closing.</param>
/// <param name="firstFailure">Why the job was stopping, when that was a failure; also the inner exception.</param>
public sealed class StuckUserCodeException(IReadOnlyList<SlowStep> steps, Exception? firstFailure = null)
    : Exception((firstFailure is null ? "" : firstFailure.Message + "; and then, while the job stopped, ") + Describe(steps), firstFailure)
{
    /// <summary>The tasks that still run.</summary>
    public IReadOnlyList<SlowStep> Steps { get; } = steps;

    static string Describe(IReadOnlyList<SlowStep> steps) => steps.Count == 0
        ? "a source, sink or function does not return from opening or closing"
        : "user code does not return: "
            + string.Join("; ", steps.Select(static s => $"operator '{s.OperatorId}' in task '{s.Task}' for {s.Elapsed.TotalSeconds:N0} s"));
}
