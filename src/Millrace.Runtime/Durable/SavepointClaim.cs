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
        await RequireAsync(from, cancellationToken).ConfigureAwait(false);
        if (await from.OwnedStore!.PublishAsync(SnapshotKeys.ClaimMarker, Marker, retry, cancellationToken).ConfigureAwait(false) is PublishOutcome.Theirs theirs) throw Claimed(theirs.Content);
    }

    /// <summary>Refuses what cannot be claimed, and changes nothing: for plans, and for starts before anybody is overtaken.</summary>
    /// <exception cref="StartRefusedException">It is a checkpoint, or another job has claimed it.</exception>
    public async ValueTask RequireAsync(RestorePoint from, CancellationToken cancellationToken)
    {
        if (from.Manifest.Kind != SnapshotKind.Savepoint)
            throw new StartRefusedException($"only a savepoint can be claimed: checkpoint {from.Manifest.Id} belongs to job {from.Manifest.Job}, which took it and deletes it. Leave out --claim");
        byte[]? marker = await from.OwnedStore!.TryGetAsync(SnapshotKeys.ClaimMarker, cancellationToken).ConfigureAwait(false);
        if (marker is not null && !marker.AsSpan().SequenceEqual(Marker)) throw Claimed(marker);
    }

    byte[] Marker => JsonSerializer.SerializeToUtf8Bytes(new { about = "This savepoint is deleted once the job that claimed it has a checkpoint of its own.", job, store = root });

    static StartRefusedException Claimed(ReadOnlySpan<byte> marker) =>
        new($"the savepoint is claimed already: {System.Text.Encoding.UTF8.GetString(marker)}. Start without --claim, or from another one");

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
