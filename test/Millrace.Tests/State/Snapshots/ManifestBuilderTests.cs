using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class ManifestBuilderTests
{
    static readonly KeyRange Left = KeyRange.Of(0, 2), Right = KeyRange.Of(1, 2);

    static PackEntry Pack(string name) => new($"packs/{name}", 1_000, 900, new string('b', 64), SnapshotSamples.Attempt, name);

    static SlicePart Slice(int subtask, params RunEntry[] runs) => new()
    {
        OperatorId = "orders",
        Subtask = subtask,
        Range = KeyRange.Full,
        States = [new StateEntry { Schema = SnapshotSamples.Panes, Runs = runs }],
    };

    static SnapshotDraft Draft(long id, SnapshotManifest? parent, params WorkerPart[] workers) => new()
    {
        Id = id,
        Kind = SnapshotKind.Checkpoint,
        Job = "revenue",
        Timeline = new string('0', 32),
        Attempt = SnapshotSamples.Attempt,
        TakenAt = DateTimeOffset.UnixEpoch,
        Engine = "0",
        Fingerprint = "",
        Parent = parent,
        ParentReference = parent is null ? null : new SnapshotReference(parent.Id, parent.Attempt, "checkpoints/p/_metadata", new string('0', 64)),
        Operators = [new OperatorDraft("orders", "Process", 2)],
        Workers = workers,
    };

    static SnapshotManifest Build(long id, SnapshotManifest? parent, params WorkerPart[] workers)
    {
        SnapshotManifest manifest = ManifestBuilder.Build(Draft(id, parent, workers));
        // What is built can be written.
        Assert.NotEmpty(ManifestJson.Write(manifest));
        return manifest;
    }

    static RunEntry Full(int pack, KeyRange range, long snapshot) => new(pack, 0, range, true, snapshot, 0, 10, 0, 100);

    static RunEntry Delta(int pack, KeyRange range, long snapshot, long since) => new(pack, 0, range, false, snapshot, since, 1, 0, 10);

    static string Runs(SnapshotManifest manifest) => string.Join(' ', manifest.Operators[0].States[0].Runs
        .Select(r => $"{manifest.Packs[r.Pack].About}:{(r.Range == Left ? "left" : r.Range == Right ? "right" : r.Range.ToString())}"));

    [Fact]
    public void Build_OfDeltas_KeepsTheParentsRunsUpToTheirBase()
    {
        SnapshotManifest one = Build(1, null, new WorkerPart([Pack("a1")], [Slice(0, Full(0, Left, 1))]), new WorkerPart([Pack("b1")], [Slice(1, Full(0, Right, 1))]));
        Assert.Equal("a1:left b1:right", Runs(one));
        SnapshotManifest two = Build(2, one, new WorkerPart([Pack("a2")], [Slice(0, Delta(0, Left, 2, 1))]), new WorkerPart([], [Slice(1)]));
        Assert.Equal("a1:left b1:right a2:left", Runs(two));
        SnapshotManifest three = Build(3, two, new WorkerPart([Pack("a3")], [Slice(0, Delta(0, Left, 3, 1))]), new WorkerPart([Pack("b3")], [Slice(1, Full(0, Right, 3))]));
        Assert.Equal("a1:left a3:left b3:right", Runs(three));
        Assert.Equal(["a1", "a3", "b3"], three.Packs.Select(static p => p.About));
    }

    [Fact]
    public void Build_OfAFullRunWithoutRows_EmptiesItsSlice()
    {
        SnapshotManifest one = Build(1, null, new WorkerPart([Pack("a1")], [Slice(0, Full(0, Left, 1), Full(0, Right, 1) with { Section = 1 })]));
        RunEntry nothing = new(RunEntry.Nowhere, RunEntry.Nowhere, Left, true, 2, 0, 0, 0, 0);
        Assert.Equal("a1:right", Runs(Build(2, one, new WorkerPart([], [Slice(0, nothing)]))));
    }

    [Fact]
    public void Build_AfterAnotherParallelism_KeepsWhatNobodyTookOver()
    {
        SnapshotManifest one = Build(1, null, new WorkerPart([Pack("a1")], [Slice(0, Full(0, KeyRange.Full, 1))]));
        SnapshotManifest two = Build(2, one, new WorkerPart([Pack("a2")], [Slice(0, Full(0, KeyRange.Of(1, 4), 2))]));
        Assert.Equal("a1:[000000000..040000000) a1:right a2:[040000000..080000000)", Runs(two));
        Assert.Throws<InvariantBrokenException>(() => Build(3, two, new WorkerPart([Pack("a3")], [Slice(0, Delta(0, Left, 3, 2))])));
    }

    [Fact]
    public void Build_OfInFlightRecords_CarriesNoneOver()
    {
        StateSchema inFlight = SnapshotSamples.Totals with { Name = "in-flight", Layout = StateLayout.InFlight };
        SlicePart with = Slice(0) with { States = [new StateEntry { Schema = inFlight, Runs = [Full(0, Left, 1)] }] };
        SlicePart without = Slice(0) with { States = [new StateEntry { Schema = inFlight }] };
        SnapshotManifest one = Build(1, null, new WorkerPart([Pack("a1")], [with]));
        Assert.Single(one.Packs);
        Assert.Empty(Build(2, one, new WorkerPart([], [without])).Packs);
    }

    [Fact]
    public void Build_OfOwedTransactions_KeepsThemUntilAcknowledged()
    {
        OwedTransaction Owed(string id) => new("files", id, SnapshotSamples.Totals.Value, new byte[] { 1 }, id);
        SnapshotManifest one = Build(1, null, new WorkerPart([], [Slice(0) with { Prepared = [Owed("x"), Owed("y")] }]));
        SnapshotManifest two = ManifestBuilder.Build(Draft(2, one, new WorkerPart([], [Slice(0) with { Prepared = [Owed("z"), Owed("y")] }]))
            with { Acknowledged = new HashSet<string> { "x" } });
        Assert.Equal(["y", "z"], two.Owed.Select(static o => o.Id));
        SnapshotDraft savepoint = Draft(3, null, new WorkerPart([], [Slice(0)])) with { Kind = SnapshotKind.Savepoint, Owed = two.Owed };
        Assert.Equal(["y", "z"], ManifestBuilder.Build(savepoint).Owed.Select(static o => o.Id));
    }

    [Fact]
    public void Build_OfItems_OrdersThemBySubtaskAndKeepsOneOfBroadcast()
    {
        StateEntry Items(StateLayout layout, int subtask) => new()
        {
            Schema = SnapshotSamples.Totals with { Name = layout.ToString(), Layout = layout, Key = null },
            Items = [new ItemEntry(subtask, new byte[] { 1 }, "x")],
        };
        SlicePart Part(int subtask) => Slice(subtask) with
        {
            Watermark = new Timestamp(100 - subtask),
            Range = KeyRange.Of(subtask, 2),
            IsFinished = subtask == 1,
            States = [Items(StateLayout.Split, subtask), Items(StateLayout.Broadcast, subtask)],
        };
        SnapshotManifest manifest = Build(1, null, new WorkerPart([], [Part(1)]), new WorkerPart([], [Part(0)]));
        Assert.Equal([0, 1], manifest.Operators[0].States[0].Items.Select(static i => i.Subtask));
        Assert.Equal(0, Assert.Single(manifest.Operators[0].States[1].Items).Subtask);
        Assert.Equal((1, new Timestamp(99)), (manifest.Operators[0].Finished, manifest.Watermark));
    }

    [Fact]
    public void Build_OfADraftThatContradictsItself_IsRefused()
    {
        SnapshotManifest one = Build(1, null, new WorkerPart([Pack("a1")], [Slice(0, Full(0, Left, 1))]));
        SnapshotDraft next = Draft(2, one, new WorkerPart([], [Slice(0)]));
        Assert.Throws<InvariantBrokenException>(() => ManifestBuilder.Build(next with { Kind = SnapshotKind.Savepoint }));
        Assert.Throws<InvariantBrokenException>(() => ManifestBuilder.Build(next with { ParentReference = null }));
        Assert.Throws<InvariantBrokenException>(() => ManifestBuilder.Build(next with { Operators = [] }));
        StateEntry changed = new() { Schema = SnapshotSamples.Panes with { Value = SnapshotSamples.Totals.Value } };
        Assert.Throws<InvariantBrokenException>(() => ManifestBuilder.Build(next with { Workers = [new WorkerPart([], [Slice(0) with { States = [changed] }])] }));
        Assert.Throws<InvariantBrokenException>(() => Build(2, one, new WorkerPart([Pack("x")], [Slice(0, Full(0, Left, 2)), Slice(1, Full(0, Left, 2))])));
        SnapshotManifest two = Build(2, one, new WorkerPart([Pack("a2")], [Slice(0, Full(0, Left, 2))]));
        Assert.Throws<InvariantBrokenException>(() => Build(3, two, new WorkerPart([Pack("a3")], [Slice(0, Delta(0, Left, 3, 1))])));
    }
}
