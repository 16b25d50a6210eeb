namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class LedgerExplorerTests
{
    [Fact]
    public void Explore_TheRules_BreakNoInvariant()
    {
        var explorer = new LedgerExplorer(Mutation.None, claimsMax: 3, faultsMax: 1);

        Assert.Null(explorer.Explore());

        // Otherwise the model does nothing, and proves as much.
        Assert.InRange(explorer.States, 10_000, int.MaxValue);
        Assert.InRange(explorer.Leaders, 1_000, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states, {explorer.Leaders} times leading");
    }

    [Theory]
    [InlineData(nameof(Mutation.ClaimLeavesGap))]
    [InlineData(nameof(Mutation.AcceptShort))]
    [InlineData(nameof(Mutation.AcceptLower))]
    [InlineData(nameof(Mutation.NoCheck))]
    [InlineData(nameof(Mutation.UnknownIsNone))]
    [InlineData(nameof(Mutation.ExistsIsOurs))]
    [InlineData(nameof(Mutation.OtherBytes))]
    [InlineData(nameof(Mutation.CommitEarly))]
    [InlineData(nameof(Mutation.AbortEarly))]
    [InlineData(nameof(Mutation.DeleteEarly))]
    [InlineData(nameof(Mutation.DeleteTerm))]
    [InlineData(nameof(Mutation.DeleteEntries))]
    public void Explore_WithoutOneOfTheRules_BreaksAnInvariant(string rule)
    {
        var explorer = new LedgerExplorer(Enum.Parse<Mutation>(rule), claimsMax: 3, faultsMax: 1);

        string? broken = explorer.Explore();

        Assert.True(broken is not null, $"without {rule} nothing breaks in {explorer.States} states");
        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: {broken} (after {explorer.States} states)");
    }
}
