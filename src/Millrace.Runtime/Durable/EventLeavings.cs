using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>
/// What an event leaves behind that nobody could find again: the checkpoints of a line of history that is left, of which the newest stays
/// pinned; one that was pinned for a savepoint and had left retention meanwhile. Their files are doomed with the entry of the event.
/// </summary>
static class EventLeavings
{
    /// <summary>The event, and what follows it in the same entry when something is left and it is certain who needs it.</summary>
    public static async ValueTask<IReadOnlyList<LedgerEvent>> WithDoomedAsync(IObjectStore folder, Ledger ledger, LedgerEvent e, CancellationToken cancellationToken)
    {
        LedgerState before = ledger.State;
        LedgerEntry entry = new(ledger.Tip.Term, ledger.Tip.Sequence + 1, ledger.Tip.Sha256, ledger.Claim.Nonce, ledger.Claim.ClaimedAt, [e]);
        LedgerState after = LedgerFold.Apply(before, entry);
        SnapshotReference[] kept = Kept(after), leaving = [.. Kept(before).Except(kept)];
        if (leaving.Length == 0) return [e];
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

        return Retention.Keys(leaving, kept, manifests.GetValueOrDefault) is { Count: > 0 } keys ? [e, new LedgerEvent.Doomed([], keys)] : [e];
    }

    static SnapshotReference[] Kept(LedgerState state) => [.. state.Retained.Select(static r => r.Snapshot), .. state.Pins.Select(static p => p.Snapshot)];
}
