using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>The manifests of a job, in its folder. Thread-safe.</summary>
/// <param name="store">The folder of the job.</param>
/// <param name="retry">How long requests without answer are repeated.</param>
sealed class ManifestStore(IObjectStore store, StoreRetry retry) : IManifestStore
{
    public async ValueTask<SnapshotReference> WriteAsync(SnapshotManifest manifest, StoreMeter meter, CancellationToken cancellationToken)
    {
        string key = SnapshotKeys.Manifest(manifest.Id, manifest.Attempt);
        byte[] bytes = ManifestJson.Write(manifest);
        PublishOutcome outcome = await store.Metered(meter).PublishAsync(key, bytes, retry, cancellationToken).ConfigureAwait(false);
        if (outcome is not PublishOutcome.Ours) throw new ObjectExistsException(store.Address, key);
        return new(manifest.Id, manifest.Attempt, key, ManifestJson.Sha256(bytes));
    }

    public async ValueTask<SnapshotManifest> ReadAsync(SnapshotReference snapshot, StoreMeter meter, CancellationToken cancellationToken) =>
        (await SnapshotReader.OpenAsync(store.Metered(meter), snapshot.Key, snapshot.Sha256, cancellationToken).ConfigureAwait(false)).Manifest;
}
