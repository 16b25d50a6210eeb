using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>What leaves retention, and which objects nobody needs any more then. Pure.</summary>
public static class Retention
{
    /// <summary>Decides after a commit.</summary>
    /// <param name="retained">The checkpoints to go on from, the new one last.</param>
    /// <param name="pins">Kept whatever comes.</param>
    /// <param name="parents">Ids of checkpoints that are parents of some that are under way: their packs may be named again.</param>
    /// <param name="max">How many to keep; zero for none, when a job ends that keeps nothing.</param>
    /// <param name="manifests">Those of all retained and pinned snapshots; null where it cannot be read.</param>
    /// <returns>What is doomed; null for nothing.</returns>
    public static LedgerEvent.Doomed? Plan(
        IReadOnlyList<SnapshotReference> retained, IReadOnlyList<SnapshotPin> pins, IReadOnlyCollection<long> parents, int max,
        Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        SnapshotReference[] leaving = [.. retained.Take(Math.Max(0, retained.Count - max)).Where(r => !parents.Contains(r.Id))];
        if (leaving.Length == 0) return null;
        SnapshotReference[] kept = [.. retained.Except(leaving), .. pins.Select(pin => pin.Snapshot)];
        return Keys(leaving, kept, manifests) is { } keys ? new LedgerEvent.Doomed(leaving, keys) : null;
    }

    /// <summary>The objects that only the leaving snapshots name; null when that cannot be known, because one that is kept cannot be read.</summary>
    public static IReadOnlyList<string>? Keys(
        IReadOnlyList<SnapshotReference> leaving, IReadOnlyList<SnapshotReference> kept, Func<SnapshotReference, SnapshotManifest?> manifests)
    {
        HashSet<string> needed = new(StringComparer.Ordinal);
        foreach (SnapshotReference snapshot in kept)
        {
            if (manifests(snapshot) is not { } manifest) return null;
            needed.Add(snapshot.Key);
            needed.UnionWith(manifest.Packs.Select(pack => pack.Key));
        }

        SortedSet<string> keys = new(StringComparer.Ordinal);
        foreach (SnapshotReference snapshot in leaving)
        {
            // Of one that cannot be read only the manifest goes; what it named is found by the offline collection.
            keys.Add(snapshot.Key);
            if (manifests(snapshot) is { } manifest) keys.UnionWith(manifest.Packs.Select(pack => pack.Key));
        }

        keys.ExceptWith(needed);
        return [.. keys.Where(LedgerKeys.IsDisposable)];
    }
}
