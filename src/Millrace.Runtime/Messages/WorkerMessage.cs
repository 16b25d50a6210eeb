using Millrace.State.Snapshots;

namespace Millrace.Runtime.Messages;

/// <summary>What a worker says to the leader.</summary>
abstract record WorkerMessage : Message
{
    WorkerMessage(AttemptId attempt) => Attempt = attempt;

    /// <summary>The deployment it is about. What is said of an earlier one is ignored.</summary>
    public AttemptId Attempt { get; }

    /// <summary>The first message of a connection: a worker has no tasks and wants some.</summary>
    /// <param name="Worker">Its name, for people.</param>
    /// <param name="Fingerprint">Tells the operators and states of its program from others.</param>
    /// <param name="Endpoint">Where other workers reach it.</param>
    public sealed record Hello(string Worker, string Fingerprint, string Endpoint) : WorkerMessage(default(AttemptId));

    /// <summary>Everything is restored and open.</summary>
    public sealed record Ready(AttemptId Attempt) : WorkerMessage(Attempt);

    /// <summary>Its part of a checkpoint is durable.</summary>
    public sealed record Snapshot(AttemptId Attempt, WorkerSnapshot Part) : WorkerMessage(Attempt);

    /// <summary>It cannot take part in a checkpoint.</summary>
    public sealed record Declined(AttemptId Attempt, SnapshotDeclined Why) : WorkerMessage(Attempt);

    /// <summary>Something failed that ends the deployment. What follows from it is not told.</summary>
    public sealed record Failed(AttemptId Attempt, WorkerFailure Failure) : WorkerMessage(Attempt);

    /// <summary>None of its tasks runs any more, and everything is closed. Once.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="Failure">What failed; null when all input was handled, or the leader asked for the end.</param>
    /// <param name="IsCancelled">Whether the leader asked for the end.</param>
    /// <param name="Status">What its tasks have done.</param>
    public sealed record Ended(AttemptId Attempt, WorkerFailure? Failure, bool IsCancelled, JobStatus Status) : WorkerMessage(Attempt);

    /// <summary>A reader of a bounded source has no split and wants one.</summary>
    public sealed record SplitAsked(AttemptId Attempt, string Source, int Reader) : WorkerMessage(Attempt);

    /// <summary>What its tasks have done so far.</summary>
    public sealed record Progress(AttemptId Attempt, JobStatus Status) : WorkerMessage(Attempt);
}

/// <summary>What the leader can do about a failure.</summary>
enum FailureKind : byte
{
    /// <summary>Restart the tasks.</summary>
    Other,

    /// <summary>Restart the tasks, and find out whether it is always the same record.</summary>
    Operator,

    /// <summary>Look for an older snapshot.</summary>
    Damage,

    /// <summary>Nothing: user code does not return, and holds a process.</summary>
    Stuck,
}

/// <summary>A failure on its way to the leader. Immutable.</summary>
sealed record WorkerFailure
{
    /// <summary>What can be done about it.</summary>
    public required FailureKind Kind { get; init; }

    /// <summary>The name of its type.</summary>
    public required string Type { get; init; }

    /// <summary>Its message.</summary>
    public required string Message { get; init; }

    /// <summary>All of it, with stacks, for people.</summary>
    public required string Text { get; init; }

    /// <summary>The operator; empty when none is to blame.</summary>
    public string OperatorId { get; init; } = "";

    /// <summary>The operator's instance.</summary>
    public Subtask Subtask { get; init; }

    /// <summary>The record being handled, as text; null when there was none.</summary>
    public string? Record { get; init; }

    /// <summary>The damaged object; empty for other failures.</summary>
    public string Key { get; init; } = "";

    /// <summary>What does not return.</summary>
    public IReadOnlyList<SlowStep> Steps { get; init; } = [];

    /// <summary>What was behind it; null for nothing.</summary>
    public WorkerFailure? First { get; init; }

    /// <summary>The failure itself, between roles in one process; never sent.</summary>
    public Exception? Here { get; init; }
}
