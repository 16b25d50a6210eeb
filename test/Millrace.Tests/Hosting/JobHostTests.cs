namespace Millrace.Tests.Hosting;

public sealed class JobHostTests
{
    static readonly Action<Dataflow, JobArguments> s_orders = static (flow, args) =>
        flow.Source("orders", FileSource.Lines(args["input"])).Sink("out", FileSink.Lines(args.Get("output", "out")));

    [Fact]
    public async Task Run_ABoundedJob_FinishesWithASummary()
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(1_000, static n => n), "--parallelism", "2");

        Assert.Equal(ExitCodes.Finished, outcome.ExitCode);
        Assert.Empty(outcome.Output);
        Assert.Matches(
            @"^orders keeps its state in memory alone and begins anew at every start; --storage ./state makes it durable\norders finished in \d+\.\d\d s\n +1,000  records read, [\d,]+ a second\n +1,000  records written:\n +1,000  nothing, discard\n$", outcome.Error);
    }

    [Fact]
    public async Task Run_Quiet_PrintsNothing()
    {
        HostOutcome outcome = await HostHarness.RunAsync(HostHarness.Numbers(10, static n => n), "--quiet");

        Assert.Equal(new HostOutcome(ExitCodes.Finished, "", ""), outcome);
    }

    [Fact]
    public async Task Run_UnknownOptions_NamesThemAllAndWhatTheJobKnows()
    {
        HostOutcome outcome = await HostHarness.RunAsync(s_orders, "--input", "a", "--outptu", "b", "--wings", "2", "--paralelism=3");

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.Equal(
            """
            orders: unknown option --outptu; did you mean --output? this job knows --input, --output (--help shows all)
            orders: unknown option --paralelism; did you mean --parallelism? this job knows --input, --output (--help shows all)
            orders: unknown option --wings; this job knows --input, --output (--help shows all)

            """, outcome.Error);
    }

    [Theory]
    [InlineData(new string[0], "orders: --input is missing; give it a value\n")]
    [InlineData(new[] { "a.csv" }, "orders: 'a.csv' is not the name of an argument; write --name value\n")]
    [InlineData(new[] { "--input", "a", "--input", "b" }, "orders: --input is given twice; give it once\n")]
    public async Task Run_WrongArguments_SaysSoInALine(string[] words, string error) =>
        Assert.Equal(new HostOutcome(ExitCodes.Refused, "", error), await HostHarness.RunAsync(s_orders, words));

    [Fact]
    public async Task Run_AJobThatAsksForAnEngineOption_IsRefused()
    {
        HostOutcome outcome = await HostHarness.RunAsync(static (_, args) => args.Get("threads", 1));

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.StartsWith("orders: the job asks for --threads, which is an option of the engine", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_ListsTheJobsOptionsTheEnginesAndExitCodes()
    {
        HostOutcome outcome = await HostHarness.RunAsync(s_orders, "--input", "a", "--help");

        Assert.Equal((ExitCodes.Finished, ""), (outcome.ExitCode, outcome.Error));
        Assert.StartsWith("Runs the job orders.\n\nOptions of the job, written --name value or --name=value:\n  --input\n  --output\n\n", outcome.Output,
            StringComparison.Ordinal);
        Assert.All(["--parallelism N", "--threads N", "--no-chaining", "--explain[=text|json]", "--quiet", "--no-progress", "--help", "--storage ADDRESS", "--restart POLICY", "stop [--drain] [--to ADDRESS]", "    3  ", "  130  ", "  143  "],
            text => Assert.Contains(text, outcome.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_WithoutWhatTheJobNeeds_SaysWhatIsMissing()
    {
        HostOutcome outcome = await HostHarness.RunAsync(s_orders, "--help");

        Assert.Equal(ExitCodes.Finished, outcome.ExitCode);
        Assert.Contains("  --input\n  and perhaps more: --input is missing; give it a value\n", outcome.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnInvalidJob_ListsAllProblemsWithoutAStack()
    {
        HostOutcome outcome = await HostHarness.RunAsync(
            static (flow, _) => flow
                .Source("numbers", CollectionSource.Of([1, 2, 3]))
                .KeyBy(static n => n).Window(Tumbling.Of(TimeSpan.Zero)).Count("count").WithParallelism(-1)
                .Sink("count", DiscardSink.Of<WindowValue<int, long>>()),
            "--parallelism", "0");

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        string[] lines = outcome.Error.TrimEnd().Split('\n');
        Assert.Equal("Job 'orders' cannot run, for 5 reasons:", lines[0]);
        Assert.Equal(6, lines.Length);
        Assert.All(["used 2 times", "window size is 00:00:00", "parallelism is -1", "needs event time", "parallelism is 0"],
            text => Assert.Single(lines, l => l.StartsWith("  - ", StringComparison.Ordinal) && l.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Run_TooManyInstances_NamesChannelsAndMemory()
    {
        HostOutcome outcome = await HostHarness.RunAsync(
            static (flow, _) => flow.Source("numbers", CollectionSource.Of([1, 2, 3])).KeyBy(static n => n).Count("count")
                .Sink("out", DiscardSink.Of<KeyValue<int, long>>()),
            "--parallelism", "10000");

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.Contains("100,000,000 channels", outcome.Error, StringComparison.Ordinal);
        Assert.Contains("use --parallelism 256 or less", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ADescriptionThatThrows_SaysSoWithTheUsersStack()
    {
        HostOutcome outcome = await HostHarness.RunAsync(static (_, _) => throw new FormatException("no such table"));

        Assert.Equal(ExitCodes.Refused, outcome.ExitCode);
        Assert.StartsWith("job 'orders' cannot be described: FormatException: no such table\n   at Millrace.Tests.Hosting.JobHostTests", outcome.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("Millrace.Hosting.JobHost.", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_CancelledByTheCaller_EndsAsByCtrlC()
    {
        using CancellationTokenSource cancelled = new();
        Task<int> running = MillraceHost.RunAsync<Endless>([], new HostOptions { Output = TextWriter.Null, Error = TextWriter.Null }, cancelled.Token);
        await Endless.Started.Task.WaitAsync(TestContext.Current.CancellationToken);

        await cancelled.CancelAsync();

        Assert.Equal(ExitCodes.Cancelled, await running);
    }

    sealed class Endless : IJob
    {
        public static readonly TaskCompletionSource Started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public static void Define(Dataflow flow, JobArguments args) => flow
            .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(100))
            .Sink("started", CallbackSink.Of<long>(static _ => Started.TrySetResult()));
    }
}
