using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Hosting;

/// <summary>Verbs that ask a running job take their own options and those of the job, and no other word.</summary>
public sealed class VerbWordsTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("cancel --savepiont", "orders: unknown option --savepiont; did you mean --savepoint? cancel knows --to, --savepoint, -s; this job knows --input, --rate (--help shows all)")]
    [InlineData("stop --drian", "unknown option --drian; did you mean --drain? stop knows --to, --drain; ")]
    [InlineData("stop --savepoint", "unknown option --savepoint; did you mean --savepoints? stop knows --to, --drain; ")]
    [InlineData("checkpoint --to x", "unknown option --to; checkpoint has no options of its own; this job knows ")]
    [InlineData("status --rats 5", "unknown option --rats; did you mean --rate?")]
    [InlineData("savepoint extra", "'extra' has no meaning after savepoint; savepoint knows --to; ")]
    [InlineData("savepoint --rate 5 extra", "'extra' has no meaning after savepoint; ")]
    [InlineData("stop -s", "unknown option -s; ")]
    public async Task AVerb_WithAWordNobodyKnows_IsRefusedWithTheNearest(string words, string expected)
    {
        HostOutcome outcome = await AskAsync(words);

        Assert.Equal((ExitCodes.Refused, ""), (outcome.ExitCode, outcome.Output));
        Assert.Contains(expected, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(1, outcome.Error.Count(static c => c == '\n'));
    }

    /// <summary>A command line is often that of the run with the verb put before it.</summary>
    [Theory]
    [InlineData("cancel -s --rate 5")]
    [InlineData("stop --drain --rate=5 --input flights.csv")]
    [InlineData("status --rate 5 --checkpoint-interval 1s")]
    [InlineData("savepoint --rate")]
    public async Task AVerb_WithOptionsOfTheJob_TakesThem(string words) => Assert.Equal(ExitCodes.NotRunning, (await AskAsync(words)).ExitCode);

    // What the job needs to run is not needed to ask it.
    Task<HostOutcome> AskAsync(string words) => HostHarness.RunAsync(
        static (flow, arguments) =>
        {
            int rate = arguments.Get("rate", 1);
            string input = arguments["input"];
            flow.Source("numbers", CollectionSource.Of([rate, input.Length])).Sink("nothing", DiscardSink.Of<int>());
        },
        [.. words.Split(' '), "--storage", _folder["state"]]);
}
