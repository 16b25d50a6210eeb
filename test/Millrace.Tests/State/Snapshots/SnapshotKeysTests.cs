using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class SnapshotKeysTests
{
    [Fact]
    public void Keys_OfASnapshot_AreThoseOfTheFormat()
    {
        Assert.Equal("checkpoints/17-3.4/_metadata", SnapshotKeys.Manifest(17, new AttemptId(3, 4)));
        Assert.Equal("packs/3.4-2-17.1-5eed", SnapshotKeys.Pack(new PackOrigin(new AttemptId(3, 4), 2, 17, "5eed"), 1));
        Assert.Equal("my_job-17-3.4", SnapshotKeys.SavepointFolder("my job", 17, new AttemptId(3, 4)));
    }

    [Theory]
    [InlineData("checkpoints/17-3.4/_metadata", SnapshotKind.Checkpoint, "")]
    [InlineData("root/job/checkpoints/17-3.4/_metadata", SnapshotKind.Checkpoint, "root/job/")]
    [InlineData("_metadata", SnapshotKind.Savepoint, "")]
    [InlineData("saved/revenue-17-3.4/_metadata", SnapshotKind.Savepoint, "saved/revenue-17-3.4/")]
    public void BaseOf_AManifest_IsWhatItsPacksAreRelativeTo(string key, SnapshotKind kind, string expected) =>
        Assert.Equal(expected, SnapshotKeys.BaseOf(key, kind));

    [Theory]
    [InlineData("moved/_metadata", SnapshotKind.Checkpoint), InlineData("a/b/_metadata", SnapshotKind.Checkpoint), InlineData("a/metadata", SnapshotKind.Savepoint)]
    public void BaseOf_AnotherKey_IsRefused(string key, SnapshotKind kind) => Assert.Throws<ArgumentException>(() => SnapshotKeys.BaseOf(key, kind));

    [Theory, InlineData("a", true), InlineData("a/b.c_d-e", true), InlineData("", false), InlineData("/a", false), InlineData("a//b", false)]
    [InlineData("a/../b", false), InlineData(".", false), InlineData("a b", false), InlineData("ä", false), InlineData("a\\b", false), InlineData("a/", false)]
    public void IsKey_OfAText_FollowsTheGrammar(string key, bool expected) => Assert.Equal(expected, SnapshotKeys.IsKey(key));
}
