namespace Millrace.State.Snapshots;

/// <summary>
/// Which packs hold mostly what no snapshot needs any more. A pack is deleted when no run of a retained snapshot is in it; so one small state that
/// never changes would keep, for ever, the pack it was once written to together with large ones that do. Pure.
/// </summary>
/// <param name="Age">
/// Checkpoints that must have been begun since, one or more. With at least as many as there are from one full run of a slice to the next, nothing that changes is
/// written more often because of wear; and what is stored is at most twice what is needed, besides the packs of that many checkpoints.
/// </param>
/// <param name="WasteBytesMin">Bytes that must be in vain before anything is written again for their sake; more than zero.</param>
public sealed record PackWear(int Age, long WasteBytesMin)
{
    /// <summary>What holds unless it is said otherwise: 84 checkpoints, the length of a round of deltas, and 64 KiB, since less is not worth a request.</summary>
    public static PackWear Default { get; } = new(DefaultAge, 64 << 10);

    internal const int DefaultAge = 84;

    /// <summary>
    /// The checkpoints whose packs are worn: written long ago, and less than half of their bytes are in runs of a snapshot. If whoever has a run of one of them
    /// writes it whole again, its packs can go.
    /// </summary>
    /// <param name="manifest">The newest snapshot.</param>
    /// <returns>Their ids, oldest first.</returns>
    public IReadOnlyList<long> Find(SnapshotManifest manifest)
    {
        var written = new Dictionary<long, (long Live, HashSet<int> Packs)>();
        foreach (RunEntry run in manifest.Operators.SelectMany(static o => o.States).SelectMany(static s => s.Runs))
        {
            if (manifest.Id - run.Snapshot < Age) continue;
            (long live, HashSet<int> packs) = written.GetValueOrDefault(run.Snapshot, (0, []));
            packs.Add(run.Pack);
            written[run.Snapshot] = (live + run.Bytes, packs);
        }

        return [.. written.Where(w => IsWorn(w.Value.Live, w.Value.Packs.Sum(p => manifest.Packs[p].FooterOffset))).Select(static w => w.Key).Order()];
    }

    bool IsWorn(long live, long bytes) => bytes - live >= Math.Max(WasteBytesMin, live + 1);
}
