using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Millrace.Cli;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using Spectre.Console;

namespace Millrace.Tests.Cli;

/// <summary>Savepoints of a storage that is moved or copied, and those that are disposed of by their address.</summary>
public sealed class SavepointPlaceTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Storage_Moved_HasItsSavepointsWhereItIs()
    {
        await RunAsync("state", "savepoint", "stop");

        Directory.Move(_folder["state"], _folder["moved"]);

        Assert.All(await SavepointsAsync("moved"), address => Assert.Contains("/moved/savepoints/orders-", address, StringComparison.Ordinal));
        HostOutcome verify = await AskAsync("moved", "snapshots verify latest-savepoint");
        Assert.True(verify.ExitCode == ExitCodes.Finished, verify.Error);
        HostOutcome plan = await HostHarness.RunAsync(Job(new()), "plan", "--storage", _folder["moved"], "--from", "latest-savepoint");
        Assert.True(plan.ExitCode == ExitCodes.Finished, plan.Output + plan.Error);
        Assert.Contains("/moved/savepoints/orders-", (await AskAsync("moved", "status")).Output, StringComparison.Ordinal);
        await RunAsync("moved", ["--from", "latest-savepoint"], "stop");
    }

    /// <summary>A copy reads its own savepoint, and claims that alone: the original's stays.</summary>
    [Fact]
    public async Task Storage_Copied_ClaimsItsOwnSavepoint()
    {
        await RunAsync("state", "stop");
        using (Process copy = Process.Start("cp", ["-r", _folder["state"], _folder["copy"]])) await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        string[] before = Files("state");
        string own = Assert.Single(await SavepointsAsync("copy"));
        Assert.Contains("/copy/savepoints/", own, StringComparison.Ordinal);

        await RunAsync("copy", ["--from", "latest-savepoint", "--claim"], "checkpoint", "cancel");

        Assert.Equal(before, Files("state"));
        Assert.DoesNotContain(Directory.EnumerateFiles(new Uri(own).LocalPath, "*", SearchOption.AllDirectories), static f => !f.EndsWith("/_claimed", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Finished, (await AskAsync("state", "snapshots verify latest-savepoint")).ExitCode);
    }

    [Fact]
    public async Task Dispose_OfTheNewestSavepoint_LeavesTheOneBefore()
    {
        await RunAsync("state", "savepoint", "stop");
        string[] savepoints = await SavepointsAsync("state");

        HostOutcome unsure = await ToolAsync(["snapshots", "dispose", savepoints[1]]);
        Assert.Equal(ExitCodes.NotRunning, unsure.ExitCode);
        Assert.Contains("add --yes to claim term 2", unsure.Error, StringComparison.Ordinal);
        Assert.Equal(savepoints, await SavepointsAsync("state"));
        HostOutcome disposed = await ToolAsync(["snapshots", "dispose", savepoints[1], "--yes"]);

        Assert.Equal(ExitCodes.Finished, disposed.ExitCode);
        Assert.Matches(@"^orders: savepoint \d+ is not the job's any more\nsavepoint \d+ of orders is deleted: \d+ files\n$", disposed.Output);
        Assert.Equal(savepoints[..1], await SavepointsAsync("state"));
        Assert.False(File.Exists(Path.Combine(new Uri(savepoints[1]).LocalPath, "_metadata")));
        Assert.Equal(ExitCodes.Finished, (await HostHarness.RunAsync(Job(new()), "plan", "--storage", _folder["state"], "--from", "latest-savepoint")).ExitCode);
    }

    /// <summary>A folder that was deleted by other means is forgotten when the job is named.</summary>
    [Fact]
    public async Task Dispose_OfASavepointThatIsGone_HasItForgotten()
    {
        await RunAsync("state", "savepoint", "stop");
        string[] savepoints = await SavepointsAsync("state");
        Directory.Delete(new Uri(savepoints[1]).LocalPath, recursive: true);

        HostOutcome unnamed = await ToolAsync(["snapshots", "dispose", savepoints[1], "--yes"]);
        Assert.Contains("add --storage ADDRESS and --job NAME to have it forgotten", unnamed.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("state", $"snapshots dispose {savepoints[1]} --yes")).ExitCode);

        Assert.Equal(savepoints[..1], await SavepointsAsync("state"));
    }

    [Fact]
    public async Task Dispose_OfASavepointOfARunningJob_IsRecordedByItsProcess()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--checkpoint-interval", "1h");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("state", "savepoint")).ExitCode);
        string savepoint = Assert.Single(await SavepointsAsync("state"));

        HostOutcome disposed = await ToolAsync(["snapshots", "dispose", savepoint]);

        Assert.True(disposed.ExitCode == ExitCodes.Finished, disposed.Error);
        Assert.Empty(await SavepointsAsync("state"));
        Assert.Equal(ExitCodes.Finished, (await AskAsync("state", "cancel")).ExitCode);
        await running;
    }

    /// <summary>What a job began with is all it has until its first checkpoint.</summary>
    [Theory]
    [InlineData("savepoints/orders-7-1.2")]
    [InlineData("file:///state/savepoints/orders-7-1.2")]
    public void Decide_DisposeOfWhatALiveLineBeganWith_IsRefusedUntilItHasACheckpoint(string recorded)
    {
        LedgerState state = new()
        {
            Job = "orders", Phase = JobPhase.Interrupted, Timeline = "t", Origin = new TimelineOrigin.Folder(recorded, LedgerEntry.None, false),
            Savepoints = [new(7, new(1, 2), "s", recorded, LedgerEntry.None, default)],
        };
        LedgerEdit.DisposeSavepoint dispose = new("file:///state/savepoints/orders-7-1.2") { Recorded = "savepoints/orders-7-1.2" };

        (IReadOnlyList<LedgerEvent> events, LedgerEditOutcome outcome) = LedgerEdits.Decide(state, dispose, static _ => null);

        Assert.Empty(events);
        Assert.Contains("has no checkpoint of its own yet, so it could not go on without it", outcome.Text, StringComparison.Ordinal);
        (events, outcome) = LedgerEdits.Decide(state with { Phase = JobPhase.Cancelled }, dispose, static _ => null);
        Assert.True(outcome.IsDone);
        Assert.Equal([new LedgerEvent.SavepointDisposed(recorded)], events);
    }

    string[] Files(string storage) => [.. Directory.EnumerateFiles(_folder[storage], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    async Task<string[]> SavepointsAsync(string storage) =>
        [.. JsonDocument.Parse((await AskAsync(storage, "snapshots ls --json")).Output).RootElement.EnumerateArray()
            .Where(static l => l.GetProperty("kept").GetString() == "savepoint").Select(static l => l.GetProperty("address").GetString()!)];

    Task RunAsync(string storage, params string[] verbs) => RunAsync(storage, [], verbs);

    /// <summary>Runs the job and asks it for things, the last of which ends it.</summary>
    async Task RunAsync(string storage, string[] words, params string[] verbs)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), ["--storage", _folder[storage], "--checkpoint-interval", "1h", .. words]);
        await Task.WhenAny(started.Task, running).WaitAsync(TestContext.Current.CancellationToken);
        foreach (string verb in verbs)
        {
            HostOutcome asked = await AskAsync(storage, verb);
            Assert.True(asked.ExitCode == ExitCodes.Finished, asked.Error);
        }

        await running;
    }

    static Action<Dataflow, JobArguments> Job(TaskCompletionSource started) => (flow, _) => flow
        .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(10_000)).WithParallelism(1)
        .KeyBy(static n => n % 10)
        .Reduce("sum", static (a, b) => a + b)
        .Sink("seen", CallbackSink.Of<long>(_ => started.TrySetResult()));

    Task<HostOutcome> AskAsync(string storage, string words) => ToolAsync([.. words.Split(' '), "--storage", _folder[storage], "--job", "orders"]);

    static async Task<HostOutcome> ToolAsync(string[] words)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        int exitCode = await ToolCommands.RunAsync(new Tool(output, error, console, TimeProvider.System), words, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
