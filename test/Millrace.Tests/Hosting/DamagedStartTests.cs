using Millrace.Tests.Connectors.Files;
using Millrace.Tests.State.Offline;

namespace Millrace.Tests.Hosting;

/// <summary>A snapshot that cannot be read is refused by <c>plan</c> and by the start, with the folder, the file and what can be done.</summary>
public sealed class DamagedStartTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task From_ATruncatedPack_IsRefused(string verb)
    {
        await OfflineSamples.WriteAsync(_folder["s"]);
        string pack = Pack();
        File.WriteAllBytes(pack, File.ReadAllBytes(pack)[..^100]);
        await AssertRefusedAsync(verb, $"packs/{Path.GetFileName(pack)}", Damaged, "start from something else");
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task From_WithoutAPack_IsRefused(string verb)
    {
        await OfflineSamples.WriteAsync(_folder["s"]);
        string pack = Pack();
        File.Delete(pack);
        await AssertRefusedAsync(verb, $"packs/{Path.GetFileName(pack)}", Damaged, "start from something else");
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task From_ATruncatedManifest_IsRefused(string verb)
    {
        await OfflineSamples.WriteAsync(_folder["s"]);
        byte[] manifest = File.ReadAllBytes(_folder["s/_metadata"]);
        File.WriteAllBytes(_folder["s/_metadata"], manifest[..(manifest.Length / 2)]);
        await AssertRefusedAsync(verb, "_metadata", Damaged, "start from something else");
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task From_ANewerFormat_IsRefused(string verb)
    {
        await OfflineSamples.WriteAsync(_folder["s"]);
        string manifest = File.ReadAllText(_folder["s/_metadata"]);
        string newer = manifest.Replace("\"format\": 1,", "\"format\": 2,", StringComparison.Ordinal);
        Assert.NotEqual(manifest, newer);
        File.WriteAllText(_folder["s/_metadata"], newer);
        await AssertRefusedAsync(verb, "has format version 2", "cannot be read: ", "use the engine that wrote it");
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task From_AnAddressWithAnUnknownOption_IsRefused(string verb)
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), verb, "--storage", _folder["state"], "--from", "s3://x/y?foo=1");

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.Contains("s3://x/y?foo=1", outcome.Output + outcome.Error, StringComparison.Ordinal);
        Assert.Contains("foo", outcome.Output + outcome.Error, StringComparison.Ordinal);
    }

    const string Damaged = "is damaged, and there is no checkpoint since: ";

    string Pack() => Directory.EnumerateFiles(_folder["s/packs"]).Single();

    async Task AssertRefusedAsync(string verb, string file, string how, string cure)
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), verb, "--storage", _folder["state"], "--from", _folder["s"]);

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        string said = outcome.Output + outcome.Error;
        Assert.Contains($"{_folder["s"]} {how}", said, StringComparison.Ordinal);
        Assert.Contains(file, said, StringComparison.Ordinal);
        Assert.Contains(cure, said, StringComparison.Ordinal);
        // The object is named once.
        Assert.Equal(2, said.Split(file).Length);
        Assert.Equal(0, Directory.Exists(_folder["state/orders"]) ? Directory.EnumerateFiles(_folder["state/orders"], "*", SearchOption.AllDirectories).Count() : 0);
    }
}
