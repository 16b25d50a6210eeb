using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class RecordedAddressTests
{
    [Theory]
    [InlineData("file:///var/state/savepoints/orders-7-1.2", "file:///var/state", "savepoints/orders-7-1.2")]
    [InlineData("file:///var/state/savepoints/orders-7-1.2", "file:///var/state/", "savepoints/orders-7-1.2")]
    [InlineData("s3://b/p/savepoints/x?endpoint=http://h", "s3://b/p?endpoint=http://h", "savepoints/x")]
    // Elsewhere, another store, or a name that is no key: as it is.
    [InlineData("file:///var/states/x", "file:///var/state", "file:///var/states/x")]
    [InlineData("file:///var/state", "file:///var/state", "file:///var/state")]
    [InlineData("s3://b/p/x?endpoint=http://i", "s3://b/p?endpoint=http://h", "s3://b/p/x?endpoint=http://i")]
    [InlineData("file:///var/state/my%20own/x", "file:///var/state", "file:///var/state/my%20own/x")]
    [InlineData("file:///var/state/../x", "file:///var/state", "file:///var/state/../x")]
    [InlineData("file:///var/state/x", null, "file:///var/state/x")]
    public void Of_WhatIsInTheStorage_IsRelativeAndComesBack(string address, string? storage, string recorded)
    {
        Assert.Equal(recorded, RecordedAddress.Of(address, storage));
        Assert.Equal(address, RecordedAddress.Resolve(recorded, storage));
    }

    [Fact]
    public void Resolve_ARelativeOne_IsInTheStorageAsItIsReachedNow() =>
        Assert.Equal("s3://c/q/savepoints/x?endpoint=http://i", RecordedAddress.Resolve("savepoints/x", "s3://c/q?endpoint=http://i"));

    /// <summary>Ledgers of earlier builds have whole addresses.</summary>
    [Fact]
    public void Resolve_AWholeOne_StaysAsItIs() => Assert.Equal("file:///old/savepoints/x", RecordedAddress.Resolve("file:///old/savepoints/x", "file:///new"));
}
