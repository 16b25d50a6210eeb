using System.Collections.Immutable;
using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Checkpoints;

/// <summary>What a checkpoint is taken for.</summary>
public enum CheckpointPurpose
{
    /// <summary>Recovery: the interval has passed.</summary>
    Periodic,

    /// <summary>Recovery: somebody asked.</summary>
    Manual,

    /// <summary>A savepoint.</summary>
    Savepoint,

    /// <summary>The savepoint of a stop: sources end with it.</summary>
    Stop,

    /// <summary>All tasks have finished: it commits the last output.</summary>
    Final,
}

/// <summary>A checkpoint somebody asked for.</summary>
/// <param name="Ticket">Tells requests apart; the answer names it.</param>
/// <param name="Purpose">Manual, savepoint or stop.</param>
/// <param name="Target">Savepoints and stops: the address of the folder; null for the job's own place.</param>
/// <param name="IsDrain">Stops: whether all windows and event timers fire first.</param>
public sealed record CheckpointRequest(long Ticket, CheckpointPurpose Purpose, string? Target = null, bool IsDrain = false);

/// <summary>A checkpoint under way. Immutable.</summary>
public sealed record CheckpointAttempt
{
    /// <summary>Its barrier.</summary>
    public required Barrier Barrier { get; init; }

    /// <summary>What it is for.</summary>
    public required CheckpointPurpose Purpose { get; init; }

    /// <summary>Who asked for it; null for the interval and the end.</summary>
    public CheckpointRequest? Request { get; init; }

    /// <summary>When it began, on the coordinator's clock.</summary>
    public required TimeSpan BegunAt { get; init; }

    /// <summary>Whether all tasks had finished before it began.</summary>
    public bool IsFinal { get; init; }

    /// <summary>What came in, by worker.</summary>
    public ImmutableSortedDictionary<int, WorkerSnapshot> Collected { get; init; } = ImmutableSortedDictionary<int, WorkerSnapshot>.Empty;

    /// <summary>Its id.</summary>
    public long Id => Barrier.Id;

    /// <summary>Whether a later checkpoint does not make it superfluous.</summary>
    public bool IsWanted => Purpose is not (CheckpointPurpose.Periodic or CheckpointPurpose.Manual);
}

/// <summary>The checkpoints of one deployment. Immutable. Times are on one clock that never goes back, from any beginning.</summary>
public sealed record CheckpointState
{
    /// <summary>When and how.</summary>
    public required CheckpointOptions Options { get; init; }

    /// <summary>How many workers take part; zero until the tasks run.</summary>
    public int Workers { get; init; }

    /// <summary>The next id.</summary>
    public required long NextId { get; init; }

    /// <summary>The newest committed checkpoint of this deployment; zero for none.</summary>
    public long Confirmed { get; init; }

    /// <summary>Under way, oldest first, the one that is being committed included.</summary>
    public ImmutableArray<CheckpointAttempt> InFlight { get; init; } = [];

    /// <summary>The one that is being committed; null for none.</summary>
    public long? Completing { get; init; }

    /// <summary>Those that will not be: what still comes in of them is discarded.</summary>
    public ImmutableSortedSet<long> GivenUp { get; init; } = [];

    /// <summary>When the interval has passed.</summary>
    public TimeSpan DueAt { get; init; } = TimeSpan.MaxValue;

    /// <summary>When the least pause has passed.</summary>
    public TimeSpan NotBefore { get; init; } = TimeSpan.MinValue;

    /// <summary>Checkpoints whose packs are worn, oldest first, as of <see cref="Confirmed"/>.</summary>
    public IReadOnlyList<long> Worn { get; init; } = [];

    /// <summary>That of them which tasks were told of last; zero for none.</summary>
    public long LastWorn { get; init; }

    /// <summary>How many failed in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Asked for, and not begun.</summary>
    public ImmutableArray<CheckpointRequest> Waiting { get; init; } = [];

    /// <summary>Whether all tasks have finished.</summary>
    public bool AreTasksFinished { get; init; }

