using System.Collections.Concurrent;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>The manifests of what is retained and pinned, read once each. Thread-safe.</summary>
/// <param name="read">Reads one.</param>
sealed class ManifestCache(Func<SnapshotReference, StoreMeter, CancellationToken, ValueTask<SnapshotManifest>> read)
{
    readonly ConcurrentDictionary<SnapshotReference, SnapshotManifest?> _manifests = [];

    /// <summary>Those in the folder of a job.</summary>
    public static ManifestCache Over(IObjectStore folder) => new(async (snapshot, meter, cancellationToken) =>
        (await SnapshotReader.OpenAsync(folder.Metered(meter), snapshot.Key, snapshot.Sha256, cancellationToken).ConfigureAwait(false)).Manifest);

    /// <summary>The manifest; null when it cannot be read, or was not loaded.</summary>
    public SnapshotManifest? Find(SnapshotReference snapshot) => _manifests.GetValueOrDefault(snapshot);

    /// <summary>Whether all that a ledger keeps was loaded, readable or not.</summary>
    public bool HasAll(LedgerState state) => state.Kept.All(_manifests.ContainsKey);

    public void Add(SnapshotReference snapshot, SnapshotManifest manifest) => _manifests[snapshot] = manifest;

    /// <summary>As the other overload, where nobody counts.</summary>
    public ValueTask LoadAsync(LedgerState state, CancellationToken cancellationToken) => LoadAsync(state, new StoreMeter(), cancellationToken);

    /// <summary>Loads what is named and not loaded. One that is damaged is remembered as unreadable.</summary>
    public async ValueTask LoadAsync(LedgerState state, StoreMeter meter, CancellationToken cancellationToken)
    {
        foreach (SnapshotReference snapshot in state.Kept.Where(snapshot => !_manifests.ContainsKey(snapshot)))
        {
            try
            {
                _manifests[snapshot] = await read(snapshot, meter, cancellationToken);
            }
            catch (Exception e) when (e is SnapshotCorruptException or ObjectMissingException)
            {
                // Nothing is deleted that it may name; whoever starts from it is told what is wrong with it.
                _manifests[snapshot] = null;
            }
        }
    }

    /// <summary>Forgets what is neither retained nor pinned. By the writer of checkpoints alone, when none of its own is on the way.</summary>
    public void Trim(LedgerState state)
    {
        HashSet<SnapshotReference> named = [.. state.Kept];
        foreach (SnapshotReference snapshot in _manifests.Keys.Where(snapshot => !named.Contains(snapshot))) _manifests.TryRemove(snapshot, out _);
    }
}
