using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// What a new line of history leaves behind: the newest checkpoint of the old one stays pinned, and so does what the new one begins with;
/// the others nobody could find again, so their files are doomed with the entry that leaves them.
/// </summary>
static class TimelineLeavings
{
    /// <summary>The events that follow the beginning of a line of history, in the same entry; none when nothing is left, or when it is not certain who needs it.</summary>
    public static async ValueTask<IReadOnlyList<LedgerEvent>> DoomAsync(
        IObjectStore folder, Ledger ledger, LedgerEvent.TimelineBegun begun, CancellationToken cancellationToken)
    {
        LedgerState before = ledger.State;
        LedgerEntry entry = new(ledger.Tip.Term, ledger.Tip.Sequence + 1, ledger.Tip.Sha256, ledger.Claim.Nonce, ledger.Claim.ClaimedAt, [begun]);
        LedgerState after = LedgerFold.Apply(before, entry);
        SnapshotReference[] kept = [.. after.Retained.Select(static r => r.Snapshot), .. after.Pins.Select(static p => p.Snapshot)];
        SnapshotReference[] leaving = [.. before.Retained.Select(static r => r.Snapshot).Except(kept)];
        if (leaving.Length == 0) return [];
        Dictionary<SnapshotReference, SnapshotManifest> manifests = [];
        foreach (SnapshotReference snapshot in kept.Concat(leaving).Distinct())
        {
            try
            {
                manifests[snapshot] = (await SnapshotReader.OpenAsync(folder, snapshot.Key, snapshot.Sha256, cancellationToken).ConfigureAwait(false)).Manifest;
            }
            catch (Exception damage) when (damage is SnapshotCorruptException or ObjectMissingException)
            {
                // Left out on purpose: of one that leaves only the manifest goes then, and for one that is kept nothing is deleted.
            }
        }

        return Retention.Keys(leaving, kept, manifests.GetValueOrDefault) is { Count: > 0 } keys ? [new LedgerEvent.Doomed([], keys)] : [];
    }
}
