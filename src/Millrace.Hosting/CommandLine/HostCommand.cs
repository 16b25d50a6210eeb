using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Hosting;

/// <summary>What the command line asks of the host, and what it leaves to the job.</summary>
internal sealed record HostCommand
{
    public HostVerb Verb { get; init; }

    public int Parallelism { get; init; } = Environment.ProcessorCount;

    public int Threads { get; init; } = Environment.ProcessorCount;

    public bool IsChaining { get; init; } = true;

    /// <summary>Null to run the job.</summary>
    public PlanFormat? Explain { get; init; }

    public bool IsHelp { get; init; }

    public bool IsQuiet { get; init; }

    public bool HasProgress { get; init; } = true;

    /// <summary>Where the state is; null for a job that keeps none.</summary>
    public StorageCommand? Storage { get; init; }

    /// <summary>The folder of the savepoint that a verb asks for, as an address; null for the job's own place.</summary>
    public string? Target { get; init; }

    /// <summary>The file of the schema lock; null for the job's own.</summary>
    public string? Lock { get; init; }

    /// <summary>Whether a stop fires all windows and event timers first.</summary>
    public bool IsDrain { get; init; }

    /// <summary>Whether a savepoint is taken before the job is cancelled.</summary>
    public bool IsCancelWithSavepoint { get; init; }

    /// <summary>The words that are not the engine's, in their order.</summary>
    public IReadOnlyList<string> JobWords { get; init; } = [];
}

/// <summary>Where the state of the job is, and what a start of it asks for.</summary>
internal sealed record StorageCommand
{
    public required StoreAddress Address { get; init; }

    /// <summary>Under which savepoints get folders.</summary>
    public required StoreAddress Savepoints { get; init; }

    public CheckpointOptions Checkpoints { get; init; } = new();

    public RestartPolicy Restart { get; init; } = RestartPolicy.Default;

    public StartFrom From { get; init; } = new StartFrom.Unsaid();

    public bool IsRewind { get; init; }

    public bool IsClaim { get; init; }

    public bool AcceptsDuplicates { get; init; }

    public bool AcceptsDrained { get; init; }

    public IReadOnlyList<string> Drops { get; init; } = [];

    public IReadOnlyList<string> InFlightDrops { get; init; } = [];

    public IReadOnlyList<StateRename> Renames { get; init; } = [];

    public bool IsStandby { get; init; }

    /// <summary>How packs are compressed; null for as the storage is.</summary>
    public SnapshotCompression? Compression { get; init; }

    /// <summary>Whether a line is printed for every checkpoint.</summary>
    public bool LogsCheckpoints { get; init; }

    /// <summary>How long a leader that cannot be asked must have written nothing to be taken for gone.</summary>
    public TimeSpan TakeoverAfter { get; init; } = TimeSpan.FromSeconds(30);
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
