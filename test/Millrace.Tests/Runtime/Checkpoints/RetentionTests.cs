using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class RetentionTests
{
    readonly Dictionary<SnapshotReference, SnapshotManifest?> _manifests = [];

    [Fact]
    public void Plan_OneTooMany_DoomsWhatOnlyItNames()
    {
        SnapshotReference[] retained = [Add(1, "packs/a", "packs/b"), Add(2, "packs/b", "packs/c"), Add(3, "packs/c")];

        LedgerEvent.Doomed? doomed = Plan(retained, [], [], 2);

        Assert.Equal([retained[0]], doomed!.Snapshots);
        Assert.Equal([retained[0].Key, "packs/a"], doomed.Keys);
    }

    [Fact]
    public void Plan_NotTooMany_DoomsNothing() => Assert.Null(Plan([Add(1, "packs/a"), Add(2, "packs/a")], [], [], 2));

    [Fact]
    public void Plan_Pinned_LeavesRetentionAndStays()
    {
        SnapshotReference[] retained = [Add(1, "packs/a"), Add(2, "packs/b")];

        LedgerEvent.Doomed? doomed = Plan(retained, [new SnapshotPin(retained[0], "why")], [], 1);

        Assert.Equal([retained[0]], doomed!.Snapshots);
        Assert.Empty(doomed.Keys);
    }

    [Fact]
    public void Plan_ParentOfOneUnderWay_Stays() => Assert.Null(Plan([Add(1, "packs/a"), Add(2, "packs/b")], [], [1], 1));

    [Fact]
    public void Plan_KeptManifestUnreadable_DoomsNothing()
    {
        SnapshotReference[] retained = [Add(1, "packs/a"), Add(2, "packs/b"), Add(3, "packs/c")];
        _manifests[retained[1]] = null;

        Assert.Null(Plan(retained, [], [], 2));
    }

    [Fact]
    public void Plan_LeavingManifestUnreadable_DoomsItAlone()
    {
        SnapshotReference[] retained = [Add(1, "packs/a"), Add(2, "packs/b")];
        _manifests[retained[0]] = null;

        Assert.Equal([retained[0].Key], Plan(retained, [], [], 1)!.Keys);
    }

    [Theory]
    [InlineData("packs/1.1-0-1", true)]
    [InlineData("checkpoints/1-1.1/_metadata", true)]
    [InlineData("terms/1", false)]
    [InlineData("ledger/1/0", false)]
    [InlineData("ledger/1/7", false)]
    [InlineData("HEAD", false)]
    [InlineData("packs/", false)]
    [InlineData("checkpoints/1-1.1/other", false)]
    [InlineData("somebody/else", false)]
    public void IsDisposable_OnlyPacksAndManifests(string key, bool expected) => Assert.Equal(expected, LedgerKeys.IsDisposable(key));

    [Theory]
    [InlineData("ledger/6/1", true)]
    [InlineData("ledger/1/10000", true)]
    [InlineData("packs/1.1-0-1", true)]
    [InlineData("ledger/6/0", false)]
    [InlineData("ledger/7/1", false)]
    [InlineData("ledger/8/1", false)]
    [InlineData("ledger/6/01", false)]
    [InlineData("ledger/6/-1", false)]
    [InlineData("ledger/6/1/1", false)]
    [InlineData("ledger/6/99999999999999999999", false)]
    [InlineData("terms/1", false)]
    [InlineData("HEAD", false)]
    public void IsDisposableBy_LeaderOfTerm7_NoEntry0AndNothingOfItsOwnTerm(string key, bool expected) =>
        Assert.Equal(expected, LedgerKeys.IsDisposableBy(key, 7));

    LedgerEvent.Doomed? Plan(SnapshotReference[] retained, SnapshotPin[] pins, long[] parents, int max) =>
        Retention.Plan(retained, pins, parents, max, _manifests.GetValueOrDefault);

    SnapshotReference Add(long id, params string[] packs)
    {
        var attempt = new AttemptId(1, 1);
        var snapshot = new SnapshotReference(id, attempt, SnapshotKeys.Manifest(id, attempt), $"{id}");
        _manifests[snapshot] = new SnapshotManifest
        {
            Id = id, Kind = SnapshotKind.Checkpoint, Job = "job", Timeline = "t", Attempt = attempt, TakenAt = default, Engine = "1", Fingerprint = "f", Operators = [],
            Packs = [.. packs.Select(key => new PackEntry(key, 1, 0, "00", attempt, ""))],
        };
        return snapshot;
    }
}
