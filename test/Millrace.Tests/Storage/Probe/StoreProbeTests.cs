using Millrace.Storage;
using Millrace.Testing.Stores;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Storage.Probe;

public sealed class StoreProbeTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(ProbeForm.Quick, 9)]
    [InlineData(ProbeForm.Full, 11)]
    public async Task Probe_OfAFolder_FindsItFitAndLeavesNothing(ProbeForm form, int checks)
    {
        using TempFolder folder = new();
        await using LocalObjectStore store = new(folder["store"], NonceSource.FromSystem());

        ProbeReport report = await ProbeAsync(store, form);

        Assert.True(report.IsConformant, report.ToString());
        Assert.Equal(checks, report.Checks.Count);
        report.Require();
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["store"]));
    }

    [Theory]
    [InlineData(StoreVerb.Create, "of racing creators one wins")]
    [InlineData(StoreVerb.Get, "absence is never remembered")]
    [InlineData(StoreVerb.Length, "absence is never remembered")]
    [InlineData(StoreVerb.Read, "a range is read exactly")]
    [InlineData(StoreVerb.Put, "replacing replaces")]
    [InlineData(StoreVerb.Delete, "what is deleted is gone")]
    public async Task Probe_OfAStoreThatBreaksOneRule_NamesIt(StoreVerb broken, string check)
    {
        await using BrokenStore store = new(Stores.Memory(), broken);

        ProbeReport report = await ProbeAsync(store, ProbeForm.Quick);

        Assert.False(Assert.Single(report.Checks, c => c.Name == check).Passed);
        Assert.Contains(check, Assert.Throws<StoreNotConformantException>(report.Require).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probe_OfAStoreWhoseUploadsReplace_NamesIt()
    {
        await using BrokenStore store = new(Stores.Memory(), StoreVerb.CompleteUpload);

        ProbeReport report = await ProbeAsync(store, ProbeForm.Full);

        Assert.False(Assert.Single(report.Checks, static c => c.Name.StartsWith("a long object", StringComparison.Ordinal)).Passed);
    }

    [Fact]
    public async Task Probe_OfAStoreThatIsDown_FailsTheFirstCheckAndThrowsNothing()
    {
        FaultStore store = new(Stores.Memory(), new FaultPlan(static _ => new StoreFault.Refuse()), TimeProvider.System);

        ProbeReport report = await ProbeAsync(store, ProbeForm.Quick);

        Assert.False(Assert.Single(report.Checks).Passed);
        // Not unfit, but unknown; and said once, not once for each check.
        string message = Assert.Throws<StoreUnavailableException>(report.Require).Message;
        Assert.StartsWith("memory://test is not available for ", message, StringComparison.Ordinal);
        Assert.DoesNotContain(';', message);
    }

    async Task<ProbeReport> ProbeAsync(IObjectStore store, ProbeForm form)
    {
        ProbeReport report = await new StoreProbe(store, TimeProvider.System, Stores.Nonces()).RunAsync(form, CancellationToken.None);
        output.WriteLine(report.ToString());
        return report;
    }
}
