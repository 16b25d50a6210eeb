using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Tests.Storage;

public sealed class StoreAddressTests
{
    [Theory]
    [InlineData("file:///var/millrace", "file:///var/millrace")]
    [InlineData("file:///var/millrace/", "file:///var/millrace")]
    [InlineData("/var/mill%20race/../x y", "file:///var/x%20y")]
    [InlineData("state", "file:///work/state")]
    [InlineData("./state/", "file:///work/state")]
    [InlineData("../state", "file:///state")]
    [InlineData("s3://bucket", "s3://bucket")]
    [InlineData("S3://bucket/", "s3://bucket")]
    [InlineData("s3://bucket/a/b/", "s3://bucket/a/b")]
    [InlineData("s3://b/p?endpoint=http://127.0.0.1:7480&Region=eu&path-style=true", "s3://b/p?endpoint=http://127.0.0.1:7480&region=eu&path-style=true")]
    public void Parse_AnAddress_PrintsItInOneForm(string text, string printed)
    {
        StoreAddress address = StoreAddress.Parse(text, "/work");

        Assert.Equal(printed, address.ToString());
        Assert.Equal(address, StoreAddress.Parse(printed, "/elsewhere"));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("s3:bucket", "without '//'")]
    [InlineData("s3://", "names no bucket")]
    [InlineData("s3:///prefix", "names no bucket")]
    [InlineData("s3://bucket/a//b", "has an empty part")]
    [InlineData("s3://bucket/../other", "begins with a dot")]
    [InlineData("s3://bucket/a b", "has ' ' at 1")]
    [InlineData("s3://buck et/a", "has characters other than")]
    [InlineData("s3://bucket?region", "has no value")]
    [InlineData("s3://bucket?region=a&region=b", "gives the option 'region' twice")]
    [InlineData("file://var/millrace", "three slashes: file:///var/millrace")]
    [InlineData("file:///var?x=1", "folders have no options")]
    [InlineData("1x://bucket", "is no scheme")]
    public void Parse_WhatIsNone_SaysWhy(string text, string why)
    {
        var wrong = Assert.Throws<FormatException>(() => StoreAddress.Parse(text, "/work"));

        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://AKIA:hush@bucket/prefix")]
    [InlineData("s3://bucket?secret-key=hush")]
    [InlineData("s3://bucket?aws_session_token=hush")]
    [InlineData("s3://bucket?endpoint=http://me:hush@host:1")]
    public void Parse_WithCredentials_RefusesAndDoesNotPrintThem(string text)
    {
        var wrong = Assert.Throws<FormatException>(() => StoreAddress.Parse(text, "/work"));

        Assert.Contains("credentials", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Combine_WithAKey_GoesBelow()
    {
        Assert.Equal("file:///var/x/orders", StoreAddress.Parse("/var/x").Combine("orders/").ToString());
        Assert.Equal("s3://b/p/orders?region=eu", StoreAddress.Parse("s3://b/p?region=eu").Combine("orders").ToString());
        Assert.Equal("s3://b/orders", StoreAddress.Parse("s3://b").Combine("orders").ToString());
        Assert.Throws<ArgumentException>(() => StoreAddress.Parse("/var/x").Combine("../y"));
    }

    [Fact]
    public async Task Open_AnUnknownScheme_NamesTheKnownOnes()
    {
        ObjectStores stores = new ObjectStores(Stores.Surroundings).AddS3();

        var unknown = await Assert.ThrowsAsync<FormatException>(async () => await stores.OpenAsync(StoreAddress.Parse("gs://bucket/a"), CancellationToken.None));

        Assert.Equal("The storage address gs://bucket/a has the scheme 'gs'; known are file, s3.", unknown.Message);
        Assert.Throws<ArgumentException>(() => stores.AddS3());
    }

    [Theory]
    [InlineData("s3://b?regoin=eu", "unknown option 'regoin'; known are endpoint, region, path-style, profile")]
    [InlineData("s3://b?path-style=maybe", "path-style=maybe is neither true nor false")]
    [InlineData("s3://b?endpoint=localhost:7480", "endpoint=localhost:7480 is no http or https address")]
    public async Task Open_WithWrongOptions_SaysWhich(string text, string why)
    {
        ObjectStores stores = new ObjectStores(Stores.Surroundings).AddS3();

        var wrong = await Assert.ThrowsAsync<FormatException>(async () => await stores.OpenAsync(StoreAddress.Parse(text), CancellationToken.None));

        Assert.Contains(why, wrong.Message, StringComparison.Ordinal);
    }
}
