namespace Millrace.Tests.Runtime.Jobs;

public sealed class JobExplorerTests
{
    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    public void Explore_OneDeployment_BreaksNoInvariant(int workers, int failures)
    {
        var explorer = new JobExplorer(workers, failures);

        Assert.Null(explorer.Explore());

        Assert.True(explorer.IsComplete);
        Assert.InRange(explorer.States, 300, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine($"{explorer.States} states");
    }

    [Theory]
    [InlineData(nameof(JobMutation.RunsEarly), "before all workers are ready")]
    [InlineData(nameof(JobMutation.LostIsEnded), "cannot see TasksEnded")]
    [InlineData(nameof(JobMutation.CancelForgotten), "waits for nothing")]
    [InlineData(nameof(JobMutation.LastReasonCounts), "it was cancelled before")]
    public void Explore_WithoutOneOfTheRules_BreaksAnInvariant(string rule, string invariant)
    {
        var explorer = new JobExplorer(workers: 2, failures: 2, Enum.Parse<JobMutation>(rule));

        string? broken = explorer.Explore();

        Assert.True(broken is not null, $"without {rule} nothing breaks in {explorer.States} states");
        Assert.Contains(invariant, broken, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: {broken} (after {explorer.States} states)");
    }
}
