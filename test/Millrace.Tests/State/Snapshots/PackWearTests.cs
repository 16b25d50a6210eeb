using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class PackWearTests
{
    const long Mega = 1 << 20;

    [Fact]
    public void Find_LessThanHalfOfAnOldPackInUse_NamesItsCheckpoint() =>
        Assert.Equal([3], PackWear.Default.Find(Manifest(100, [Mega], Run(3, 0, Mega / 4), Run(3, 0, Mega / 5))));

    [Fact]
    public void Find_HalfInUse_NamesNone() => Assert.Empty(PackWear.Default.Find(Manifest(100, [Mega], Run(3, 0, Mega / 4), Run(3, 0, Mega / 4))));

    [Theory]
    [InlineData(87, true)]
    [InlineData(86, false)]
    public void Find_PackThatIsYoung_IsLeftToItsTurn(long id, bool isWorn) =>
        Assert.Equal(isWorn ? [3] : [], PackWear.Default.Find(Manifest(id, [Mega], Run(3, 0, 1_000))));

    [Fact]
    public void Find_LittleInVain_NamesNone() => Assert.Empty(PackWear.Default.Find(Manifest(100, [PackWear.Default.WasteBytesMin], Run(3, 0, 1_000))));

    [Fact]
    public void Find_PacksOfSeveralWorkers_AreLookedAtTogether()
    {
        Assert.Empty(PackWear.Default.Find(Manifest(100, [Mega, Mega], Run(3, 0, Mega), Run(3, 1, 1_000))));
        Assert.Equal([3], PackWear.Default.Find(Manifest(100, [Mega, Mega], Run(3, 0, Mega / 2), Run(3, 1, 1_000))));
    }

    [Fact]
    public void Find_Several_AreToldOldestFirst() =>
        Assert.Equal([3, 5, 9], PackWear.Default.Find(Manifest(100, [Mega, Mega, Mega, Mega], Run(9, 0, 1), Run(3, 1, 1), Run(5, 2, 1), Run(99, 3, 1))));

    static RunEntry Run(long snapshot, int pack, long bytes) => new(pack, 0, KeyRange.Full, IsFull: true, snapshot, 0, 1, 0, bytes);

    static SnapshotManifest Manifest(long id, long[] packs, params RunEntry[] runs) => SnapshotSamples.Manifest() with
    {
        Id = id,
        Operators = [new() { Id = "orders", Verb = "Process", Parallelism = 1, States = [new() { Schema = SnapshotSamples.Totals, Runs = runs }] }],
        Packs = [.. packs.Select(static (bytes, i) => new PackEntry($"packs/{i}", bytes + 500, bytes, new string('b', 64), SnapshotSamples.Attempt, ""))],
    };
}
