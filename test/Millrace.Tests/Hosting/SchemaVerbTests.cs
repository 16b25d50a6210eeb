using Millrace.Runtime.Planning;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Runtime.Durable;

namespace Millrace.Tests.Hosting;

/// <summary>The lock of a program's schema: written by one version, compared by the next.</summary>
public sealed class SchemaVerbTests : IDisposable
{
    readonly TempFolder _folder = new();

    string Lock => _folder["state.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Check_OfTheSameProgram_IsTheSameAndSoIsTheText()
    {
        HostOutcome written = await RunAsync<EvolvingJob.Before.Total>("write");
        Assert.Equal((ExitCodes.Finished, $"orders: {Lock} has the 4 states of 2 operators; commit it\n"), (written.ExitCode, written.Output.ReplaceLineEndings("\n")));
        string text = await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken);
        HostOutcome check = await RunAsync<EvolvingJob.Before.Total>("check");
        Assert.Equal((ExitCodes.Finished, $"orders: its state is as {Lock} says\n", ""), (check.ExitCode, check.Output, check.Error));
        await RunAsync<EvolvingJob.Before.Total>("write");
        Assert.Equal(text, await File.ReadAllTextAsync(Lock, TestContext.Current.CancellationToken));
        // A member to a line, as a diff shows them.
        Assert.Contains("                  { \"name\": \"Sum\", \"type\": \"int32\" },\n", text, StringComparison.Ordinal);
        Assert.Equal(text, SchemaLock.Read(text).Text);
    }

    [Fact]
    public async Task Check_OfAChangeThatFits_AsksForTheLockAnew()
    {
        await RunAsync<EvolvingJob.Before.Total>("write");
        HostOutcome check = await RunAsync<EvolvingJob.After.Total>("check");
        Assert.Equal(ExitCodes.Failed, check.ExitCode);
        Assert.StartsWith($"orders: state as {Lock} says would be restored, and what is declared has changed\n  changed       states/total  ", check.Output, StringComparison.Ordinal);
        Assert.Contains("Total.Amount widened from int32 to decimal; ", check.Output, StringComparison.Ordinal);
        Assert.EndsWith("Write it anew with `schema write` and commit it, so that the next change is compared with this one.\n", check.Output, StringComparison.Ordinal);
        await RunAsync<EvolvingJob.After.Total>("write");
        Assert.Equal(ExitCodes.Finished, (await RunAsync<EvolvingJob.After.Total>("check")).ExitCode);
    }

    [Fact]
    public async Task Check_OfAChangeThatWouldNotRestore_SaysTheMemberAndTheCure()
    {
        await RunAsync<EvolvingJob.Before.Total>("write");
        HostOutcome check = await RunAsync<EvolvingJob.Broken.Total>("check");
        Assert.Equal(ExitCodes.Refused, check.ExitCode);
        Assert.StartsWith($"orders: state as {Lock} says would not be restored\n  incompatible  states/total  ", check.Output, StringComparison.Ordinal);
        Assert.Contains("Total.Sum was int32 and is string; declare it as int32 again", check.Output, StringComparison.Ordinal);

        HostOutcome gone = await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), "schema", "check", "--lock", Lock);
        Assert.Equal(ExitCodes.Refused, gone.ExitCode);
        Assert.Matches("\n  unmatched +states/total +the program has no operator 'states' any more", gone.Output);
    }

    [Theory]
    [InlineData(null, "write it with `schema write` and commit it")]
    [InlineData("", "restore it from version control")]
    [InlineData("{\"format\":2}", "its format 2 is newer than this program knows, which is 1")]
    [InlineData("{\"format\":1,\"job\":\"other\",\"operators\":[]}", "is the lock of the job other")]
    [InlineData("{\"format\":1,\"job\":\"orders\",\"operators\":[{\"id\":\"a\",\"verb\":\"b\",\"states\":[{\"name\":\"x\",\"layout\":\"flat\",\"kind\":\"k\",\"value\":{}}]}]}", "'flat' is no layout")]
    public async Task Check_WithoutAReadableLock_SaysWhatToDo(string? text, string expected)
    {
        if (text is not null) _folder.Write("state.json", text);
        HostOutcome check = await RunAsync<EvolvingJob.Before.Total>("check");
        Assert.Equal(ExitCodes.Refused, check.ExitCode);
        Assert.Contains(expected, check.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("after 'schema' comes write or check", "schema")]
    [InlineData("after 'schema' comes write or check, not 'show'", "schema", "show")]
    [InlineData("--lock has no value; give a file, as in --lock state.json", "schema", "write", "--lock")]
    public async Task Words_ThatAreWrong_AreSaid(string expected, params string[] words) =>
        Assert.Contains(expected, (await HostHarness.RunAsync(HostHarness.Numbers(1, static n => n), words)).Error, StringComparison.Ordinal);

    Task<HostOutcome> RunAsync<T>(string verb) => HostHarness.RunAsync(Define<T>, "schema", verb, "--lock", Lock);

    static void Define<T>(Dataflow flow, JobArguments arguments) => flow
        .Source("numbers", CollectionSource.Of([1])).KeyBy(static n => n).Process<string>("states", static state => new Function<T>(state)).Sink("out", DiscardSink.Of<string>());

    sealed class Function<T>(StateScope state) : IKeyedProcess<int, int, string>
    {
        readonly ValueState<T> _total = state.Value<T>("total");

        public void OnRecord(in Record<int> record, Output<string> output) => _total.Clear();
    }
}
