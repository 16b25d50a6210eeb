using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>The manifests of a job, in its folder. Thread-safe.</summary>
/// <param name="store">The folder of the job.</param>
/// <param name="retry">How long requests without answer are repeated.</param>
sealed class ManifestStore(IObjectStore store, StoreRetry retry) : IManifestStore
{
    public async ValueTask<SnapshotReference> WriteAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        string key = SnapshotKeys.Manifest(manifest.Id, manifest.Attempt);
        byte[] bytes = ManifestJson.Write(manifest);
        PublishOutcome outcome = await store.PublishAsync(key, bytes, retry, cancellationToken).ConfigureAwait(false);
        if (outcome is not PublishOutcome.Ours) throw new ObjectExistsException(store.Address, key);
        return new(manifest.Id, manifest.Attempt, key, ManifestJson.Sha256(bytes));
    }

    public ValueTask<SnapshotManifest> ReadAsync(SnapshotReference snapshot, CancellationToken cancellationToken) =>
        ReadAsync(store, snapshot.Key, snapshot.Sha256, cancellationToken);

    /// <summary>Reads a manifest anywhere, verified where its hash is known.</summary>
    public static async ValueTask<SnapshotManifest> ReadAsync(IObjectStore store, string key, string? sha256, CancellationToken cancellationToken)
    {
        byte[] bytes = await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ObjectMissingException(store.Address, key, "does not exist");
        if (sha256 is not null && ManifestJson.Sha256(bytes) != sha256)
            throw new SnapshotCorruptException(key, "its hash is not the one that was recorded when it was written");
        return ManifestJson.Read(bytes, key);
    }
}
