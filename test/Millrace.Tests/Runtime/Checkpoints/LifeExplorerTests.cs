namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class LifeExplorerTests
{
    /// <summary>Everything within the bounds of a scenario, or the first so many states of it, breadth first.</summary>
    [Theory]
    [InlineData(nameof(LifeScenarios.Failing), 200_000, "restarted", "transactions aborted", "deleted")]
    [InlineData(nameof(LifeScenarios.Stopping), 60_000, "begun: Stop", "begun: Final", "restarted")]
    [InlineData(nameof(LifeScenarios.Ending), 60_000, "Stopped", "Finished", "deleted")]
    [InlineData(nameof(LifeScenarios.Cancelling), 60_000, "Cancelled", "superseded", "deleted")]
    [InlineData(nameof(LifeScenarios.Overtaken), 150_000, "overtaken", "transactions aborted", "deleted")]
    [InlineData(nameof(LifeScenarios.Crashing), 250_000, "Stopped", "start: FinishStopGather", "overtaken")]
    [InlineData(nameof(LifeScenarios.Gathering), 60_000, "gathered at a start", "deleted", "overtaken")]
    [InlineData(nameof(LifeScenarios.Crowded), 60_000, "superseded", "begun: Savepoint")]
    public void Explore_TheRules_BreakNoInvariant(string scenario, int statesMax, params string[] sometimes)
    {
        var explorer = new LifeExplorer(LifeScenarios.Of(scenario) with { StatesMax = statesMax });

        string? broken = explorer.Explore();

        Assert.Null(broken);
        // Otherwise the model does nothing, and proves as much.
        foreach (string what in sometimes) Assert.True(explorer.Seen.ContainsKey(what), $"'{what}' never happened in {explorer.States} states: {string.Join(", ", explorer.Seen.Keys)}");
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{scenario}: {explorer.States} states{(explorer.IsComplete ? ", all there are" : "")}; {string.Join(", ", explorer.Seen.Select(static s => $"{s.Key} {s.Value}"))}");
    }

    [Theory]
    [InlineData(nameof(LifeMutation.PinsForgotten), nameof(LifeScenarios.Gathering), "has forgotten which snapshots are pinned")]
    [InlineData(nameof(LifeMutation.SavepointsForgotten), nameof(LifeScenarios.Gathering), "has forgotten which savepoints were taken")]
    [InlineData(nameof(LifeMutation.PhaseForgotten), nameof(LifeScenarios.Crashing), "has forgotten where the job is in its life")]
    [InlineData(nameof(LifeMutation.OwedForgotten), nameof(LifeScenarios.Overtaken), "has forgotten what sinks are owed")]
    [InlineData(nameof(LifeMutation.CommitEarly), nameof(LifeScenarios.Overtaken), "is committed, and no entry that counts owns it")]
    [InlineData(nameof(LifeMutation.AbortBeforeRestore), nameof(LifeScenarios.Overtaken), "is aborted, and no restore that lacks it was recorded")]
    [InlineData(nameof(LifeMutation.AbortOwed), nameof(LifeScenarios.Overtaken), "is aborted, and an entry that counts owns it")]
    [InlineData(nameof(LifeMutation.FailureAborts), nameof(LifeScenarios.Failing), "is aborted, and no restore that lacks it was recorded")]
    [InlineData(nameof(LifeMutation.FailureForgets), nameof(LifeScenarios.Failing), "which was sealed before it")]
    [InlineData(nameof(LifeMutation.StopUnsettled), nameof(LifeScenarios.Crashing), "is acknowledged, and not committed")]
    [InlineData(nameof(LifeMutation.SettleEarly), nameof(LifeScenarios.Failing), "is not committed")]
    [InlineData(nameof(LifeMutation.ParentsForgotten), nameof(LifeScenarios.Failing), "the parent of a checkpoint under way is retained")]
    [InlineData(nameof(LifeMutation.GatherUnpinned), nameof(LifeScenarios.Gathering), "is needed and was deleted")]
    [InlineData(nameof(LifeMutation.DeleteEarly), nameof(LifeScenarios.Overtaken), "was deleted")]
    [InlineData(nameof(LifeMutation.GarbageForgotten), nameof(LifeScenarios.Failing), "and nobody will delete it")]
    [InlineData(nameof(LifeMutation.TwiceDiscarded), nameof(LifeScenarios.Failing), "was deleted")]
    [InlineData(nameof(LifeMutation.WantedOvertaken), nameof(LifeScenarios.Crowded), "before one that somebody waits for")]
    [InlineData(nameof(LifeMutation.RequestForgotten), nameof(LifeScenarios.Stopping), "waits for nothing")]
    public void Explore_WithoutOneOfTheRules_BreaksAnInvariant(string rule, string scenario, string invariant)
    {
        var explorer = new LifeExplorer(LifeScenarios.Of(scenario) with { StatesMax = 400_000 }, Enum.Parse<LifeMutation>(rule));

        string? broken = explorer.Explore();

        Assert.True(broken is not null, $"without {rule} nothing breaks in {explorer.States} states");
        Assert.Contains(invariant, broken, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: {broken} (after {explorer.States} states)");
    }

    /// <summary>A million states of one exploration, everything at once; how long that takes is told, and held by nothing here: a machine may be busy.</summary>
    [Fact(Explicit = true)]
    public void Explore_TwoLeadersAndAllThatMayHappen_BreaksNoInvariantInAMillionStates()
    {
        LifeBounds all = new()
        {
            Claims = 3, Checkpoints = 3, Concurrent = 2, Replies = 2, Refusals = 1, Declines = 1, Expiries = 1, Strays = 1, Failures = 1, Crashes = 1, Finishes = true,
            Requests = LifeRequests.Savepoint | LifeRequests.Stop | LifeRequests.Manual | LifeRequests.Cancel, StatesMax = 1_000_000,
        };
        var explorer = new LifeExplorer(all);
        long began = TimeProvider.System.GetTimestamp();

        Assert.Null(explorer.Explore());

        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Assert.InRange(explorer.States, 1_000_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states in {seconds:0.0} s, {explorer.States / seconds:0} a second; {string.Join(", ", explorer.Seen.Select(static s => $"{s.Key} {s.Value}"))}");
    }

    /// <summary>Every scenario to its end.</summary>
    [Theory(Explicit = true)]
    [InlineData(nameof(LifeScenarios.Failing))]
    [InlineData(nameof(LifeScenarios.Stopping))]
    [InlineData(nameof(LifeScenarios.Ending))]
    [InlineData(nameof(LifeScenarios.Cancelling))]
    [InlineData(nameof(LifeScenarios.Overtaken))]
    [InlineData(nameof(LifeScenarios.Crashing))]
    [InlineData(nameof(LifeScenarios.Gathering))]
    [InlineData(nameof(LifeScenarios.Crowded))]
    public void Explore_AScenarioToItsEnd_BreaksNoInvariant(string scenario)
    {
        var explorer = new LifeExplorer(LifeScenarios.Of(scenario) with { StatesMax = 6_000_000 });

        Assert.Null(explorer.Explore());

        TestContext.Current.TestOutputHelper?.WriteLine($"{scenario}: {explorer.States} states{(explorer.IsComplete ? ", all there are" : "")}");
    }
}
