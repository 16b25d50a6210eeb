using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>Opens snapshots by name or address. Never lists.</summary>
/// <param name="folder">The folder of the job.</param>
/// <param name="options">How to open other folders.</param>
sealed class SnapshotFinder(IObjectStore folder, DurableOptions options)
{
    /// <summary>A checkpoint of the job's own.</summary>
    /// <exception cref="ObjectMissingException">It is gone.</exception>
    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    public async ValueTask<RestorePoint> OpenAsync(SnapshotReference own, CancellationToken cancellationToken) =>
        new(await SnapshotReader.OpenAsync(folder, own.Key, own.Sha256, cancellationToken).ConfigureAwait(false), own, "", null);

    /// <summary>A snapshot in any folder: a savepoint's, or that of a checkpoint, whose packs are found from the root of its job.</summary>
    /// <param name="address">The folder, or the <c>_metadata</c> in it.</param>
    /// <param name="sha256">The hash it must have; null when it is not known.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StartRefusedException">There is no snapshot.</exception>
    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    public async ValueTask<RestorePoint> OpenAsync(string address, string? sha256, CancellationToken cancellationToken) =>
        await TryOpenAsync(address, sha256, cancellationToken).ConfigureAwait(false)
        ?? throw new StartRefusedException($"there is no snapshot at {address}: {SnapshotKeys.ManifestName} does not exist there; give the folder that holds it");

    /// <summary>As <see cref="OpenAsync(string, string?, CancellationToken)"/>; null when there is no snapshot.</summary>
    public async ValueTask<RestorePoint?> TryOpenAsync(string address, string? sha256, CancellationToken cancellationToken)
    {
        (string root, string key) = SnapshotKeys.Locate(address);
        IObjectStore store = await options.OpenStore(root, cancellationToken).ConfigureAwait(false);
        try
        {
            return new(await SnapshotReader.OpenAsync(store, key, sha256, cancellationToken).ConfigureAwait(false), null, address, store);
        }
        catch (ObjectMissingException)
        {
            await store.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch
        {
            await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Whether a failure says that a snapshot is there and cannot be read, or that its address is none.</summary>
    public static bool IsUnreadable(Exception failure) => failure is SnapshotCorruptException or NewerFormatException or ObjectMissingException or FormatException;

    /// <summary>Why there is no start from a snapshot, and what can be done.</summary>
    /// <param name="address">Its folder.</param>
    /// <param name="failure">What was found.</param>
    public static string Refusal(string address, Exception failure) => $"{address} cannot be read: {failure.Message}" + (failure is SnapshotCorruptException or ObjectMissingException
        ? $". Bring the file back from a copy, or start from another one, as 'millrace snapshots ls' shows them; 'millrace snapshots verify {address}' says everything that is wrong with this one" : "");

    /// <summary>The address of a folder within another, options kept.</summary>
    public static string Combine(string address, string name)
    {
        (string path, string query) = Split(address);
        return $"{path}/{name}{query}";
    }

    static (string Path, string Query) Split(string address)
    {
        int query = address.IndexOf('?', StringComparison.Ordinal);
        return ((query < 0 ? address : address[..query]).TrimEnd('/'), query < 0 ? "" : address[query..]);
    }
}
