using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>How far a long reading of a snapshot has come.</summary>
/// <param name="DoneBytes">Bytes read.</param>
/// <param name="TotalBytes">Bytes of all files that are read.</param>
public readonly record struct SnapshotProgress(long DoneBytes, long TotalBytes);

/// <summary>Something that is wrong with a snapshot.</summary>
/// <param name="Key">The file, in the store.</param>
/// <param name="What">A sentence, with operator and state where they are known.</param>
public sealed record SnapshotProblem(string Key, string What);

/// <summary>Reads all of a snapshot and says everything that is wrong with it.</summary>
public static class SnapshotVerifier
{
    /// <summary>Verifies every file: length, footer, every block, every row, and that each run is the one the manifest names.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="progress">Told of every block; may be null.</param>
    /// <param name="listing">
    /// Lists the folder of a savepoint for files that do not belong to it; null, or any checkpoint, whose folder is shared, lists nothing.
    /// </param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is wrong; empty when all is well.</returns>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public static async ValueTask<IReadOnlyList<SnapshotProblem>> VerifyAsync(
        SnapshotReader snapshot, IProgress<SnapshotProgress>? progress, IListableStore? listing, CancellationToken cancellationToken)
    {
        List<SnapshotProblem> problems = [];
        long total = snapshot.Manifest.Packs.Sum(static p => p.Length), done = 0;
        PackScan scan = new(snapshot.Store, snapshot.Base, bytes => progress?.Report(new SnapshotProgress(done += bytes, total)));
        for (int i = 0; i < snapshot.Manifest.Packs.Count; i++)
        {
            string key = snapshot.Base + snapshot.Manifest.Packs[i].Key;
            try
            {
                PackReader pack = await scan.RunAsync(snapshot.Manifest.Packs[i], null, readRows: true, cancellationToken).ConfigureAwait(false);
                problems.AddRange(Strangers(snapshot.Manifest, pack, i).Select(e => new SnapshotProblem(key, e.What)));
            }
            catch (Exception e) when (e is SnapshotCorruptException or NewerFormatException)
            {
                string what = e is SnapshotCorruptException damage ? damage.What : e.Message;
                problems.Add(new SnapshotProblem(key, $"{what}; needed for {NeededFor(snapshot.Manifest, i)}"));
            }
        }

        if (listing is not null && snapshot.Manifest.Kind == SnapshotKind.Savepoint)
        {
            problems.AddRange(await ExtraFilesAsync(snapshot, listing, cancellationToken).ConfigureAwait(false));
        }

        return problems;
    }

    static IEnumerable<SnapshotCorruptException> Strangers(SnapshotManifest manifest, PackReader pack, int position)
    {
        foreach ((OperatorEntry owner, StateEntry state, RunEntry run) in RunsIn(manifest, position))
        {
            SnapshotCorruptException? wrong = null;
            try
            {
                pack.Check(owner.Id, state.Schema, run);
            }
            catch (SnapshotCorruptException e)
            {
                wrong = e;
            }

            if (wrong is not null) yield return wrong;
        }
    }

    static string NeededFor(SnapshotManifest manifest, int position) => string.Join(", ", RunsIn(manifest, position)
        .Select(static r => $"state '{r.State.Schema.Name}' of operator '{r.Owner.Id}'").Distinct(StringComparer.Ordinal));

    static IEnumerable<(OperatorEntry Owner, StateEntry State, RunEntry Run)> RunsIn(SnapshotManifest manifest, int position) =>
        from owner in manifest.Operators
        from state in owner.States
        from run in state.Runs
        where run.Pack == position
        select (owner, state, run);

    static async ValueTask<List<SnapshotProblem>> ExtraFilesAsync(SnapshotReader snapshot, IListableStore listing, CancellationToken cancellationToken)
    {
        HashSet<string> own = [snapshot.Key, snapshot.Base + SnapshotKeys.ClaimMarker, .. snapshot.Manifest.Packs.Select(p => snapshot.Base + p.Key)];
        List<SnapshotProblem> extra = [];
        await foreach (StoredObject file in listing.ListAsync(snapshot.Base, cancellationToken).ConfigureAwait(false))
        {
            if (!own.Contains(file.Key)) extra.Add(new SnapshotProblem(file.Key, $"{file.Key} is in the folder of the savepoint and does not belong to it"));
        }

        return extra;
    }
}
