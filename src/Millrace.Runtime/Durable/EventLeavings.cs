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
        SnapshotReference[] kept = [.. after.Kept], leaving = [.. before.Kept.Except(kept)];
        if (leaving.Length == 0) return [e];
        // Of one that leaves and cannot be read only the manifest goes; when one that is kept cannot be read, nothing is deleted.
        ManifestCache manifests = ManifestCache.Over(folder);
        await manifests.LoadAsync(before, cancellationToken).ConfigureAwait(false);
        await manifests.LoadAsync(after, cancellationToken).ConfigureAwait(false);
        return Retention.Keys(leaving, kept, manifests.Find) is { Count: > 0 } keys ? [e, new LedgerEvent.Doomed([], keys)] : [e];
    }
}
