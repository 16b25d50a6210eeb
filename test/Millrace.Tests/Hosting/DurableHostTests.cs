using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Hosting;

/// <summary>The life of a job by the words of its program alone.</summary>
public sealed class DurableHostTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Run_Twice_FinishesOnceAndSaysSo()
    {
        HostOutcome first = await RunAsync(HostHarness.Numbers(1_000, static n => n));
        Assert.Equal(ExitCodes.Finished, first.ExitCode);
        Assert.Contains("orders: begins without state\n", first.Error, StringComparison.Ordinal);
        Assert.Contains("orders finished in ", first.Error, StringComparison.Ordinal);
        Assert.Contains(" checkpoints taken, ", first.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("memory alone", first.Error, StringComparison.Ordinal);

        HostOutcome second = await RunAsync(HostHarness.Numbers(1_000, static n => n));
        Assert.Equal((ExitCodes.Finished, "orders: the job has finished: all input was read and all output is committed. --from fresh runs it again\n"), (second.ExitCode, second.Error));
    }

    [Fact]
    public async Task Run_Compressed_WritesLessAndIsReadWithoutSayingSo()
    {
        long raw = await SavepointBytesAsync("none"), compressed = await SavepointBytesAsync("lz4");
        Assert.True(compressed < raw * 3 / 4, $"{compressed} of {raw} bytes");
    }

    async Task<long> SavepointBytesAsync(string compression)
    {
        string state = _folder[compression];
        Words before = new(), after = new();
        Task<HostOutcome> running = HostHarness.RunAsync(before.Define, "--storage", state, "--no-progress", "--compression", compression);
        await before.Started;
        await StopAsync(state);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
        string packs = Directory.GetDirectories(Path.Combine(state, "savepoints"))[0];
        long bytes = Directory.EnumerateFiles(packs, "*", SearchOption.AllDirectories).Where(static f => f.Contains("/packs/", StringComparison.Ordinal)).Sum(static f => new FileInfo(f).Length);

        running = HostHarness.RunAsync(after.Define, "--storage", state, "--no-progress", "--from", "latest-savepoint");
        await after.Started;
        await StopAsync(state);
        Assert.Equal(ExitCodes.Finished, (await running).ExitCode);
        return bytes;
    }

    static async Task StopAsync(string state)
    {
        HostOutcome stop = await HostHarness.RunAsync(static (_, _) => Assert.Fail("a verb does not need the job"), "stop", "--storage", state);
        Assert.True(stop.ExitCode == ExitCodes.Finished, stop.Error);
    }

    /// <summary>A job without end, with a state of two thousand texts.</summary>
    sealed class Words
    {
        readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task.WaitAsync(Cancel);

        public void Define(Dataflow flow, JobArguments args) => flow
            .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(20_000))
            .KeyBy(static n => n % 2_000)
            .Fold<string, long>("words", static () => "", static (ref text, in n, output) =>
            {
                text = $"the {n.Value % 2_000}th of many customers who have nothing else to say";
                output.Emit(n.Value);
            })
            .Sink("started", CallbackSink.Of<long>(n => { if (n > 4_000) _started.TrySetResult(); }));
    }

    [Fact]
    public async Task Life_ByVerbs_StopsUpgradesRescalesAndCancels()
    {
        Endless before = new("sum");
        Task<HostOutcome> running = RunAsync(before.Define, "--parallelism", "2");
        await before.Started;
        Assert.StartsWith("orders: it is recorded as running\n  process   ", (await AskAsync("status")).Output, StringComparison.Ordinal);
        Assert.Matches(@"^orders: checkpoint \d+ was taken\n$", (await AskAsync("checkpoint")).Output);
        Assert.Matches(@"^orders: savepoint \d+ is file://.*/state/savepoints/orders-\d+-1\.\d+\n$", (await AskAsync("savepoint")).Output);

        HostOutcome second = await RunAsync(before.Define);
        Assert.Equal(ExitCodes.LedElsewhere, second.ExitCode);
        Assert.Contains($"orders: the job is run by {Environment.MachineName}-{Environment.ProcessId} (tcp://", second.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("token", second.Error, StringComparison.Ordinal);

        HostOutcome stop = await AskAsync("stop", "--to", _folder["elsewhere"]);
        Assert.Equal((ExitCodes.Finished, ""), (stop.ExitCode, stop.Error));
        Assert.Matches(@"^orders: stopped; savepoint \d+ is file://.*/elsewhere/orders-", stop.Output);
        HostOutcome stopped = await running;
        Assert.Equal(ExitCodes.Finished, stopped.ExitCode);
        Assert.Contains("orders was stopped after ", stopped.Error, StringComparison.Ordinal);
        Assert.Contains("\nthe savepoint is file://", stopped.Error, StringComparison.Ordinal);

        await RefusesByItselfAsync(before);
        await UpgradesAsync();
    }

    async Task RefusesByItselfAsync(Endless before)
    {
        HostOutcome refused = await RunAsync(before.Define);
        Assert.Equal(ExitCodes.Refused, refused.ExitCode);
        Assert.Contains("latest-savepoint", refused.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.NotRunning, (await AskAsync("savepoint")).ExitCode);
        Assert.StartsWith("orders: it was stopped with a savepoint\n", (await AskAsync("status")).Output, StringComparison.Ordinal);
    }

    async Task UpgradesAsync()
    {
        Endless renamed = new("total");
        HostOutcome unfit = await RunAsync(renamed.Define, "plan", "--from", "latest-savepoint");
        Assert.Equal(ExitCodes.Refused, unfit.ExitCode);
        Assert.Matches(@"\n  unmatched +sum/\S+ +the program has no operator 'sum'", unfit.Output);
        Assert.EndsWith("It cannot start like this; nothing was started.\n", unfit.Output, StringComparison.Ordinal);

        string[] renaming = ["--from", "latest-savepoint", "--rename-state", "sum=total"];
        HostOutcome plan = await RunAsync(renamed.Define, ["plan", .. renaming]);
        Assert.Equal(ExitCodes.Finished, plan.ExitCode);
        Assert.Matches(@"\n  matched +total/\S+ +\d+ rows in \d+ runs\n", plan.Output);

        Task<HostOutcome> running = RunAsync(renamed.Define, [.. renaming, "--parallelism", "3"]);
        await renamed.Started;
        HostOutcome cancel = await AskAsync("cancel", "-s");
        Assert.Matches(@"^orders: cancelled; savepoint \d+ is file:", cancel.Output);
        Assert.Equal(ExitCodes.CancelledForGood, (await running).ExitCode);
        Assert.StartsWith("orders: it was cancelled\n", (await AskAsync("status")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_OvertakenByAnotherLeader_SaysSoWithItsOwnExitCode()
    {
        Endless job = new("sum");
        Task<HostOutcome> running = RunAsync(job.Define);
        await job.Started;

        await using LocalObjectStore store = new(_folder["state"], new NonceSource(1));
        LedgerOpening opening = await Ledger.OpenAsync(store.Under("orders"), new LedgerKeys(""), "orders", new NonceSource(2).NextName(), TimeProvider.System, new(), Cancel);
        await using Ledger ledger = Assert.IsType<LedgerOpening.Leads>(opening).Ledger;

        HostOutcome fenced = await running;
        Assert.Equal(ExitCodes.Fenced, fenced.ExitCode);
        Assert.Contains("orders: this process leads job orders no longer (term 1): terms/2 was claimed by another process", fenced.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pin_ByTheRunningProcess_OutlivesRetention()
    {
        Endless job = new("sum");
        Task<HostOutcome> running = RunAsync(job.Define, "--retained", "1");
        await job.Started;
        string taken = (await AskAsync("checkpoint")).Output;
        long id = long.Parse(taken.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        await using LocalObjectStore store = new(_folder["state"], new NonceSource(1));
        Millrace.Hosting.JobVerbs verbs = new(store.Under("orders"), "orders", TimeProvider.System);

        Assert.Equal(ExitCodes.Finished, await verbs.RunAsync(new() { Command = "pin", Id = id, Reason = "kept" }, TextWriter.Null, TextWriter.Null, Cancel));
        for (int i = 0; i < 3; i++) await AskAsync("checkpoint");

        LedgerView view = (await verbs.ReadAsync(Cancel))!;
        Assert.Equal([id], view.State.Pins.Select(static p => p.Snapshot.Id));
        Assert.DoesNotContain(view.State.Retained, r => r.Snapshot.Id == id);
        Assert.True(File.Exists(_folder[$"state/orders/{view.State.Pins[0].Snapshot.Key}"]));
        Assert.Equal(ExitCodes.Failed, await verbs.RunAsync(new() { Command = "dispose", Id = view.State.Latest!.Snapshot.Id }, TextWriter.Null, TextWriter.Null, Cancel));
        Assert.Equal(ExitCodes.Finished, await verbs.RunAsync(new() { Command = "unpin", Id = id }, TextWriter.Null, TextWriter.Null, Cancel));
        Assert.False(File.Exists(_folder[$"state/orders/{view.State.Pins[0].Snapshot.Key}"]));
        await AskAsync("cancel");
        await running;
    }

    [Fact]
    public async Task From_CheckpointOfAnotherRunningJob_IsPinnedThereByItsProcess()
    {
        Endless lender = new("sum");
        Task<HostOutcome> lending = RunAsync(lender.Define, "--retained", "1");
        await lender.Started;
        long id = long.Parse((await AskAsync("checkpoint")).Output.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        await using LocalObjectStore store = new(_folder["state"], new NonceSource(1));
        Millrace.Hosting.JobVerbs verbs = new(store.Under("orders"), "orders", TimeProvider.System);
        string lent = (await verbs.ReadAsync(Cancel))!.State.Latest!.Snapshot.Key;

        Endless borrower = new("sum");
        string[] words = ["--storage", _folder["state"], "--no-progress", "--from", _folder[$"state/orders/{lent[..lent.LastIndexOf('/')]}"], "--checkpoint-interval", "1h"];
        Task<HostOutcome> borrowing = HostHarness.RunAsync("fork", borrower.Define, words);
        await Task.WhenAny(borrower.Started, borrowing);
        if (borrowing.IsCompleted) Assert.Fail((await borrowing).Error);
        for (int i = 0; i < 3; i++) await AskAsync("checkpoint");
        SnapshotPin pin = Assert.Single((await verbs.ReadAsync(Cancel))!.State.Pins);
        Assert.Equal(id, pin.Snapshot.Id);
        Assert.StartsWith("read by job fork of file://", pin.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder[$"state/orders/{lent}"]));

        Assert.Equal(ExitCodes.Finished, (await HostHarness.RunAsync("fork", static (_, _) => { }, "checkpoint", "--storage", _folder["state"])).ExitCode);
        await HostHarness.RunAsync("fork", static (_, _) => { }, "cancel", "--storage", _folder["state"]);
        HostOutcome borrowed = await borrowing;
        Assert.Contains($"fork: checkpoint {id} of job orders is pinned there until this job has one of its own\n", borrowed.Error, StringComparison.Ordinal);
        Assert.Empty((await verbs.ReadAsync(Cancel))!.State.Pins);
        Assert.False(File.Exists(_folder[$"state/orders/{lent}"]));
        await AskAsync("cancel");
        Assert.Equal(ExitCodes.CancelledForGood, (await lending).ExitCode);
    }

    [Fact]
    public async Task Run_WithAStoreThatCannotBe_RefusesWithTheReason()
    {
        _folder.Write("state", "a file");

        HostOutcome outcome = await RunAsync(HostHarness.Numbers(1, static n => n));

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.StartsWith("orders was not started: file://", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("/state is not available for ", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WhereTheJobNeverWas_SaysSo()
    {
        HostOutcome plan = await RunAsync(new Endless("sum").Define, "plan");

        Assert.Equal(ExitCodes.Finished, plan.ExitCode);
        Assert.Matches("^orders: begins without state: the job was never started in file://.*/state. If it has run before, look at the address of the storage and its name\n", plan.Output);
        Assert.Matches(@"\n  new +sum/\S+ +\S+; it begins empty\n", plan.Output);
        Assert.DoesNotContain("which the snapshot does not have", plan.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_WhereTheLedgerMayNotBeRead_SaysSoWithinSeconds()
    {
        await RunAsync(HostHarness.Numbers(1, static n => n));
        Directory.CreateDirectory(_folder["state/orders/terms/2"]);
        Millrace.Testing.ManualTimeProvider time = new();
        StringWriter output = new(System.Globalization.CultureInfo.InvariantCulture), error = new(System.Globalization.CultureInfo.InvariantCulture);
        Millrace.Hosting.HostProcess process = new() { Output = output, Error = error, Time = time, Exit = static code => Assert.Fail($"the host ended the process with {code}") };

        Task<int> plan = new Millrace.Hosting.JobHost(new("orders", HostHarness.Numbers(1, static n => n)), process, null).RunAsync(["plan", "--storage", _folder["state"]], Cancel);
        while (!plan.IsCompleted)
        {
            for (int i = 0; i < 50 && time.NextTimer is null && !plan.IsCompleted; i++) await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, Cancel);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((ExitCodes.Refused, ""), (await plan, output.ToString()));
        Assert.Contains("orders/terms/2", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_AJobThatNeverWas_SaysSo()
    {
        HostOutcome outcome = await AskAsync("stop");

        Assert.Equal(ExitCodes.NotRunning, outcome.ExitCode);
        Assert.Contains("there is no such job in ", outcome.Error, StringComparison.Ordinal);
    }

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    Task<HostOutcome> RunAsync(Action<Dataflow, JobArguments> define, params string[] words)
    {
        string[] verb = words.Length > 0 && words[0] == "plan" ? ["plan"] : [];
        string[] rest = words[verb.Length..];
        string[] storage = ["--storage", _folder["state"], "--no-progress"];
        return HostHarness.RunAsync(define, [.. verb, .. storage, .. rest]);
    }

    Task<HostOutcome> AskAsync(string verb, params string[] words) =>
        HostHarness.RunAsync(static (_, _) => Assert.Fail("a verb does not need the job"), [verb, "--storage", _folder["state"], .. words]);

    /// <summary>A job without end, with a state of some name.</summary>
    sealed class Endless(string state)
    {
        readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Started => _started.Task.WaitAsync(Cancel);

        public void Define(Dataflow flow, JobArguments args) => flow
            .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(1_000))
            .KeyBy(static n => n % 10)
            .Reduce(state, static (a, b) => a + b)
            .Sink("started", CallbackSink.Of<long>(_ => _started.TrySetResult()));
    }
}
