namespace Millrace.Tests.Hosting;

public sealed class FailureTextTests
{
    [Fact]
    public async Task Run_ALambdaThatThrows_NamesOperatorSubtaskRecordAndTheUsersStack()
    {
        HostOutcome outcome = await HostHarness.RunAsync(
            static (flow, _) => flow.Source("numbers", CollectionSource.Of([1, 0, 2])).Process("invert", static () => new Invert())
                .Sink("out", DiscardSink.Of<int>()),
            "--parallelism", "1", "--quiet");

        string[] lines = outcome.Error.TrimEnd().Split('\n');
        Assert.Equal(ExitCodes.Failed, outcome.ExitCode);
        Assert.Equal("job 'orders' failed: operator 'invert' (subtask 1/1) failed on record 0: DivideByZeroException: Attempted to divide by zero.", lines[0]);
        Assert.Matches(@"^   at Millrace\.Tests\.Hosting\.FailureTextTests\.Invert\.OnRecord\(.*\) in .*FailureTextTests\.cs:line \d+$", lines[1]);
        // The runtime may show the interface's method as a frame of its own; nothing of the engine follows.
        Assert.All(lines[1..], static l => Assert.StartsWith("   at Millrace.Tests.Hosting.FailureTextTests.Invert.", l, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_AFailureWithACause_TellsTheCauseAsWell()
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(10, Fail), "--parallelism", "1", "--quiet");

        Assert.Equal(ExitCodes.Failed, outcome.ExitCode);
        Assert.StartsWith("job 'orders' failed: operator 'Select-2' (subtask 1/1) failed on record 7: InvalidOperationException: no luck\n", outcome.Error,
            StringComparison.Ordinal);
        Assert.Contains("\ncaused by FormatException: seven\n   at Millrace.Tests.Hosting.FailureTextTests.", outcome.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Millrace.Runtime", outcome.Error, StringComparison.Ordinal);
    }

    static long Fail(long number)
    {
        try
        {
            return number == 7 ? throw new FormatException("seven") : number;
        }
        catch (FormatException cause)
        {
            throw new InvalidOperationException("no luck", cause);
        }
    }

    sealed class Invert : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output) => output.Emit(100 / record.Value);
    }
}