    /// <summary>Whether the last checkpoint was begun or taken: nothing comes after it.</summary>
    public bool IsEnding { get; init; }
}

/// <summary>What happens to checkpoints.</summary>
/// <param name="Now">When.</param>
public abstract record CheckpointEvent(TimeSpan Now)
{
    /// <summary>All tasks run.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Workers">How many workers take part; one or more.</param>
    public sealed record TasksRun(TimeSpan Now, int Workers) : CheckpointEvent(Now);

    /// <summary>Time has passed.</summary>
    /// <param name="Now">When.</param>
    public sealed record TimePassed(TimeSpan Now) : CheckpointEvent(Now);

    /// <summary>Somebody asks.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Request">For what.</param>
    public sealed record Asked(TimeSpan Now, CheckpointRequest Request) : CheckpointEvent(Now);

    /// <summary>A worker has made its part durable.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Worker">Which.</param>
    /// <param name="Snapshot">Its part.</param>
    public sealed record Collected(TimeSpan Now, int Worker, WorkerSnapshot Snapshot) : CheckpointEvent(Now);

    /// <summary>A worker cannot take part.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Why">Why.</param>
    public sealed record Declined(TimeSpan Now, SnapshotDeclined Why) : CheckpointEvent(Now);

    /// <summary>The ledger has it.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Id">Which.</param>
    /// <param name="Worn">Checkpoints with worn packs, oldest first, as of it: <see cref="Millrace.State.Snapshots.PackWear"/>.</param>
    public sealed record Committed(TimeSpan Now, long Id, IReadOnlyList<long> Worn) : CheckpointEvent(Now);

    /// <summary>It could not be written, and is not in the ledger.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Id">Which.</param>
    /// <param name="Why">A sentence.</param>
    public sealed record CommitFailed(TimeSpan Now, long Id, string Why) : CheckpointEvent(Now);

    /// <summary>All tasks have finished, and wait for their last output to be committed.</summary>
    /// <param name="Now">When.</param>
    public sealed record TasksFinished(TimeSpan Now) : CheckpointEvent(Now);

    /// <summary>The tasks are gone: nothing under way can be completed.</summary>
    /// <param name="Now">When.</param>
    /// <param name="Why">A sentence.</param>
    public sealed record TasksGone(TimeSpan Now, string Why) : CheckpointEvent(Now);
}

/// <summary>What is to be done, in order.</summary>
public abstract record CheckpointEffect
{
    CheckpointEffect() { }

    /// <summary>Send the barrier to the sources.</summary>
    /// <param name="Attempt">The checkpoint.</param>
    public sealed record Trigger(CheckpointAttempt Attempt) : CheckpointEffect;

    /// <summary>Write manifest and entry; one at a time.</summary>
    /// <param name="Attempt">The checkpoint, with everything collected.</param>
    public sealed record Complete(CheckpointAttempt Attempt) : CheckpointEffect;

    /// <summary>Tell the tasks that it counts.</summary>
    /// <param name="Attempt">The checkpoint.</param>
    public sealed record Confirm(CheckpointAttempt Attempt) : CheckpointEffect;

    /// <summary>Tell the tasks that nobody waits for it any more.</summary>
    /// <param name="Id">Which.</param>
    /// <param name="Why">A sentence.</param>
    public sealed record Abort(long Id, string Why) : CheckpointEffect;

    /// <summary>A part of a checkpoint that will not be: its packs may go, its transactions join the next manifest.</summary>
    /// <param name="Snapshot">The part.</param>
    public sealed record Discard(WorkerSnapshot Snapshot) : CheckpointEffect;

    /// <summary>Tell who asked that there will be none.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Why">A sentence.</param>
    public sealed record Refuse(CheckpointRequest Request, string Why) : CheckpointEffect;

    /// <summary>Tell who asked that a later checkpoint was committed in its place.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Id">The later checkpoint.</param>
    public sealed record Supersede(CheckpointRequest Request, long Id) : CheckpointEffect;

    /// <summary>The tasks must be restarted.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record FailTasks(string Why) : CheckpointEffect;
}
