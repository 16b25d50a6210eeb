using Millrace.Runtime.Planning;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Runtime.Durable;

namespace Millrace.Tests.Hosting;

/// <summary>The lock of a program's schema has what its transactional sinks prepare, because a later version must read it to commit what is owed.</summary>
public sealed class SchemaLockPreparedTests : IDisposable
{
    const string Cure = "or stop the job with the program that prepared them, which commits what is owed, and write the lock anew\n";

    readonly TempFolder _folder = new();

    string Lock => _folder["state.json"];

    public void Dispose() => _folder.Dispose();

    public sealed record Part(string File, int Rows);

    public static class Grown
    {
        public sealed record Part([FormerName("File")] string Path, long Rows, bool IsWhole = true);
    }

    public static class Shrunk
    {
        public sealed record Part(string File, short Rows);
    }

    public static class Upgraded
    {
        public sealed record Part(string File, short Rows) : IUpgrade<Part, SchemaLockPreparedTests.Part>
        {
            public static Part Upgrade(SchemaLockPreparedTests.Part old) => new(old.File, (short)old.Rows);
        }
    }

    [Fact]
    public async Task Write_HasWhatSinksPrepare_AndReadsItBack()
    {
        HostOutcome written = await RunAsync("write", new Part("a", 1));
        Assert.Equal((ExitCodes.Finished, $"orders: {Lock} has the 2 states of 1 operators and the prepared transactions of 1 sink; commit it\n"), (written.ExitCode, written.Output.ReplaceLineEndings("\n")));
        string text = await TextAsync();
        Assert.Contains("""
                  "id": "out",
                  "verb": "Sink",
                  "states": [],
                  "prepared": {
            """.ReplaceLineEndings("\n"), text, StringComparison.Ordinal);
        Assert.Contains("{ \"name\": \"Rows\", \"type\": \"int32\" }", text, StringComparison.Ordinal);
        Assert.Equal(text, SchemaLock.Read(text).Text);
        Assert.Equal((ExitCodes.Finished, $"orders: its state is as {Lock} says\n"), Of(await RunAsync("check", new Part("a", 1))));
    }

    [Fact]
    public async Task Check_OfATypeThatReadsIt_AsksForTheLockAnew()
    {
        await RunAsync("write", new Part("a", 1));
        HostOutcome check = await RunAsync("check", new Grown.Part("a", 1));
        Assert.Equal(ExitCodes.Failed, check.ExitCode);
        string line = Assert.Single(check.Output.Split('\n'), static l => l.StartsWith("  changed       out/prepared  ", StringComparison.Ordinal));
        Assert.Contains("Part.Path renamed from File", line, StringComparison.Ordinal);
        Assert.Contains("Part.Rows widened from int32 to int64", line, StringComparison.Ordinal);
        Assert.Contains("Part.IsWhole new, default true", line, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ExitCodes.Failed, (await RunAsync("check", new Upgraded.Part("a", 1))).ExitCode);
    }

    [Fact]
    public async Task Check_OfATypeThatCannotReadIt_SaysTheMemberAndTheCuresInOneLine()
    {
        await RunAsync("write", new Part("a", 1));
        HostOutcome check = await RunAsync("check", new Shrunk.Part("a", 1));
        Assert.Equal((ExitCodes.Refused,
            $"orders: state as {Lock} says would not be restored\n  incompatible  out/prepared  transactions that are owed could not be committed: "
            + $"SchemaLockPreparedTests.Shrunk.Part.Rows was int32 and is int16, which does not hold all its values; declare it as int32 again, or make the new values from the old with IUpgrade; {Cure}"), Of(check));
    }

    [Fact]
    public async Task Check_OfASinkThatIsGoneOrOfAnotherKind_IsRefused()
    {
        await RunAsync("write", new Part("a", 1));
        Assert.Equal((ExitCodes.Refused,
            $"orders: state as {Lock} says would not be restored\n  unmatched     out/prepared  operator 'out' is no transactional sink any more: make it one again, {Cure}"),
            Of(await RunAsync("check", static texts => texts.Sink("out", DiscardSink.Of<string>()))));
        Assert.Equal((ExitCodes.Refused,
            $"orders: state as {Lock} says would not be restored\n  unmatched     out/prepared  the program has no sink 'out' any more: give it that id again, {Cure}"),
            Of(await RunAsync("check", static texts => texts.Sink("elsewhere", DiscardSink.Of<string>()))));
    }

    [Fact]
    public async Task Check_OfALockOfAnEarlierBuild_CountsTransactionsAsNew()
    {
        // Earlier builds wrote no sinks at all.
        await RunAsync("write", static texts => texts.Sink("out", DiscardSink.Of<string>()));
        Assert.DoesNotContain("prepared", await TextAsync(), StringComparison.Ordinal);
        HostOutcome check = await RunAsync("check", new Part("a", 1));
        Assert.Equal((ExitCodes.Failed,
            $"orders: state as {Lock} says would be restored, and what is declared has changed\n  new           out/prepared  the transactions that it prepares, which the lock does not have\n"
            + "Write it anew with `schema write` and commit it, so that the next change is compared with this one.\n"), Of(check));
        await RunAsync("write", new Part("a", 1));
        Assert.Equal(ExitCodes.Finished, (await RunAsync("check", new Part("a", 1))).ExitCode);
    }

    static (int ExitCode, string Output) Of(HostOutcome outcome) => (outcome.ExitCode, outcome.Output);

    Task<string> TextAsync() => File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken);

    Task<HostOutcome> RunAsync<TPrepared>(string verb, TPrepared prepared) => RunAsync(verb, texts => texts.Sink("out", new OwingSink<TPrepared>(prepared)));

    Task<HostOutcome> RunAsync(string verb, Action<DataStream<string>> sink) =>
        HostHarness.RunAsync((flow, _) => sink(flow.Source("texts", CollectionSource.Of(["a"]))), "schema", verb, "--lock", Lock);
}
