using Millrace.State.Snapshots;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.State.Offline;

namespace Millrace.Tests.Hosting;

/// <summary>What cannot be claimed is refused by <c>plan</c> and by the start, which has claimed no term by then.</summary>
public sealed class ClaimStartTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task Claim_OfACheckpoint_IsRefused(string verb)
    {
        Assert.Equal(ExitCodes.Finished, (await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), "--storage", _folder["elsewhere"])).ExitCode);
        string checkpoint = Directory.EnumerateDirectories(_folder["elsewhere/orders/checkpoints"]).First();

        await AssertRefusedAsync("only a savepoint can be claimed: checkpoint ", verb, "--from", checkpoint, "--claim");
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task Claim_OfASavepointThatAnotherHasClaimed_IsRefused(string verb)
    {
        await OfflineSamples.WriteAsync(_folder["s"]);
        string[] words = [verb, "--from", _folder["s"], "--claim", "--drop-state", "accounts", "--drop-state", "totals"];
        Assert.Equal(ExitCodes.Finished, (await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), ["plan", .. words[1..], "--storage", _folder["state"]])).ExitCode);
        _folder.Write($"s/{SnapshotKeys.ClaimMarker}", "{\"job\":\"bank\"}");

        await AssertRefusedAsync("the savepoint is claimed already: {\"job\":\"bank\"}. Start without --claim, or from another one", words);
    }

    async Task AssertRefusedAsync(string why, params string[] words)
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), [.. words, "--storage", _folder["state"]]);

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.Contains(why, outcome.Output + outcome.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["state/orders"]));
    }
}
