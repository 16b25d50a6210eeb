using System.Globalization;
using System.Text.Json;
using Millrace.Cli;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Hosting;
using Spectre.Console;

namespace Millrace.Tests.Cli;

/// <summary>The tool over the folder of a job that has run, without the job's program.</summary>
public sealed class ToolTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Snapshots_OfAJobThatWasStopped_AreListedShownVerifiedComparedAndCopied()
    {
        await RunAndStopAsync();

        HostOutcome ls = await AskAsync("snapshots ls");
        Assert.Equal((ExitCodes.Finished, ""), (ls.ExitCode, ls.Error));
        Assert.Matches(@"\n *\d+ +retained +.* the newest", ls.Output);
        Assert.Matches(@"\n *\d+ +savepoint +.*/state/savepoints/orders-", ls.Output);
        JsonElement[] lines = [.. JsonDocument.Parse((await AskAsync("snapshots ls --json")).Output).RootElement.EnumerateArray()];
        Assert.Equal(2, lines.Count(static l => l.GetProperty("kept").GetString() == "savepoint"));
        long[] ids = [.. lines.Where(static l => l.GetProperty("kept").GetString() == "retained").Select(static l => l.GetProperty("id").GetInt64())];
        Assert.Equal(3, ids.Length);

        HostOutcome show = await AskAsync("snapshots show latest");
        Assert.Matches(@"\nsum +2 +\S.* 10 +0 +[\d,]+ +\d+ +00000000-ffffffff ", show.Output);
        Assert.Contains("00000000-ffffffff", show.Output, StringComparison.Ordinal);
        Assert.Matches(@"\n[\d,]+ bytes in \d+ files were written for it; it names [\d,]+ bytes in \d+ files of earlier checkpoints besides\n", show.Output);
        Assert.Matches(@"\n_metadata +\d+\.\d+ +\d+ +says what all of it is", show.Output);
        Assert.Matches(@"\npacks/\S+ +[\d,]+ +1\.\d+ +\d+ +sum/.* \d+ rows", show.Output);
        Assert.Equal("orders", JsonDocument.Parse((await AskAsync("snapshots show latest --json")).Output).RootElement.GetProperty("job").GetString());

        Assert.Matches(@"^snapshot \d+ of orders is whole: \d+ files besides _metadata", (await AskAsync("snapshots verify latest-savepoint --strangers")).Output);
        Assert.Matches(@"\nsum +\S+ +10 +10 ", (await AskAsync($"snapshots diff {ids[0]} {ids[^1]}")).Output);
        HostOutcome copy = await AskAsync($"snapshots copy {ids[0]} --to {_folder["copies"]}");
        string address = copy.Output.TrimEnd().Split(' ')[^1];
        HostOutcome copied = await RunAsync("snapshots", "verify", address);
        Assert.Equal((ExitCodes.Finished, ""), (copied.ExitCode, copied.Error));
        Assert.Equal(ExitCodes.Finished, (await RunAsync("snapshots", "dispose", address)).ExitCode);
        Assert.Empty(Directory.EnumerateFiles(_folder["copies"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Verify_ADamagedPack_NamesFileOperatorAndState()
    {
        await RunAndStopAsync();
        string pack = Directory.EnumerateFiles(_folder["state/savepoints"], "*", SearchOption.AllDirectories).First(static f => f.Contains("/packs/", StringComparison.Ordinal));
        byte[] bytes = File.ReadAllBytes(pack);
        bytes[bytes.Length / 4] ^= 1;
        File.WriteAllBytes(pack, bytes);
        string savepoint = Path.GetDirectoryName(Path.GetDirectoryName(pack))!;

        HostOutcome verify = await RunAsync("snapshots", "verify", savepoint);

        Assert.Equal(ExitCodes.Failed, verify.ExitCode);
        Assert.Contains(Path.GetFileName(pack), verify.Error, StringComparison.Ordinal);
        Assert.Contains("'sum'", verify.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PinUnpinDispose_WithoutAProcess_LeadForAMomentWhenToldTo()
    {
        await RunAndStopAsync();
        long[] ids = await RetainedAsync();

        HostOutcome unsure = await AskAsync($"snapshots pin {ids[0]}");
        Assert.Equal(ExitCodes.NotRunning, unsure.ExitCode);
        Assert.Contains("add --yes to claim term 2", unsure.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await AskAsync($"snapshots pin {ids[0]} --reason audit --yes")).ExitCode);
        Assert.Matches($@"\n *{ids[0]} +pinned +.* audit", (await AskAsync("snapshots ls")).Output);

        Assert.Equal($"orders: checkpoint {ids[0]} is left to retention\n", (await AskAsync($"snapshots unpin {ids[0]} --yes")).Output);
        Assert.StartsWith($"orders: checkpoint {ids[0]} is deleted: ", (await AskAsync($"snapshots dispose {ids[0]} --yes")).Output, StringComparison.Ordinal);
        Assert.Equal(ids[1..], await RetainedAsync());
        Assert.Equal(ExitCodes.Failed, (await AskAsync($"snapshots dispose {ids[0]} --yes")).ExitCode);
        Assert.Matches(" is whole: ", (await AskAsync("snapshots verify latest")).Output);
    }

    [Fact]
    public async Task Collect_WhatNobodyNames_IsDeletedAndNothingElse()
    {
        await RunAndStopAsync();
        string[] before = Files();
        _folder.Write("state/orders/packs/1.1-0-99.0-abc", "left by a process that was killed");
        _folder.Write("state/orders/checkpoints/99-1.1/_metadata", "{}");
        _folder.Write("state/orders/packs/not-ours", "by hand");
        _folder.Write("state/orders/ledger/1/9999", "written late by a process that was overtaken");

        HostOutcome dry = await AskAsync("snapshots gc --dry-run");
        Assert.Contains("\n2 files would be deleted, ", dry.Output, StringComparison.Ordinal);
        Assert.Contains("packs/1.1-0-99.0-abc", dry.Output, StringComparison.Ordinal);
        Assert.Contains("packs/not-ours: not a name that Millrace makes; left alone", dry.Output, StringComparison.Ordinal);
        Assert.Matches(@"\nledger/1/1 +\d+ +an entry of an earlier term", dry.Output);
        Assert.DoesNotContain("ledger/1/0 ", dry.Output, StringComparison.Ordinal);
        Assert.Equal(before.Length + 4, Files().Length);
        Assert.Equal(ExitCodes.NotRunning, (await AskAsync("snapshots gc")).ExitCode);

        HostOutcome gc = await AskAsync("snapshots gc --yes");

        Assert.Equal(ExitCodes.Finished, gc.ExitCode);
        Assert.Contains("\n2 files deleted, ", gc.Output, StringComparison.Ordinal);
        Assert.Contains("ledger/1/9999", gc.Output, StringComparison.Ordinal);
        // What would go is what went.
        Assert.Equal(EntriesOf(dry.Output, "would be"), EntriesOf(gc.Output, "are"));
        // The claim and the entries of the tool's own term are new; of what was there, the entries it has accepted are gone.
        string[] accepted = [.. Files().Where(f => f.Contains("/ledger/1/", StringComparison.Ordinal))];
        Assert.Equal([_folder["state/orders/ledger/1/0"]], accepted);
        Assert.DoesNotContain(before.Except(Files()), f => !f.Contains("/ledger/1/", StringComparison.Ordinal));
        Assert.Contains(_folder["state/orders/packs/not-ours"], Files());
        Assert.DoesNotContain(_folder["state/orders/packs/1.1-0-99.0-abc"], Files());
        await RunAndStopAsync("--from", "latest-savepoint");
    }

    /// <summary>The history would end there, and what it has forgotten would be garbage.</summary>
    [Theory]
    [InlineData("0")]
    [InlineData("3")]
    public async Task AnEntryOfTheLedgerIsGone_LooksCollectionAndStartAreRefused(string gone)
    {
        await RunAndStopAsync();
        File.Delete(_folder[$"state/orders/ledger/1/{gone}"]);
        string[] before = Files();

        foreach (string words in (string[])["status", "snapshots ls", "snapshots gc --dry-run", "snapshots gc --yes", "snapshots dispose 1 --yes"])
        {
            HostOutcome refused = await AskAsync(words);
            Assert.Equal(ExitCodes.Refused, refused.ExitCode);
            Assert.Contains($"ledger/1/{gone} is gone, though HEAD names entry 1.", refused.Error, StringComparison.Ordinal);
        }

        HostOutcome start = await HostHarness.RunAsync(Job(new()), "--storage", _folder["state"], "--from", "latest");
        Assert.Equal(ExitCodes.Refused, start.ExitCode);
        Assert.Contains($"ledger/1/{gone} is gone", start.Error, StringComparison.Ordinal);
        Assert.Equal(before, Files());
    }

    /// <summary>A new line of history leaves nothing behind that nobody names, though it keeps the tip of the old one.</summary>
    [Fact]
    public async Task Collect_AfterANewTimeline_FindsNothing()
    {
        await RunAndStopAsync();
        await RunAndStopAsync("--from", "latest-savepoint");

        HostOutcome dry = await AskAsync("snapshots gc --dry-run");

        Assert.Contains("\n0 files would be deleted, 0 bytes; ", dry.Output, StringComparison.Ordinal);
        Assert.Contains("left behind by timeline ", (await AskAsync("snapshots ls")).Output, StringComparison.Ordinal);
        Assert.Matches(" is whole: ", (await AskAsync("snapshots verify latest")).Output);
    }

    [Fact]
    public async Task Verbs_OfTheTool_ReachTheRunningProcess()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--parallelism", "2");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Contains("records read", (await AskAsync("status")).Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.LedElsewhere, (await AskAsync("snapshots gc --yes")).ExitCode);
        Assert.Matches(@"^orders: checkpoint \d+ was taken\n$", (await AskAsync("checkpoint")).Output);
        Assert.Equal(ExitCodes.Finished, (await AskAsync($"stop --drain --to {_folder["drained"]}")).ExitCode);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
        Assert.StartsWith("orders: it was stopped with a savepoint\n", (await AskAsync("status")).Output, StringComparison.Ordinal);
        Assert.Contains(", drained\n", (await AskAsync("snapshots show latest-savepoint")).Output, StringComparison.Ordinal);
    }

    /// <summary>A job that takes and deletes checkpoints all the time is looked at: every answer is of one checkpoint, and no later one goes back.</summary>
    [Fact]
    public async Task StateQuery_OfARunningJob_ShowsItsNewestCheckpoint()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--parallelism", "2", "--checkpoint-interval", "10ms");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("checkpoint")).ExitCode);

        long[] before = new long[10];
        for (int look = 0; look < 20; look++)
        {
            HostOutcome query = await AskAsync("state query latest --operator sum --format csv");
            Assert.True(query.ExitCode == ExitCodes.Finished, query.Error);
            Dictionary<long, long> sums = query.Output.TrimEnd().Split('\n').Skip(1).Select(static l => l.Split(',')).ToDictionary(static l => long.Parse(l[0], CultureInfo.InvariantCulture), static l => long.Parse(l[1], CultureInfo.InvariantCulture));
            Assert.Equal(Enumerable.Range(0, 10).Select(static k => (long)k), sums.Keys.Order());
            for (int key = 0; key < 10; key++)
            {
                Assert.InRange(sums[key], before[key], long.MaxValue);
                before[key] = sums[key];
            }

            HostOutcome one = await AskAsync("state query latest --operator sum --key 7 --format csv");
            Assert.Matches(@"^key,value\n7,\d+\n$", one.Output);
        }

        Assert.Equal(ExitCodes.Finished, (await AskAsync("stop")).ExitCode);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
    }

    /// <summary>A job that keeps one checkpoint and takes many a second is healthy, whatever is done with its newest meanwhile.</summary>
    [Fact]
    public async Task LatestOfARunningJob_UnderFastRetention_IsVerifiedCopiedComparedAndPinned()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--parallelism", "2", "--checkpoint-interval", "20ms", "--retained", "1");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("checkpoint")).ExitCode);

        int done = 0;
        for (int look = 0; look < 5; look++)
        {
            foreach (string words in (string[])["snapshots verify latest", $"snapshots copy latest --to {_folder["copies"]}", "state diff latest latest --operator sum", "snapshots diff latest latest"])
            {
                HostOutcome outcome = await AskAsync(words);
                if (outcome.ExitCode == ExitCodes.Finished) done++;
                // On a busy machine the tool may come too late time after time, and says that.
                else Assert.Contains("the job deleted 20 checkpoints one after the other while they were ", outcome.Error, StringComparison.Ordinal);
                Assert.DoesNotContain("damaged", outcome.Error, StringComparison.Ordinal);
            }
        }

        Assert.InRange(done, 1, 20);
        // Nothing is left of copies that could not be completed.
        foreach (string copy in Directory.EnumerateDirectories(Directory.CreateDirectory(_folder["copies"]).FullName).Where(static c => Directory.EnumerateFiles(c, "*", SearchOption.AllDirectories).Any()))
            Assert.True(File.Exists(Path.Combine(copy, "_metadata")), copy);

        HostOutcome pin = await AskAsync("snapshots pin latest");
        Assert.Matches(@"^orders: checkpoint \d+ is pinned\n$", pin.Output);
        string id = pin.Output.Split(' ')[2];
        Assert.Contains($"checkpoint {id} is pinned (by hand): unpin it first", (await AskAsync($"snapshots dispose {id}")).Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await AskAsync($"snapshots unpin {id}")).ExitCode);
        Assert.Contains("the job goes on from checkpoint ", (await AskAsync("snapshots dispose latest")).Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("stop")).ExitCode);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
        // Nobody leads the job any more, and its ledger has the savepoint.
        HostOutcome disposed = await AskAsync("snapshots dispose latest-savepoint --yes");
        Assert.True(disposed.ExitCode == ExitCodes.Finished, disposed.Error);
        Assert.Matches(@"savepoint \d+ of orders is deleted: ", disposed.Output);
    }

    /// <summary>The checkpoint that is being read is deleted: <c>latest</c> begins anew with the newest, an id is told, and nothing is read that is not there.</summary>
    [Fact]
    public async Task StateLook_WhenTheJobDeletesTheCheckpointMeanwhile_BeginsAnewOrSaysSo()
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), "--storage", _folder["state"], "--parallelism", "2", "--checkpoint-interval", "1h");
        await started.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Finished, (await AskAsync("checkpoint")).ExitCode);

        List<long> seen = [];
        (int exitCode, string error) = await LookAsync("latest", seen, hasTold: false);
        Assert.Equal(ExitCodes.Finished, exitCode);
        Assert.Equal(2, seen.Count);
        Assert.True(seen[1] > seen[0]);
        Assert.Contains($"checkpoint {seen[0]} was deleted by the job while it was read; beginning anew", error, StringComparison.Ordinal);

        long newest = seen[1];
        seen.Clear();
        ToolException byId = await Assert.ThrowsAsync<ToolException>(() => LookAsync($"{newest}", seen, hasTold: false));
        Assert.Contains("was deleted by the job while it was read: keep it with 'millrace snapshots pin ID'", byId.Message, StringComparison.Ordinal);
        ToolException told = await Assert.ThrowsAsync<ToolException>(() => LookAsync("latest", [], hasTold: true));
        Assert.Contains("some of its rows are printed already", told.Message, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Finished, (await AskAsync("stop")).ExitCode);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
    }

    /// <summary>Reads all rows of a snapshot; the first time after the job has taken so many checkpoints that it has deleted this one.</summary>
    async Task<(int ExitCode, string Error)> LookAsync(string name, List<long> seen, bool hasTold)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        Tool tool = new(output, error, console, TimeProvider.System);
        JobOptions job = new();
        System.CommandLine.ParseResult parsed = new System.CommandLine.RootCommand { job.Storage, job.Job }.Parse(["--storage", _folder["state"], "--job", "orders"]);
        int exitCode = await SnapshotLook.ReadAsync(tool, job, parsed, name, async snapshot =>
        {
            seen.Add(snapshot.Reader.Manifest.Id);
            if (seen.Count == 1)
            {
                // A full run of every slice comes with the 64th checkpoint at the latest; the manifest goes, and its packs with it, once no other needs them.
                for (int i = 0; i < 70 && Directory.Exists(_folder["state/orders/packs"]) && snapshot.Reader.Manifest.Packs.Any(p => File.Exists(_folder[$"state/orders/{p.Key}"])); i++)
                    Assert.Equal(ExitCodes.Finished, (await AskAsync("checkpoint")).ExitCode);
            }

            await using Millrace.State.Offline.StateSnapshot state = new(snapshot.Reader);
            Assert.Equal(10, await state.ReadAsync("sum", "state").CountAsync());
            return ExitCodes.Finished;
        }, () => hasTold, TestContext.Current.CancellationToken);
        return (exitCode, error.ToString());
    }

    [Fact]
    public async Task Probe_AFolder_IsFit()
    {
        HostOutcome probe = await RunAsync("storage", "probe", _folder["state"], "--quick");

        Assert.Equal(ExitCodes.Finished, probe.ExitCode);
        Assert.Contains("is fit for snapshots and a ledger", probe.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WhereTheLedgerMayNotBeRead_SaysSoWithinSeconds()
    {
        await RunAndStopAsync();
        Directory.CreateDirectory(_folder["state/orders/terms/2"]);
        Millrace.Testing.ManualTimeProvider time = new();
        foreach (string words in (string[])["status", "snapshots ls", "snapshots gc --yes", "snapshots pin latest --yes"])
        {
            Task<HostOutcome> asked = RunAsync(time, [.. words.Split(' '), "--storage", _folder["state"], "--job", "orders"]);
            while (!asked.IsCompleted)
            {
                for (int i = 0; i < 50 && time.NextTimer is null && !asked.IsCompleted; i++) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
                time.Advance(TimeSpan.FromSeconds(1));
            }

            HostOutcome outcome = await asked;
            Assert.Equal((ExitCodes.Failed, ""), (outcome.ExitCode, outcome.Output));
            Assert.Contains("orders/terms/2", outcome.Error, StringComparison.Ordinal);
            Assert.Contains("let this user read and write", outcome.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Messages_OfDamage_NameTheFolderAndTheFileOnce()
    {
        await RunAndStopAsync();
        string[] savepoints = [.. Directory.EnumerateDirectories(_folder["state/savepoints"]).Order(StringComparer.Ordinal)];
        string pack = Directory.EnumerateFiles(savepoints[0], "*", SearchOption.AllDirectories).First(static f => f.Contains("/packs/", StringComparison.Ordinal));
        File.Delete(pack);
        HostOutcome verify = await RunAsync("snapshots", "verify", savepoints[0]);
        Assert.Equal(2, verify.Error.Split(Path.GetFileName(pack)).Length);
        Assert.Contains(savepoints[0], verify.Output, StringComparison.Ordinal);

        File.WriteAllText(Path.Combine(savepoints[1], "_metadata"), "{");
        HostOutcome diff = await RunAsync("snapshots", "diff", savepoints[0], savepoints[1]);
        Assert.Equal(ExitCodes.Failed, diff.ExitCode);
        Assert.Contains($"{savepoints[1]}: _metadata is damaged: ", diff.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_SaysTheExitCodes()
    {
        HostOutcome help = await RunAsync("--help");

        Assert.Equal(ExitCodes.Finished, help.ExitCode);
        Assert.Matches(@"Exit codes:\s+0  what was asked for was done", help.Output);
        Assert.Matches(@"\n +130  ended by Ctrl-C", help.Output);
    }

    [Fact]
    public async Task AnEmptyName_IsRefusedWithTheOption()
    {
        HostOutcome ls = await RunAsync("snapshots", "ls", "--storage", _folder["state"], "--job", "");

        Assert.Equal((ExitCodes.Refused, "millrace: --job is empty: give the name of the job\n"), (ls.ExitCode, ls.Error));
    }

    [Theory]
    [InlineData("snapshots pin newest --storage ./state --job orders", "'newest' is neither the id of a checkpoint nor latest")]
    [InlineData("state diff a b --limit -1", "--limit is -1: give 0 for all rows, or more")]
    [InlineData("snapshots show 7", "which job? Give --storage ADDRESS and --job NAME")]
    [InlineData("storage probe gopher://x", "known are file, s3")]
    public async Task AWrongCommandLine_IsRefusedWithTheCure(string words, string cure)
    {
        HostOutcome outcome = await RunAsync(words.Split(' '));

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.Contains(cure, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AJobThatNeverWas_IsSaidToBeNone()
    {
        HostOutcome outcome = await AskAsync("snapshots ls");

        Assert.Equal(ExitCodes.NotRunning, outcome.ExitCode);
        Assert.Contains("there is no job orders", outcome.Error, StringComparison.Ordinal);
    }

    string[] Files() => [.. Directory.EnumerateFiles(_folder["state/orders"], "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    async Task<long[]> RetainedAsync() =>
        [.. JsonDocument.Parse((await AskAsync("snapshots ls --json")).Output).RootElement.EnumerateArray()
            .Where(static l => l.GetProperty("kept").GetString() == "retained").Select(static l => l.GetProperty("id").GetInt64())];

    /// <summary>Runs a job for four checkpoints, one of them a savepoint, and stops it with another.</summary>
    async Task RunAndStopAsync(params string[] words)
    {
        TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<HostOutcome> running = HostHarness.RunAsync(Job(started), ["--storage", _folder["state"], "--parallelism", "2", "--checkpoint-interval", "1h", .. words]);
        await Task.WhenAny(started.Task, running).WaitAsync(TestContext.Current.CancellationToken);
        foreach (string verb in (string[])["checkpoint", "checkpoint", "savepoint", "checkpoint", "stop"])
        {
            HostOutcome asked = await AskAsync(verb);
            Assert.True(asked.ExitCode == ExitCodes.Finished, asked.Error);
        }

        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
    }

    /// <summary>A job without end over ten keys, told of when all of them have state.</summary>
    static Action<Dataflow, JobArguments> Job(TaskCompletionSource started)
    {
        long seen = 0;
        return (flow, _) => flow
            .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(10_000)).WithParallelism(1)
            .KeyBy(static n => n % 10)
            .Reduce("sum", static (a, b) => a + b)
            .Sink("seen", CallbackSink.Of<long>(_ =>
            {
                // The source counts up, so of so many records there were some of every key.
                if (Interlocked.Increment(ref seen) == 1_000) started.TrySetResult();
            }));
    }

    Task<HostOutcome> AskAsync(string words) => RunAsync([.. words.Split(' '), "--storage", _folder["state"], "--job", "orders"]);

    static int EntriesOf(string output, string are) =>
        int.Parse(System.Text.RegularExpressions.Regex.Match(output, $@"\n(\d+) entries of earlier terms of the ledger {are} deleted\n").Groups[1].Value, CultureInfo.InvariantCulture);

    static Task<HostOutcome> RunAsync(params string[] words) => RunAsync(TimeProvider.System, words);

    static async Task<HostOutcome> RunAsync(TimeProvider time, string[] words)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        int exitCode = await ToolCommands.RunAsync(new Tool(output, error, console, time), words, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
