using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>What a start asks for. A closed set; immutable.</summary>
public abstract record StartFrom
{
    StartFrom() { }

    /// <summary>Nothing was said: go on where the job was.</summary>
    public sealed record Unsaid : StartFrom
    {
        /// <inheritdoc/>
        public override string ToString() => "";
    }

    /// <summary>No state.</summary>
    public sealed record Fresh : StartFrom
    {
        /// <inheritdoc/>
        public override string ToString() => "fresh";
    }

    /// <summary>The job's newest checkpoint.</summary>
    public sealed record Latest : StartFrom
    {
        /// <inheritdoc/>
        public override string ToString() => "latest";
    }

    /// <summary>The job's newest savepoint.</summary>
    public sealed record LatestSavepoint : StartFrom
    {
        /// <inheritdoc/>
        public override string ToString() => "latest-savepoint";
    }

    /// <summary>A folder with a snapshot.</summary>
    /// <param name="Folder">A path or URL.</param>
    public sealed record Address(string Folder) : StartFrom
    {
        /// <inheritdoc/>
        public override string ToString() => Folder;
    }

    /// <summary>Reads the argument of <c>--from</c>; null and empty are <see cref="Unsaid"/>.</summary>
    public static StartFrom Parse(string? text) => text switch
    {
        null or "" => new Unsaid(),
        "fresh" => new Fresh(),
        "latest" => new Latest(),
        "latest-savepoint" => new LatestSavepoint(),
        _ => new Address(text),
    };
}

/// <summary>A start: what was asked for, and what the program has. Immutable.</summary>
public sealed record StartRequest
{
    /// <summary>Where to begin (<c>--from</c>). The default is to go on.</summary>
    public StartFrom From { get; init; } = new StartFrom.Unsaid();

    /// <summary>Whether a line of history that is not over may be left for it (<c>--rewind</c>).</summary>
    public bool IsRewind { get; init; }

    /// <summary>Whether sinks may get again what they committed (<c>--accept-duplicates</c>).</summary>
    public bool AcceptsDuplicates { get; init; }

    /// <summary>Whether the savepoint's folder is deleted after the first checkpoint (<c>--claim</c>).</summary>
    public bool IsClaim { get; init; }

    /// <summary>Operators whose state and owed transactions are dropped (<c>--drop-state</c>).</summary>
    public IReadOnlyList<string> Drops { get; init; } = [];

    /// <summary>The program's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The ids of the program's transactional sinks.</summary>
    public IReadOnlyList<string> Sinks { get; init; } = [];

    /// <summary>Retained checkpoints that were looked at and found damaged.</summary>
    public IReadOnlyCollection<SnapshotReference> Damaged { get; init; } = [];

    /// <summary>What is recorded, so that the same command line is honoured once.</summary>
    public StartToken Token => new(IsRewind ? $"{From} --rewind".TrimStart() : From.ToString()!, Fingerprint);
}

/// <summary>What a start does. A closed set; immutable.</summary>
public abstract record StartAction
{
    StartAction() { }

    /// <summary>A new line of history without state. What is owed on the old one is committed first.</summary>
    public sealed record Fresh : StartAction;

    /// <summary>Goes on on the same line of history.</summary>
    /// <param name="Checkpoint">From this checkpoint; null for what the line began with, when there is none yet.</param>
    /// <param name="Skipped">Newer ones that are damaged, to be said aloud.</param>
    /// <param name="Why">A sentence for the log.</param>
    public sealed record Resume(RetainedCheckpoint? Checkpoint, IReadOnlyList<RetainedCheckpoint> Skipped, string Why) : StartAction;

    /// <summary>A new line of history from a checkpoint of the job's own. What is owed on the old one is committed first.</summary>
    /// <param name="Checkpoint">The checkpoint.</param>
    /// <param name="Skipped">Newer ones that are damaged, to be said aloud.</param>
    public sealed record RestoreOwn(RetainedCheckpoint Checkpoint, IReadOnlyList<RetainedCheckpoint> Skipped) : StartAction;

    /// <summary>A new line of history from a snapshot elsewhere. What is owed on the old one is committed first.</summary>
    /// <param name="Address">Its folder.</param>
    /// <param name="Sha256">The hash its manifest must have; null when it is not known yet.</param>
    /// <param name="IsClaim">Whether the folder is deleted after the first checkpoint.</param>
    public sealed record RestoreFrom(string Address, string? Sha256, bool IsClaim) : StartAction;

    /// <summary>Finishes a stop that was begun, and ends.</summary>
    /// <param name="Step">What of it is left.</param>
    /// <param name="Stop">The stop.</param>
    /// <param name="ResumeFrom">How to go on, when the savepoint has still to be taken; null otherwise.</param>
    public sealed record FinishStop(StopStep Step, StopProgress Stop, Resume? ResumeFrom) : StartAction;

    /// <summary>The job has finished; there is nothing to do, which is a success.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record AlreadyFinished(string Why) : StartAction;

    /// <summary>Starts nothing.</summary>
    /// <param name="Why">Sentences that name the choices.</param>
    public sealed record Refuse(string Why) : StartAction;
}

/// <summary>What is left of a stop.</summary>
public enum StopStep
{
    /// <summary>Run the tasks, take the savepoint, and everything below.</summary>
    TakeSavepoint,

    /// <summary>Commit what is owed, gather the savepoint's folder, record.</summary>
    Gather,

    /// <summary>Commit what is owed, record.</summary>
    Settle,

    /// <summary>Record that the job has stopped.</summary>
    Record,
}
