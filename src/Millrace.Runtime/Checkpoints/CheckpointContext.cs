using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Everything the checkpoints of one deployment need. Immutable; nothing of it is owned.</summary>
public sealed record CheckpointContext
{
    /// <summary>The ledger, led by this process, in which the deployment was begun.</summary>
    public required Ledger Ledger { get; init; }

    /// <summary>The store of the job.</summary>
    public required IObjectStore Store { get; init; }

    /// <summary>What manifests say of the program.</summary>
    public required ProgramDescription Program { get; init; }

    /// <summary>When and how.</summary>
    public required CheckpointOptions Options { get; init; }

    /// <summary>The tasks.</summary>
    public required ICheckpointTasks Tasks { get; init; }

    /// <summary>Manifests.</summary>
    public required IManifestStore Manifests { get; init; }

    /// <summary>The sinks.</summary>
    public required IOwedCommits Commits { get; init; }

    /// <summary>Gathers savepoints; null where none can be taken.</summary>
    public ISavepointCopy? Savepoints { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Told of every checkpoint once all its work is done; any thread, one call at a time. Must not throw.</summary>
    public Action<CheckpointStatistics>? OnTaken { get; init; }

    /// <summary>Told of every checkpoint that will not be, with a sentence; any thread, one call at a time. Must not throw.</summary>
    public Action<long, string>? OnAborted { get; init; }
}
