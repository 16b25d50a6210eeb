using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Samples;

namespace Millrace.Tests.Hosting;

/// <summary>What needs real processes: being killed, being paused, taking over.</summary>
public sealed class DurableProcessTests : IDisposable
{
    const string Program = """
        return await MillraceHost.RunAsync<Endless>(args);

        public sealed class Endless : IJob
        {
            public static void Define(Dataflow flow, JobArguments args) => flow
                .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(1_000))
                .KeyBy(static n => n % 10)
                .Reduce("sum", static (a, b) => a + b)
                .Where(static n => n == 0)
                .Sink("out", ConsoleSink.Lines<long>(static n => $"number {n}"));
        }
        """;

    // Every number goes into files exactly once, and every thousandth is told on the console.
    const string ExactProgram = """
        return await MillraceHost.RunAsync<Endless>(args);

        public sealed class Endless : IJob
        {
            public static void Define(Dataflow flow, JobArguments args)
            {
                DataStream<long> numbers = flow.Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(1_000));
                numbers.Where(static n => n % 1_000 == 0).Sink("told", ConsoleSink.Lines<long>(static n => $"number {n}"));
                numbers.KeyBy(static n => n % 10)
                    .Fold<long, long>("each", static () => 0L, static (ref count, in n, output) => { count++; output.Emit(n.Value); })
                    .Sink("files", FileSink.Lines<long>("numbers", static n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            }
        }
        """;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kill_ThenStartAgain_GoesOnAtOnce()
    {
        string program = ChildProgram.Compile(_folder.Root, Program);
        using SampleProcess first = Start(program, "--checkpoint-interval", "50ms");
        await first.WaitForLineAsync("number 0");
        var taken = await Ask(program, "checkpoint").EndAsync();
        Assert.Equal((ExitCodes.Finished, ""), (taken.ExitCode, taken.Error));
        first.Kill("KILL");
        await first.EndAsync();

        using SampleProcess second = Start(program);
        await second.WaitForErrorAsync("endless: the job was running: it goes on from checkpoint ");
        await StopAsync(program, second, ExitCodes.Finished);
    }

    [Fact]
    public async Task Standby_WhenTheLeaderIsKilled_TakesOver()
    {
        string program = ChildProgram.Compile(_folder.Root, Program);
        using SampleProcess leader = Start(program);
        await leader.WaitForLineAsync("number 0");
        await Ask(program, "checkpoint").EndAsync();
        using SampleProcess refused = Start(program);
        Assert.Equal(ExitCodes.LedElsewhere, (await refused.EndAsync()).ExitCode);
        using SampleProcess standby = Start(program, "--standby");
        await standby.WaitForErrorAsync("this process waits, and takes over when it is gone");

        leader.Kill("KILL");

        await standby.WaitForErrorAsync("it goes on from checkpoint ");
        await StopAsync(program, standby, ExitCodes.Finished);
    }

    [Fact]
    public async Task PausedLeader_AfterATakeover_IsFencedWhenItWakes()
    {
        string program = ChildProgram.Compile(_folder.Root, Program);
        using SampleProcess leader = Start(program, "--checkpoint-interval", "50ms");
        await leader.WaitForLineAsync("number 0");
        await Ask(program, "checkpoint").EndAsync();
        leader.Kill("STOP");

        using SampleProcess second = Start(program, "--takeover-after", "1s");
        await second.WaitForErrorAsync("it is taken for gone when it has written nothing for 1s");
        await second.WaitForErrorAsync("it goes on from checkpoint ");
        leader.Kill("CONT");

        var fenced = await leader.EndAsync();
        Assert.Equal(ExitCodes.Fenced, fenced.ExitCode);
        Assert.Contains("this process leads job endless no longer", fenced.Error, StringComparison.Ordinal);
        await StopAsync(program, second, ExitCodes.Finished);
    }

