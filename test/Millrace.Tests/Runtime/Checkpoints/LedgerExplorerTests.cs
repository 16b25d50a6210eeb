namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class LedgerExplorerTests
{
    [Fact]
    public void Explore_TheRules_BreakNoInvariant()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 3, faultsMax: 1, Play.Sinks);

        Assert.Null(explorer.Explore());

        // Otherwise the model does nothing, and proves as much.
        Assert.InRange(explorer.States, 10_000, int.MaxValue);
        Assert.InRange(explorer.Leaders, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states, {explorer.Leaders} times leading");
    }

    /// <summary>
    /// Two leaders, and what they delete, over four entries a term, with lost answers: the first 1.2 million states of one exploration, breadth first. How
    /// long that takes is told, and held by nothing here: a machine may be busy.
    /// </summary>
    [Fact]
    public void Explore_TwoLeadersAndTheirCollections_BreaksNoInvariantInAMillionStates()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 3, faultsMax: 1, Play.Sinks | Play.Pruning | Play.FourEntries, statesMax: 1_200_000);
        long began = TimeProvider.System.GetTimestamp();

        Assert.Null(explorer.Explore());

        double seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Assert.InRange(explorer.States, 1_000_000, int.MaxValue);
        Assert.InRange(explorer.Pruned, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states in {seconds:0.0} s, {explorer.States / seconds:0} a second; {explorer.Leaders} times leading, {explorer.Pruned} entries deleted");
    }

    [Theory]
    [InlineData("Pruning", 1)]
    [InlineData("Pruning, Rolls", 1)]
    [InlineData("Pruning, Sinks", 0)]
    [InlineData("Pruning, Hints", 1)]
    [InlineData("Pruning, Rolls, Hints", 0)]
    public void Explore_DeletingEntries_BreaksNoInvariant(string play, int faultsMax)
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 3, faultsMax, Enum.Parse<Play>(play));

        Assert.Null(explorer.Explore());

        Assert.InRange(explorer.Pruned, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{play}: {explorer.States} states, {explorer.Leaders} times leading, {explorer.Pruned} entries deleted");
    }

    // With three claims there are 2.7 million states, and nothing breaks either; that takes more than a minute.
    [Fact]
    public void Explore_WithAReader_NeverReadsLessThanWasReported()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 2, faultsMax: 0, Play.Pruning | Play.Reader);

        Assert.Null(explorer.Explore());

        Assert.InRange(explorer.Reads, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states, {explorer.Reads} times read");
    }

    /// <summary>Whatever HEAD and reads ahead tell, nobody takes for lost what others deleted, or what arrived late.</summary>
    [Fact]
    public void Explore_WithHintsAndAReader_RefusesNoStoreThatLostNothing()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 2, faultsMax: 1, Play.Pruning | Play.Reader | Play.Hints);

        Assert.Null(explorer.Explore());

        Assert.InRange(explorer.Reads, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states, {explorer.Reads} times read");
    }

    [Fact]
    public void Explore_AReaderThatDoesNotLookAgain_ReadsLessThanWasReported()
    {
        var explorer = new LedgerExplorer(Mutation.ReadOnce, claimsMax: 2, faultsMax: 0, Play.Pruning | Play.Reader);

        string? broken = explorer.Explore();

        Assert.Contains("a reader ends at ", broken, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"{broken} (after {explorer.States} states)");
    }

    /// <summary>Two processes with two claims between them, to the end, with two replies lost or late wherever they may be.</summary>
    [Fact]
    public void Explore_TwoLostReplies_BreakNoInvariant()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 2, faultsMax: 2, Play.Sinks);

        Assert.Null(explorer.Explore());

        Assert.InRange(explorer.Leaders, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states, {explorer.Leaders} times leading");
    }

    [Fact]
    public void Explore_AStoreThatLostAllButTheHint_IsNotTakenForANewJob()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 2, faultsMax: 0, Play.Sinks | Play.Expiry);

        Assert.Null(explorer.Explore());

        Assert.InRange(explorer.States, 500, int.MaxValue);
    }

    [Theory]
    [InlineData(nameof(Mutation.ClaimLeavesGap))]
    [InlineData(nameof(Mutation.ClaimNamesPast))]
    [InlineData(nameof(Mutation.ClaimWithoutNonce))]
    [InlineData(nameof(Mutation.AcceptShort))]
    [InlineData(nameof(Mutation.AcceptLower))]
    [InlineData(nameof(Mutation.AcceptNothing))]
    [InlineData(nameof(Mutation.VoidCounts))]
    [InlineData(nameof(Mutation.OpeningNamesNothing))]
    [InlineData(nameof(Mutation.NoOpening))]
    [InlineData(nameof(Mutation.OwedForgotten))]
    [InlineData(nameof(Mutation.RetainedForgotten))]
    [InlineData(nameof(Mutation.DoomedForgotten))]
    [InlineData(nameof(Mutation.TimelineForgotten))]
    [InlineData(nameof(Mutation.NoCheck))]
    [InlineData(nameof(Mutation.UnknownIsNone))]
    [InlineData(nameof(Mutation.UnknownIsFailed), "Sinks, FourEntries")]
    [InlineData(nameof(Mutation.UnknownIsCreated))]
    [InlineData(nameof(Mutation.ExistsIsOurs))]
    [InlineData(nameof(Mutation.ExistsIsForeign))]
    [InlineData(nameof(Mutation.OtherBytes))]
    [InlineData(nameof(Mutation.CommitEarly))]
    [InlineData(nameof(Mutation.CommitBeforeOpening))]
    [InlineData(nameof(Mutation.AbortEarly))]
    [InlineData(nameof(Mutation.AbortBeforeRestore))]
    [InlineData(nameof(Mutation.AbortOwed))]
    [InlineData(nameof(Mutation.DeleteEarly))]
    [InlineData(nameof(Mutation.DeleteTerm))]
    [InlineData(nameof(Mutation.DeleteOpening), nameof(Play.Pruning))]
    [InlineData(nameof(Mutation.DeleteEntries))]
    [InlineData(nameof(Mutation.SearchStopsShort))]
    [InlineData(nameof(Mutation.SearchWithoutBisection))]
    [InlineData(nameof(Mutation.HintIgnored), "Sinks, Expiry", 2)]
    [InlineData(nameof(Mutation.PruneEarly), nameof(Play.Pruning))]
    [InlineData(nameof(Mutation.ForgetPruning), nameof(Play.Pruning))]
    [InlineData(nameof(Mutation.DeletedIsLost), nameof(Play.Pruning))]
    [InlineData(nameof(Mutation.GapIsLost), "Pruning, Hints")]
    public void Explore_WithoutOneOfTheRules_BreaksAnInvariant(string rule, string play = nameof(Play.Sinks), int claimsMax = 3)
    {
        var explorer = new LedgerExplorer(Enum.Parse<Mutation>(rule), claimsMax, faultsMax: 1, Enum.Parse<Play>(play));

        string? broken = explorer.Explore();

        Assert.True(broken is not null, $"without {rule} nothing breaks in {explorer.States} states");
        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: {broken} (after {explorer.States} states)");
    }
}
