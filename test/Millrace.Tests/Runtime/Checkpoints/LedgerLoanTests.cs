using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>What a ledger makes of checkpoints that other jobs read.</summary>
public sealed class LedgerLoanTests
{
    static readonly DateTimeOffset s_noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly SnapshotReference s_older = Snapshot(1), s_newer = Snapshot(2);

    static readonly LedgerState s_state = LedgerFold.NewJob("orders") with
    {
        Phase = JobPhase.Running, Timeline = "t", Origin = new TimelineOrigin.Nothing(), Attempt = new(1, 1), NextCheckpoint = 3, Retained = [Kept(s_older), Kept(s_newer)],
    };

    [Fact]
    public void Borrow_Repeated_PinsOnce()
    {
        LedgerState pinned = Edit(s_state, new LedgerEdit.Borrow(1, "read by fork", "one"));
        Assert.Equal([new SnapshotPin(s_older, "read by fork", null, "one")], pinned.Pins);
        Assert.Equal(pinned.Pins, Edit(pinned, new LedgerEdit.Borrow(1, "read by fork", "one")).Pins);
        Assert.Equal(2, Edit(pinned, new LedgerEdit.Borrow(1, "read by another", "two")).Pins.Count);
    }

    [Fact]
    public void Borrow_CheckpointThatIsNotKept_IsRefused()
    {
        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = LedgerEdits.Decide(s_state, new LedgerEdit.Borrow(7, "read by fork", "one"), static _ => null);
        Assert.Empty(events);
        Assert.Equal((false, "the job keeps no checkpoint 7; it keeps 1, 2"), (outcome.IsDone, outcome.Text));
    }

    [Fact]
    public void Return_OfOneOfSeveralPins_LeavesTheOthers()
    {
        LedgerState state = s_state with { Retained = [Kept(s_newer)], Pins = [new(s_older, "by hand"), new(s_older, "read", null, "one"), new(s_older, "read", null, "two")] };
        LedgerState returned = Edit(state, new LedgerEdit.Return(1, "one"));
        Assert.Equal([state.Pins[0], state.Pins[2]], returned.Pins);
        Assert.Empty(returned.Doomed);
    }

    [Fact]
    public void Return_OfTheLastPin_DoomsWhatNothingElseKeeps()
    {
        LedgerState state = s_state with { Retained = [Kept(s_newer)], Pins = [new(s_older, "read", null, "one")] };
        LedgerState returned = Edit(state, new LedgerEdit.Return(1, "one"));
        Assert.Empty(returned.Pins);
        Assert.Contains(s_older.Key, returned.Doomed);
        // It was returned, or never borrowed: either is what was to be.
        Assert.Equal(returned.Doomed, Edit(returned, new LedgerEdit.Return(1, "one")).Doomed);
    }

    [Fact]
    public void Return_WhileSomethingKeptCannotBeRead_ChangesNothing()
    {
        LedgerState state = s_state with { Retained = [Kept(s_newer)], Pins = [new(s_older, "read", null, "one")] };
        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = LedgerEdits.Decide(state, new LedgerEdit.Return(1, "one"), static _ => null);
        Assert.Empty(events);
        Assert.False(outcome.IsDone);
    }

    [Fact]
    public void Unpin_ByHand_EndsPinsOfBorrowersToo()
    {
        LedgerState state = s_state with { Pins = [new(s_older, "read", null, "one")] };
        Assert.Empty(Edit(state, new LedgerEdit.Unpin(1)).Pins);
    }

    [Fact]
    public void TimelineBegun_NewestIsBorrowed_KeepsItByAPinOfItsOwn()
    {
        LedgerState state = s_state with { Pins = [new(s_newer, "read", null, "one")] };
        LedgerState left = Apply(state, new LedgerEvent.TimelineBegun("u", new("fresh --rewind", "f"), new TimelineOrigin.Nothing()));
        Assert.Equal(2, left.Pins.Count(p => p.Snapshot == s_newer));
        Assert.Contains(s_newer, Edit(left, new LedgerEdit.Return(2, "one")).Kept);
    }

    [Fact]
    public void Borrowed_UntilReturned_IsPartOfTheState()
    {
        BorrowedCheckpoint borrowed = new("memory://orders/checkpoints/1-1.1", "orders", 1, "one");
        LedgerState state = Apply(s_state, new LedgerEvent.Borrowed(borrowed));
        Assert.Equal([borrowed], state.Borrowed);
        LedgerEntry again = new(1, 3, new string('a', 64), "n", s_noon, [new LedgerEvent.Borrowed(borrowed)]);
        Assert.NotNull(LedgerFold.Problem(state, again));
        Assert.Empty(Apply(state, new LedgerEvent.Returned("one")).Borrowed);
    }

    [Theory]
    [InlineData(JobPhase.Running, true)]
    [InlineData(JobPhase.Failed, true)]
    [InlineData(JobPhase.Cancelled, false)]
    [InlineData(JobPhase.Finished, false)]
    public void IsNeeded_ByPhase(JobPhase phase, bool isNeeded)
    {
        BorrowedCheckpoint borrowed = new("memory://orders/checkpoints/1-1.1", "orders", 1, "one");
        LedgerState begun = s_state with { Phase = phase, Retained = [], Origin = new TimelineOrigin.Folder(borrowed.Address, "00", false) };
        Assert.Equal(isNeeded, CheckpointLoan.IsNeeded(begun, borrowed));
        Assert.False(CheckpointLoan.IsNeeded(begun with { Retained = [Kept(s_newer)] }, borrowed));
        Assert.False(CheckpointLoan.IsNeeded(begun with { Origin = new TimelineOrigin.Nothing() }, borrowed));
    }

    static LedgerState Edit(LedgerState state, LedgerEdit edit)
    {
        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = LedgerEdits.Decide(state, edit, static s => Manifest(s));
        Assert.True(outcome.IsDone, outcome.Text);
        return events.Count == 0 ? state : Apply(state, [.. events]);
    }

    static LedgerState Apply(LedgerState state, params LedgerEvent[] events) => LedgerFold.Apply(state, new(1, 2, new string('a', 64), "n", s_noon, events));

    static SnapshotReference Snapshot(long id) => new(id, new(1, 1), SnapshotKeys.Manifest(id, new(1, 1)), new string('0', 64));

    static RetainedCheckpoint Kept(SnapshotReference snapshot) => new(snapshot, SnapshotKind.Checkpoint, s_noon, Timestamp.None, 1, "t", false, false, false, []);

    static SnapshotManifest Manifest(SnapshotReference snapshot) => new()
    {
        Id = snapshot.Id, Kind = SnapshotKind.Checkpoint, Job = "orders", Timeline = "t", Attempt = snapshot.Attempt, TakenAt = s_noon, Engine = "1", Fingerprint = "f",
        Operators = [], Packs = [new PackEntry($"packs/1.1-0-{snapshot.Id}", 1, 0, "00", snapshot.Attempt, "")],
    };
}
