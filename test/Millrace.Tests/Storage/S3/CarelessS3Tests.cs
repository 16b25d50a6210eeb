using System.Diagnostics;
using System.Globalization;
using Millrace.Storage;
using Millrace.Storage.S3;

namespace Millrace.Tests.Storage.S3;

/// <summary>A store that speaks S3 and ignores the conditions of conditional writes.</summary>
[Collection(CephServerCollection.Name)] // Which puts credentials into the environment: this server insists on them.
public sealed class CarelessS3Tests(ITestOutputHelper output) : IDisposable
{
    const string Version = "3.7.1";

    readonly Daemons _daemons = new();

    [Fact]
    public async Task Probe_OfAStoreThatIgnoresConditions_RefusesItAndSaysWhy()
    {
        StoreAddress address = await StartAsync();
        await using S3ObjectStore store = new(S3Options.From(address), Stores.Surroundings);
        foreach (ProbeForm form in (ProbeForm[])[ProbeForm.Quick, ProbeForm.Full])
        {
            ProbeReport report = await new StoreProbe(store, TimeProvider.System, NonceSource.FromSystem()).RunAsync(form, CancellationToken.None);

            output.WriteLine(report.ToString());
            Assert.False(report.IsConformant);
            Assert.False(Assert.Single(report.Checks, static c => c.Name == "of racing creators one wins").Passed);
            var refused = Assert.Throws<StoreNotConformantException>(report.Require);
            Assert.StartsWith("s3://millrace cannot hold snapshots: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("the store ignores the condition of conditional writes", refused.Message, StringComparison.Ordinal);
            // What it does well is not held against it.
            Assert.True(Assert.Single(report.Checks, static c => c.Name == "replacing replaces").Passed);
        }
    }

    public void Dispose() => _daemons.Dispose();

    async Task<StoreAddress> StartAsync()
    {
        Assert.SkipUnless(Daemons.Find("npm") is not null && Daemons.Find("node") is not null, "npm and node are not installed: eng/test-packages.txt lists the packages.");
        int installed = await _daemons.TryRunAsync("npm", "install", "--prefix", _daemons.Folder, $"s3rver@{Version}", "--no-audit", "--no-fund", "--ignore-scripts");
        Assert.SkipUnless(installed == 0, $"s3rver {Version} could not be installed with npm: there may be no network.");

        int port = Daemons.FreePort();
        Directory.CreateDirectory(Path.Combine(_daemons.Folder, "objects"));
        Process server = _daemons.Start(
            "node", Path.Combine(_daemons.Folder, "node_modules/s3rver/bin/s3rver.js"), "--directory", Path.Combine(_daemons.Folder, "objects"),
            "--address", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--configure-bucket", "millrace", "--silent");
        await _daemons.WaitForAnswerAsync(server, new Uri($"http://127.0.0.1:{port}/"));
        return StoreAddress.Parse($"s3://millrace?endpoint=http://127.0.0.1:{port}&path-style=true");
    }
}
