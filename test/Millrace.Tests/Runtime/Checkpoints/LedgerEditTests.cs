using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>What people change by hand, decided by whoever leads.</summary>
public sealed class LedgerEditTests
{
    static readonly SnapshotReference s_older = Snapshot(1), s_newer = Snapshot(2);

    static readonly LedgerState s_state = LedgerFold.NewJob("orders") with
    {
        Phase = JobPhase.Running, Timeline = "t", Origin = new TimelineOrigin.Nothing(), Attempt = new(1, 1), NextCheckpoint = 3, Retained = [Kept(s_older), Kept(s_newer)],
    };

    /// <summary>Who asks by an id may be too late each time; who leads knows which one is the newest.</summary>
    [Fact]
    public void Newest_IsTheOneThatTheLedgerHasThen()
    {
        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = Decide(s_state, new LedgerEdit.Pin(LedgerEdit.Newest, "by hand"));
        Assert.Equal([new LedgerEvent.Pinned(s_newer, "by hand")], events);
        Assert.Equal(new(true, "checkpoint 2 is pinned"), outcome);
        Assert.Equal(new(false, "checkpoint 2 is not pinned"), Decide(s_state, new LedgerEdit.Unpin(LedgerEdit.Newest)).Outcome);
        Assert.StartsWith("the job goes on from checkpoint 2, ", Decide(s_state, new LedgerEdit.Dispose(LedgerEdit.Newest)).Outcome.Text, StringComparison.Ordinal);
        Assert.Equal(new(false, "the job keeps no checkpoint; it keeps none"), Decide(s_state with { Retained = [] }, new LedgerEdit.Pin(LedgerEdit.Newest, "by hand")).Outcome);
    }

    [Fact]
    public void Dispose_OfWhatIsPinned_IsRefusedWithTheReasons()
    {
        LedgerState state = s_state with { Phase = JobPhase.Stopped, Pins = [new(s_older, "audit"), new(s_older, "by hand")] };

        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = Decide(state, new LedgerEdit.Dispose(1));

        Assert.Empty(events);
        Assert.Equal(new(false, "checkpoint 1 is pinned (audit; by hand): unpin it first, and dispose of it then if it is retained still"), outcome);
    }

    static (IReadOnlyList<LedgerEvent> Events, LedgerEditOutcome Outcome) Decide(LedgerState state, LedgerEdit edit) => LedgerEdits.Decide(state, edit, static _ => null);

    static SnapshotReference Snapshot(long id) => new(id, new(1, 1), SnapshotKeys.Manifest(id, new(1, 1)), new string('0', 64));

    static RetainedCheckpoint Kept(SnapshotReference snapshot) => new(snapshot, SnapshotKind.Checkpoint, DateTimeOffset.UnixEpoch, Timestamp.None, 1, "t", false, false, false, []);
}
