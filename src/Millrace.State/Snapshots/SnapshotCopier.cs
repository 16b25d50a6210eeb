using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>Gathers snapshots: a copy has all its files in one folder and needs no other.</summary>
public static class SnapshotCopier
{
    /// <summary>
    /// Copies a snapshot into a folder, as a savepoint: packs first, verified on the way, and <c>_metadata</c> last, so that there is a whole
    /// copy or none. May be repeated after a failure: files that are there already are kept when they are the right ones.
    /// </summary>
    /// <param name="snapshot">What to copy.</param>
    /// <param name="target">Where to; borrowed.</param>
    /// <param name="folder">The folder in the target, without a slash at the end; empty for its root.</param>
    /// <param name="progress">Told of every block; may be null.</param>
    /// <param name="cancellationToken">After cancellation files may be left in the folder, without <c>_metadata</c>.</param>
    /// <returns>The copy: key and hash of its manifest.</returns>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged; there is no copy.</exception>
    /// <exception cref="ObjectExistsException">The folder has another snapshot, or a file of another content under a name that is needed.</exception>
    /// <exception cref="StoreUnavailableException">A store refused for longer than it is retried.</exception>
    public static async ValueTask<SnapshotReference> CopyAsync(
        SnapshotReader snapshot, IObjectStore target, string folder, IProgress<SnapshotProgress>? progress, CancellationToken cancellationToken)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        string key = prefix + SnapshotKeys.ManifestName;
        if (!SnapshotKeys.IsKey(key)) throw new ArgumentException($"'{folder}' cannot be a folder: use parts of letters, digits and . _ - between slashes.", nameof(folder));
        SnapshotManifest copy = snapshot.Manifest with { Kind = SnapshotKind.Savepoint, Parent = null };
        byte[] manifest = ManifestJson.Write(copy);
        await RefuseOtherAsync(target, key, manifest, cancellationToken).ConfigureAwait(false);

        long total = copy.Packs.Sum(static p => p.Length), done = 0;
        void Report(long bytes) => progress?.Report(new SnapshotProgress(done += bytes, total));
        foreach (PackEntry pack in copy.Packs)
        {
            if (await IsThereAsync(target, prefix, pack, cancellationToken).ConfigureAwait(false)) Report(pack.Length);
            else await CopyPackAsync(snapshot, pack, target, prefix, Report, cancellationToken).ConfigureAwait(false);
        }

        await PublishAsync(target, key, manifest, cancellationToken).ConfigureAwait(false);
        return new SnapshotReference(copy.Id, copy.Attempt, key, ManifestJson.Sha256(manifest));
    }

    static async ValueTask CopyPackAsync(
        SnapshotReader snapshot, PackEntry pack, IObjectStore target, string prefix, Action<long> report, CancellationToken cancellationToken)
    {
        PackUpload upload = new(await target.BeginUploadAsync(prefix + pack.Key, cancellationToken).ConfigureAwait(false));
        await using (upload.ConfigureAwait(false))
        {
            PackScan scan = new(snapshot.Store, snapshot.Base, report);
            await scan.RunAsync(pack, bytes => upload.AppendAsync(bytes, cancellationToken), readRows: false, cancellationToken).ConfigureAwait(false);
            await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // The names of packs are never used twice, so a file of the name is an earlier copy; a damaged one is found out here or by VerifyAsync.
    static async ValueTask<bool> IsThereAsync(IObjectStore target, string prefix, PackEntry pack, CancellationToken cancellationToken)
    {
        long? length = await target.TryGetLengthAsync(prefix + pack.Key, cancellationToken).ConfigureAwait(false);
        if (length is null) return false;
        try
        {
            await new PackScan(target, prefix, null).RunAsync(pack, null, readRows: false, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SnapshotCorruptException)
        {
            throw new ObjectExistsException(target.Address, prefix + pack.Key);
        }
    }

    static async ValueTask RefuseOtherAsync(IObjectStore target, string key, byte[] manifest, CancellationToken cancellationToken)
    {
        byte[]? there = await target.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        if (there is not null && !there.AsSpan().SequenceEqual(manifest)) throw new ObjectExistsException(target.Address, key);
    }

    static async ValueTask PublishAsync(IObjectStore target, string key, byte[] manifest, CancellationToken cancellationToken)
    {
        CreateOutcome outcome = await target.CreateAsync(key, manifest, cancellationToken).ConfigureAwait(false);
        if (outcome == CreateOutcome.Created) return;
        byte[]? there = await target.TryGetAsync(key, cancellationToken).ConfigureAwait(false);
        if (there is null) throw new StoreUnavailableException(target.Address, $"creating {key}", "it did not say whether the object was created; try again");
        if (!there.AsSpan().SequenceEqual(manifest)) throw new ObjectExistsException(target.Address, key);
    }
}