    [Fact]
    public async Task Standby_OvertakenWhileItLed_WaitsAndLeadsAgain()
    {
        string program = ChildProgram.Compile(_folder.Root, ExactProgram);
        string[] words = ["--standby", "--takeover-after", "1s", "--checkpoint-interval", "100ms"];
        using SampleProcess first = Start(program, words);
        await first.WaitForErrorAsync("endless: begins without state");
        await first.WaitForLineAsync("number 0");
        await Ask(program, "checkpoint").EndAsync();
        using SampleProcess second = Start(program, words);
        await second.WaitForErrorAsync("this process waits, and takes over when it is gone");

        first.Kill("STOP");
        await second.WaitForErrorAsync("it is taken for gone when it has written nothing for 1s");
        await second.WaitForErrorAsync("the job was running: it goes on from checkpoint ");
        await Ask(program, "checkpoint").EndAsync();
        first.Kill("CONT");
        await first.WaitForErrorAsync("this process leads job endless no longer");
        await first.WaitForErrorAsync("what it had not committed was dropped, and it waits as a standby");
        await first.WaitForErrorAsync("runs the job; this process waits, and takes over when it is gone");

        second.Kill("KILL");
        await second.EndAsync();
        await first.WaitForErrorAsync("the job was running: it goes on from checkpoint ");
        Assert.True((await Ask(program, "checkpoint").EndAsync()).ExitCode is ExitCodes.Finished or ExitCodes.Refused);
        await StopAsync(program, first, ExitCodes.Finished);

        long[] written = [.. NumbersWritten().Order()];
        Assert.NotEmpty(written);
        Assert.Equal(Enumerable.Range(0, written.Length).Select(static n => (long)n), written);
    }

    [Theory]
    [InlineData("INT", ExitCodes.Cancelled, "Ctrl-C")]
    [InlineData("TERM", ExitCodes.Terminated, "SIGTERM")]
    public async Task Signal_ThenStartAgain_GoesOn(string signal, int exitCode, string cause)
    {
        string program = ChildProgram.Compile(_folder.Root, Program);
        using SampleProcess first = Start(program);
        await first.WaitForLineAsync("number 0");
        await Ask(program, "checkpoint").EndAsync();
        first.Kill(signal);
        var end = await first.EndAsync();
        Assert.Equal(exitCode, end.ExitCode);
        Assert.Contains("endless was interrupted, to go on with the next start, after ", end.Error, StringComparison.Ordinal);

        using SampleProcess second = Start(program);
        await second.WaitForErrorAsync($"endless: the job was interrupted ({cause}): it goes on from checkpoint ");
        await StopAsync(program, second, ExitCodes.Finished);
    }

    IEnumerable<long> NumbersWritten() => Directory.EnumerateFiles(Path.Combine(_folder.Root, "numbers"), "*", SearchOption.AllDirectories)
        .Where(static file => !file.Contains("/.millrace/", StringComparison.Ordinal))
        .SelectMany(File.ReadLines).Select(static line => long.Parse(line, System.Globalization.CultureInfo.InvariantCulture));

    async Task StopAsync(string program, SampleProcess running, int exitCode)
    {
        // A job that is being deployed says so; asked again, it stops.
        (int ExitCode, string Output, string Error) stop;
        do
        {
            stop = await Ask(program, "stop").EndAsync();
        }
        while (stop.Error.Contains("ask again when it runs", StringComparison.Ordinal));
        Assert.Equal((ExitCodes.Finished, ""), (stop.ExitCode, stop.Error));
        Assert.Equal(exitCode, (await running.EndAsync()).ExitCode);
    }

    SampleProcess Start(string program, params string[] words) =>
        SampleProcess.Start(program, _folder.Root, ["--storage", "./state", "--no-progress", "--parallelism", "2", .. words]);

    SampleProcess Ask(string program, string verb) => SampleProcess.Start(program, _folder.Root, verb, "--storage", "./state");
}
