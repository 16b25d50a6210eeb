using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>The tasks of a deployment, as checkpoints see them. Called by one thread at a time; must not block or throw.</summary>
public interface ICheckpointTasks
{
    /// <summary>Sends a barrier from every source; each worker answers with its part, or declines.</summary>
    void Trigger(Barrier barrier);

    /// <summary>A checkpoint was committed: what only served earlier ones can be forgotten.</summary>
    void Confirm(long id);

    /// <summary>Nobody waits for a checkpoint any more. Its parts may still be sent, and are discarded.</summary>
    void Abort(long id);
}

/// <summary>Where manifests are kept. Thread-safe.</summary>
public interface IManifestStore
{
    /// <summary>
    /// Writes a manifest to <c>checkpoints/&lt;id&gt;-&lt;attempt&gt;/_metadata</c>, created if absent, the same bytes until the outcome is
    /// definite. Durable when it completes.
    /// </summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="meter">Counts what is asked of the store.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="Storage.StoreUnavailableException">The store refused for longer than it is retried.</exception>
    /// <exception cref="Storage.ObjectExistsException">There is another manifest of that name.</exception>
    ValueTask<SnapshotReference> WriteAsync(SnapshotManifest manifest, StoreMeter meter, CancellationToken cancellationToken);

    /// <summary>Reads a manifest and verifies its hash.</summary>
    /// <param name="snapshot">Which.</param>
    /// <param name="meter">Counts what is asked of the store.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SnapshotCorruptException">It is not what was written.</exception>
    /// <exception cref="Storage.ObjectMissingException">It is gone.</exception>
    ValueTask<SnapshotManifest> ReadAsync(SnapshotReference snapshot, StoreMeter meter, CancellationToken cancellationToken);
}

/// <summary>Commits transactions of sinks. Thread-safe.</summary>
public interface IOwedCommits
{
    /// <summary>Commits one. Idempotent. Transactions of one operator come one after the other, in the order they were prepared.</summary>
    ValueTask<CommitOutcome> CommitAsync(OwedTransaction transaction, CancellationToken cancellationToken);
}

/// <summary>Gathers savepoints. Thread-safe.</summary>
public interface ISavepointCopy
{
    /// <summary>Whether savepoints can be written there: asked before one is taken, so that a wrong folder costs nothing but the answer.</summary>
    /// <param name="target">The folder asked for; null for the job's own place.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is wrong, as a sentence; null when nothing is.</returns>
    ValueTask<string?> CheckAsync(string? target, CancellationToken cancellationToken);

    /// <summary>
    /// Copies a checkpoint with its packs into a folder of its own, <c>_metadata</c> last. Idempotent: after a crash it is called again
    /// with the same arguments.
    /// </summary>
    /// <param name="snapshot">The checkpoint, pinned meanwhile.</param>
    /// <param name="target">The folder asked for; null for the job's own place.</param>
    /// <param name="meter">Counts what is asked of both stores.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SavepointFailedException">The folder cannot be written, or the checkpoint not read.</exception>
    ValueTask<SavepointFolder> CopyAsync(SnapshotReference snapshot, string? target, StoreMeter meter, CancellationToken cancellationToken);
}

/// <summary>A checkpoint could not be gathered into a savepoint. It is kept, so that this can be tried again.</summary>
/// <param name="snapshot">The checkpoint.</param>
/// <param name="target">The folder.</param>
/// <param name="cause">Why not.</param>
public sealed class SavepointFailedException(SnapshotReference snapshot, string target, Exception cause)
    : Exception($"checkpoint {snapshot.Id} could not be gathered as a savepoint under {target}: {cause.Message}", cause);

/// <summary>A complete savepoint.</summary>
/// <param name="Address">Its folder.</param>
/// <param name="Sha256">The hash of its manifest.</param>
public sealed record SavepointFolder(string Address, string Sha256)
{
    /// <summary>Its folder as the ledger records it: relative to the storage, if it is in it.</summary>
    public string Recorded { get; init; } = Address;
}

/// <summary>What the manifests of a program say about it. Immutable.</summary>
/// <param name="Job">The name of the job.</param>
/// <param name="Engine">The version of the engine.</param>
/// <param name="Fingerprint">Tells programs with the same operators and states from others.</param>
/// <param name="Verbs">The verb of each operator with an id, for people.</param>
public sealed record ProgramDescription(string Job, string Engine, string Fingerprint, IReadOnlyDictionary<string, string> Verbs)
{
    /// <summary>What was dropped and renamed on this line of history, as it was said.</summary>
    public IReadOnlyList<string> Honoured { get; init; } = [];
}

/// <summary>What came of asking for a checkpoint. A closed set.</summary>
public abstract record CheckpointAnswer
{
    CheckpointAnswer() { }

    /// <summary>It was committed, and so was what sinks had prepared.</summary>
    /// <param name="Snapshot">Its manifest.</param>
    /// <param name="Savepoint">The savepoint's folder; null for a checkpoint.</param>
    public sealed record Taken(SnapshotReference Snapshot, SavepointFolder? Savepoint) : CheckpointAnswer;

    /// <summary>There is none.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record Refused(string Why) : CheckpointAnswer;
}

/// <summary>Checkpoints failed more often in a row than is tolerated, or one failed that cannot be repeated: the tasks must be restarted.</summary>
/// <param name="why">The last failure.</param>
public sealed class CheckpointFailedException(string why) : Exception(why);

/// <summary>A sink could not do what the leader asked of it, perhaps because what it writes to is away: it is asked again after a restart.</summary>
/// <param name="sink">The sink's id.</param>
/// <param name="what">What it could not do: a verb and its object.</param>
/// <param name="cause">Why not.</param>
public sealed class SinkFailedException(string sink, string what, Exception cause)
    : Exception($"sink '{sink}' could not {what}: {cause.GetType().Name}: {cause.Message}", cause);

/// <summary>A sink does not have what it prepared: somebody else undid it.</summary>
/// <param name="transaction">The transaction.</param>
public sealed class OwedTransactionMissingException(OwedTransaction transaction)
    : Exception($"sink {transaction.Operator} neither has nor had transaction {transaction.Id} ({transaction.Text}): its output since the checkpoint "
        + "before is lost. Somebody undid it at the sink. Start from an older snapshot to write it again, or drop the sink's state by name to go on without")
{
    /// <summary>The transaction.</summary>
    public OwedTransaction Transaction => transaction;
}
