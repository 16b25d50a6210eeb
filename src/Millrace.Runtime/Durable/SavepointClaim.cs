using System.Text.Json;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// The claim of a job to a savepoint's folder: a marker that refuses a second claimer, and the deletion of the folder once a checkpoint
/// of the job's own has taken its place. Thread-safe.
/// </summary>
/// <param name="job">The name of the job.</param>
/// <param name="root">The address of the job's store: the same job in another store is another claimer.</param>
/// <param name="finder">Opens snapshots.</param>
/// <param name="retry">How long requests without answer are repeated.</param>
sealed class SavepointClaim(string job, string root, SnapshotFinder finder, StoreRetry retry)
{
    /// <summary>Marks the folder as the job's. Idempotent.</summary>
    /// <exception cref="StartRefusedException">It is a checkpoint, or another job has claimed it.</exception>
    public async ValueTask TakeAsync(RestorePoint from, CancellationToken cancellationToken)
    {
        Require(from);
        byte[] marker = JsonSerializer.SerializeToUtf8Bytes(new { about = "This savepoint is deleted once the job that claimed it has a checkpoint of its own.", job, store = root });
        if (await from.OwnedStore!.PublishAsync(SnapshotKeys.ClaimMarker, marker, retry, cancellationToken).ConfigureAwait(false) is PublishOutcome.Theirs theirs)
            throw new StartRefusedException($"the savepoint is claimed already: {System.Text.Encoding.UTF8.GetString(theirs.Content)}. Start without --claim, or from another one");
    }

    /// <summary>Refuses what cannot be claimed.</summary>
    /// <exception cref="StartRefusedException">It is a checkpoint.</exception>
    public static void Require(RestorePoint from)
    {
        if (from.Manifest.Kind != SnapshotKind.Savepoint)
            throw new StartRefusedException($"only a savepoint can be claimed: checkpoint {from.Manifest.Id} belongs to job {from.Manifest.Job}, which took it and deletes it. Leave out --claim");
    }

    /// <summary>Deletes the folder's files, by name, if the line of history began with a claimed one. The manifest goes first: without it nothing is there.</summary>
    /// <returns>How many files were deleted; zero when there was nothing to delete any more.</returns>
    public async ValueTask<int> ReleaseAsync(LedgerState state, CancellationToken cancellationToken)
    {
        if (state.Origin is not TimelineOrigin.Folder { IsClaimed: true } origin || state.Latest is null) return 0;
        RestorePoint? claimed = await finder.TryOpenAsync(origin.Address, origin.Sha256, cancellationToken).ConfigureAwait(false);
        if (claimed is null) return 0;
        await using (claimed.ConfigureAwait(false))
        {
            string[] files = [SnapshotKeys.ManifestName, .. claimed.Manifest.Packs.Select(static p => p.Key), SnapshotKeys.ClaimMarker];
            foreach (string file in files) await claimed.OwnedStore!.DeleteAsync(file, cancellationToken).ConfigureAwait(false);
            return files.Length;
        }
    }
}
