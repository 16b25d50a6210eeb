using System.Text;
using System.Text.Json;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class ManifestJsonTests
{
    static string Text(SnapshotManifest manifest) => Encoding.UTF8.GetString(ManifestJson.Write(manifest));

    // As if an engine had written it that way.
    static string Sealed(string json) => Encoding.UTF8.GetString(ManifestSeal.Seal(Encoding.UTF8.GetBytes(json[..json.LastIndexOf(",\n", StringComparison.Ordinal)] + "\n}")));

    static SnapshotManifest Read(string json) => ManifestJson.Read(Encoding.UTF8.GetBytes(json), "checkpoints/17-3.17/_metadata");

    [Fact]
    public void Manifest_Read_IsTheOneWritten()
    {
        SnapshotManifest manifest = SnapshotSamples.Manifest();
        SnapshotManifest back = Read(Text(manifest));
        Assert.Equivalent(manifest, back, strict: true);
        Assert.Equal(Text(manifest), Text(back));
    }

    [Fact]
    public void Manifest_OfTheSmallestAndLargestValues_IsTheOneWritten()
    {
        SnapshotManifest manifest = SnapshotSamples.Manifest();
        OperatorEntry entry = manifest.Operators[0];
        manifest = manifest with
        {
            Id = long.MaxValue,
            Kind = SnapshotKind.Savepoint,
            Parent = null,
            Watermark = Timestamp.MaxValue,
            IsDrained = true,
            Job = "Zürich \"quoted\" \\ <tag> 🚂",
            Operators = [entry with { States = [entry.States[0] with { Runs = [entry.States[0].Runs[0] with { Range = KeyRange.Full, Rows = long.MaxValue }] }] }],
        };
        Assert.Equivalent(manifest, Read(Text(manifest)), strict: true);
    }

    [Fact]
    public void Manifest_AsText_ExplainsItself()
    {
        string text = Text(SnapshotSamples.Manifest());
        Assert.StartsWith("{\n  \"about\": \"Millrace checkpoint 17 of job revenue. The rows of its keyed states are in one more file", text, StringComparison.Ordinal);
        Assert.Contains("{\"key\":\"packs/3.17-0-17.0-5eed\",\"about\":\"rows of “orders” & more\"", text, StringComparison.Ordinal);
        Assert.Contains("\"time\": \"2024-02-29", text, StringComparison.Ordinal);
        Assert.Contains("\n  \"files\": [\n    {\"key\"", text, StringComparison.Ordinal);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        JsonDocument.Parse(text).Dispose();
    }

    [Fact]
    public void Manifest_WithUnknownFields_IsRead() =>
        Assert.Equal(17, Read(Sealed(Text(SnapshotSamples.Manifest()).Replace("\"job\":", "\"later\": {\"x\": [1]}, \"job\":", StringComparison.Ordinal))).Id);

    [Fact]
    public void Manifest_OfANewerFormat_IsRefusedAsSuch()
    {
        string newer = Text(SnapshotSamples.Manifest()).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal);
        Assert.Contains("_metadata has format version 2", Assert.Throws<NewerFormatException>(() => Read(newer)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"file\":0,\"section\":0", "\"file\":1,\"section\":0", "file 1, which is not listed")]
    [InlineData("\"file\":0,\"section\":0", "\"file\":-1,\"section\":0", "operators[0].states[0].runs[0].file")]
    [InlineData("[000000000..080000000)\",\"snapshot\":17", "[000000000..090000000)\",\"snapshot\":17", "overlap in part")]
    [InlineData("[000000000..080000000)\",\"snapshot\":17", "[000000000..180000000)\",\"snapshot\":17", "is not a slice of the hash space")]
    [InlineData("\"base\":12", "\"base\":11", "contradict each other")]
    [InlineData("\"base\":12", "\"base\":17", "impossible base")]
    [InlineData("\"snapshot\":17", "\"snapshot\":18", "later than the manifest")]
    [InlineData("\"deletions\":3", "\"deletions\":11", "impossible counts")]
    [InlineData("\"value\": \"s1\"", "\"value\": \"s9\"", "names a schema that is not there")]
    [InlineData("\"layout\": \"keyed\"", "\"layout\": \"scattered\"", "is not one of keyed, split")]
    [InlineData("\"key\":\"packs/3.17-0-17.0-5eed\"", "\"key\":\"../secret\"", "is not a relative path")]
    [InlineData("\"key\":\"packs/3.17-0-17.0-5eed\"", "\"key\":\"/etc/passwd\"", "is not a relative path")]
    [InlineData("\"footerOffset\":900", "\"footerOffset\":990", "cannot have its footer")]
    [InlineData("\"finished\": 1", "\"finished\": 3", "3 of 2 instances finished")]
    [InlineData("\"parallelism\": 2", "\"parallelism\": 0", "is 0, which is not from 1")]
    [InlineData("\"attempt\": \"3.17\"", "\"attempt\": \"3\"", "is not an attempt")]
    [InlineData("\"timeline\": \"0", "\"timeline\": \"g", "timeline is not 32")]
    [InlineData("\"takenAt\": \"2024", "\"takenAt\": \"x", "is not a moment")]
    [InlineData("\"data\":\"AQL/\"", "\"data\":\"*\"", "is not base64")]
    [InlineData("\"job\": \"revenue\"", "\"job\": \"\\ud800\"", "is not valid text")]
    [InlineData("\"job\": \"revenue\"", "\"job\": 7", "is not a text")]
    [InlineData("\"job\"", "\"jobs\"", "has no field 'job'")]
    [InlineData("\"id\": 16", "\"id\": 17", "its parent, 17, is not before it")]
    [InlineData("\"droppedBelow\":-5", "\"droppedBelow\":1e30", "is not a whole number")]
    public void Manifest_WithAWrongField_IsRefusedByName(string right, string wrong, string says)
    {
        string text = Text(SnapshotSamples.Manifest());
        Assert.Contains(right, text, StringComparison.Ordinal);
        SnapshotCorruptException e = Assert.Throws<SnapshotCorruptException>(() => Read(Sealed(text.Replace(right, wrong, StringComparison.Ordinal))));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.StartsWith("checkpoints/17-3.17/_metadata is damaged", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Manifest_OfDamagedBytes_IsATypedError()
    {
        byte[] good = ManifestJson.Write(SnapshotSamples.Manifest());
        Random random = Fuzzing.Chance(1);
        for (int i = 0; i < 5_000 * Fuzzing.Times; i++)
        {
            byte[] bytes = random.Next(4) == 0 ? good[..random.Next(good.Length)] : [.. good];
            for (int flips = random.Next(1, 4); flips > 0 && bytes.Length > 0; flips--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (bytes.AsSpan().SequenceEqual(good)) continue;
            Exception e = Assert.ThrowsAny<Exception>(() => ManifestJson.Read(bytes, "x"));
            Assert.True(e is SnapshotCorruptException or NewerFormatException, $"{e}");
        }
    }

    [Fact]
    public void Manifest_WithAnyByteChangedOrMissing_IsRefused()
    {
        byte[] good = ManifestJson.Write(SnapshotSamples.Manifest());
        for (int at = 0; at < good.Length; at++)
        {
            byte[] changed = [.. good];
            changed[at] ^= 1;
            Exception e = Assert.ThrowsAny<Exception>(() => ManifestJson.Read(changed, "x"));
            Assert.True(e is SnapshotCorruptException or NewerFormatException, $"byte {at}: {e}");
            Assert.Throws<SnapshotCorruptException>(() => ManifestJson.Read(good.AsMemory(0, at), "x"));
        }
    }

    [Theory]
    [InlineData("revenue", "avenues", "its text is not what was written")]
    [InlineData(",\n  \"sha256\"", ",\n  \"md5\"", "does not end with the hash of its text")]
    [InlineData("\n", "\r\n", "does not end with the hash of its text")]
    public void Manifest_ChangedByHand_SaysSo(string right, string wrong, string says)
    {
        string text = Text(SnapshotSamples.Manifest()).Replace(right, wrong, StringComparison.Ordinal);
        Assert.Contains(says, Assert.Throws<SnapshotCorruptException>(() => Read(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OfAManifestNobodyCouldRead_IsRefused()
    {
        SnapshotManifest manifest = SnapshotSamples.Manifest();
        Assert.Throws<InvariantBrokenException>(() => ManifestJson.Write(manifest with { Packs = [] }));
        Assert.Throws<InvariantBrokenException>(() => ManifestJson.Write(manifest with { Packs = [.. manifest.Packs, manifest.Packs[0] with { Key = "packs/other" }] }));
        Assert.Throws<InvariantBrokenException>(() => ManifestJson.Write(manifest with { Operators = [manifest.Operators[0], manifest.Operators[0]] }));
    }
}
