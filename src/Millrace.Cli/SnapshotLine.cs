using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>A snapshot as the ledger knows it.</summary>
/// <param name="Id">The id of its checkpoint.</param>
/// <param name="Kept">Why it is there: <c>retained</c>, <c>pinned</c>, <c>savepoint</c>.</param>
/// <param name="TakenAt">When; null where the ledger does not say.</param>
/// <param name="Bytes">What was written for it; null where the ledger does not say.</param>
/// <param name="EventTime">Where event time stood; null for none.</param>
/// <param name="Address">Its folder.</param>
/// <param name="Note">What else there is to know.</param>
internal sealed record SnapshotLine(long Id, string Kept, DateTimeOffset? TakenAt, long? Bytes, string? EventTime, string Address, string Note)
{
    /// <summary>All snapshots of a job, oldest first.</summary>
    /// <param name="state">Its ledger.</param>
    /// <param name="root">The folder of the job.</param>
    public static IReadOnlyList<SnapshotLine> Of(LedgerState state, StoreAddress root)
    {
        List<SnapshotLine> lines = [];
        foreach (RetainedCheckpoint kept in state.Retained)
        {
            List<string> notes = [];
            if (kept == state.Latest) notes.Add("the newest");
            if (kept.IsDrained) notes.Add("drained");
            if (kept.IsFinal) notes.Add("final");
            notes.AddRange(kept.Positions.Select(static p => $"{p.Operator}: {p.Text}"));
            string? time = kept.Watermark.IsNone ? null : $"{kept.Watermark}";
            lines.Add(new(kept.Snapshot.Id, "retained", kept.TakenAt, kept.Bytes, time, FolderOf(root, kept.Snapshot), string.Join("; ", notes)));
        }

        lines.AddRange(state.Pins.Select(pin => new SnapshotLine(pin.Snapshot.Id, "pinned", null, null, null, FolderOf(root, pin.Snapshot), pin.Reason)));
        lines.AddRange(state.Savepoints.Select(static s => new SnapshotLine(s.Id, "savepoint", s.TakenAt, null, null, s.Address, $"timeline {s.Timeline[..Math.Min(8, s.Timeline.Length)]}")));
        return [.. lines.OrderBy(static l => l.Id).ThenBy(static l => l.Kept, StringComparer.Ordinal)];
    }

    static string FolderOf(StoreAddress root, SnapshotReference snapshot) => root.Combine(snapshot.Key[..snapshot.Key.LastIndexOf('/')]).ToString();
}
