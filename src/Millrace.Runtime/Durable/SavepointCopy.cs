using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>Gathers checkpoints of a job into folders of their own: <c>&lt;asked for&gt;/&lt;job&gt;-&lt;id&gt;-&lt;attempt&gt;/</c>. Thread-safe.</summary>
/// <param name="folder">The folder of the job.</param>
/// <param name="options">How to open other folders.</param>
/// <param name="nonces">Names what a check leaves behind if it is cut off.</param>
sealed class SavepointCopy(IObjectStore folder, DurableOptions options, NonceSource nonces) : ISavepointCopy
{
    public async ValueTask<string?> CheckAsync(string? target, CancellationToken cancellationToken)
    {
        string root = RootOf(target);
        try
        {
            IObjectStore store = await options.OpenStore(root, cancellationToken).ConfigureAwait(false);
            await using (store.ConfigureAwait(false))
            {
                string key = $"check-{nonces.NextName()}";
                await store.PutAsync(key, "written by Millrace to see whether a savepoint can be; may be deleted\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
                await TryDeleteAsync(store, key, cancellationToken).ConfigureAwait(false);
                return null;
            }
        }
        catch (Exception wrong) when (wrong is StoreUnavailableException or FormatException)
        {
            return $"no savepoint can be written under {root}: {wrong.Message}";
        }
    }

    string RootOf(string? target) => target is null ? options.SavepointRoot : RecordedAddress.Resolve(target, options.StorageRoot);

    // A place where nothing may be deleted is good enough for savepoints.
    static async Task TryDeleteAsync(IObjectStore store, string key, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(key, cancellationToken).ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            // A few bytes stay behind, and say what they are.
        }
    }

    public async ValueTask<SavepointFolder> CopyAsync(SnapshotReference snapshot, string? target, StoreMeter meter, CancellationToken cancellationToken)
    {
        string root = RootOf(target);
        try
        {
            SnapshotReader reader = await SnapshotReader.OpenAsync(folder.Metered(meter), snapshot.Key, snapshot.Sha256, cancellationToken).ConfigureAwait(false);
            string name = SnapshotKeys.SavepointFolder(reader.Manifest.Job, snapshot.Id, snapshot.Attempt);
            IObjectStore store = await options.OpenStore(root, cancellationToken).ConfigureAwait(false);
            await using (store.ConfigureAwait(false))
            {
                SnapshotReference copy = await SnapshotCopier.CopyAsync(reader, store.Metered(meter), name, null, cancellationToken).ConfigureAwait(false);
                string address = SnapshotFinder.Combine(root, name);
                return new(address, copy.Sha256) { Recorded = RecordedAddress.Of(address, options.StorageRoot) };
            }
        }
        catch (Exception wrong) when (wrong is StoreUnavailableException or FormatException or ObjectExistsException or SnapshotCorruptException or ObjectMissingException)
        {
            throw new SavepointFailedException(snapshot, root, wrong);
        }
    }
}
