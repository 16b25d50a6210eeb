using Millrace.State.Snapshots;

namespace Millrace.Runtime.Messages;

/// <summary>Where a deployment begins.</summary>
abstract record RestoreOrder
{
    RestoreOrder()
    {
    }

    /// <summary>From a checkpoint of the job's own.</summary>
    /// <param name="Snapshot">Its manifest.</param>
    public sealed record Own(SnapshotReference Snapshot) : RestoreOrder;

    /// <summary>From a snapshot in another folder.</summary>
    /// <param name="Address">The folder, or the manifest in it.</param>
    /// <param name="Sha256">The hash of the manifest.</param>
    public sealed record Folder(string Address, string Sha256) : RestoreOrder;
}

/// <summary>What a worker has to know to deploy its share of the tasks.</summary>
sealed record DeployOrder
{
    /// <summary>The line of history.</summary>
    public required string Timeline { get; init; }

    /// <summary>What names of sinks are made of: one for all of a deployment, because what the leader prepares of a sink its workers look for.</summary>
    public required string Nonce { get; init; }

    /// <summary>Whether that line began without state.</summary>
    public required bool IsFresh { get; init; }

    /// <summary>Which of the workers it is, from zero.</summary>
    public required int Worker { get; init; }

    /// <summary>How many workers there are.</summary>
    public required int Workers { get; init; }

    /// <summary>Where each of them is reached by the others; which instances it runs follows from the plan.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>The parallelism of operators that have none of their own.</summary>
    public required int Parallelism { get; init; }

    /// <summary>Whether operators share tasks where they can.</summary>
    public required bool IsChaining { get; init; }

    /// <summary>What to restore; null to begin without state.</summary>
    public RestoreOrder? From { get; init; }

    /// <summary>Operators, or <c>operator/state</c>, whose state is dropped.</summary>
    public IReadOnlyList<string> Drops { get; init; } = [];

    /// <summary>Operators whose records in flight are dropped.</summary>
    public IReadOnlyList<string> InFlightDrops { get; init; } = [];

    /// <summary>Operators whose state goes to one of another id.</summary>
    public IReadOnlyList<StateRename> Renames { get; init; } = [];
}

/// <summary>What the leader says to a worker.</summary>
abstract record LeaderMessage : Message
{
    LeaderMessage(AttemptId attempt) => Attempt = attempt;

    /// <summary>The deployment it is about. Others than the worker's own are none of its business.</summary>
    public AttemptId Attempt { get; }

    /// <summary>Restore and open your share of the tasks, and say when that is done.</summary>
    public sealed record Deploy(AttemptId Attempt, DeployOrder Order) : LeaderMessage(Attempt);

    /// <summary>All workers are ready: let the tasks run.</summary>
    public sealed record Run(AttemptId Attempt) : LeaderMessage(Attempt);

    /// <summary>Send a barrier from every source that has not finished.</summary>
    public sealed record Trigger(AttemptId Attempt, Barrier Barrier) : LeaderMessage(Attempt);

    /// <summary>Nobody waits for a checkpoint any more.</summary>
    public sealed record Abort(AttemptId Attempt, long Checkpoint) : LeaderMessage(Attempt);

    /// <summary>A split for a reader. What comes before a barrier is in its cut.</summary>
    /// <param name="Attempt">The deployment.</param>
    /// <param name="Source">The source.</param>
    /// <param name="Reader">The instance.</param>
    /// <param name="Split">The split and where to begin, encoded.</param>
    public sealed record SplitGiven(AttemptId Attempt, string Source, int Reader, ReadOnlyMemory<byte> Split) : LeaderMessage(Attempt);

    /// <summary>There will never be another split for a reader.</summary>
    public sealed record SplitsEnded(AttemptId Attempt, string Source, int Reader) : LeaderMessage(Attempt);

    /// <summary>Every split of a bounded source is in the hands of a reader.</summary>
    public sealed record SplitsAssigned(AttemptId Attempt, string Source) : LeaderMessage(Attempt);

    /// <summary>End the tasks, whatever they do; or forget them, if they have ended.</summary>
    public sealed record Cancel(AttemptId Attempt) : LeaderMessage(Attempt);
}
