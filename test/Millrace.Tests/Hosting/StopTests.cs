using System.Diagnostics;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Samples;

namespace Millrace.Tests.Hosting;

/// <summary>Signals end processes, so each test has one.</summary>
public sealed class StopTests : IDisposable
{
    const string Endless = """
        return await MillraceHost.RunAsync<Endless>(args);

        public sealed class Endless : IJob
        {
            public static void Define(Dataflow flow, JobArguments args) => flow
                .Source("numbers", GeneratorSource.Unbounded(static record => record.Index).WithRate(1_000))
                .Where(static n => n % 1_000 == 0)
                .Sink("out", ConsoleSink.Lines<long>(static n => $"number {n}"));
        }
        """;

    const string Stuck = """
        return await MillraceHost.RunAsync<Stuck>(args);

        public sealed class Stuck : IJob
        {
            public static void Define(Dataflow flow, JobArguments args) => flow
                .Source("numbers", CollectionSource.Of([1, 2, 3]))
                .Select(static n => Ponder(n))
                .Sink("out", DiscardSink.Of<int>());

            static int Ponder(int number)
            {
                Console.WriteLine("pondering");
                while (number > 0) Thread.Sleep(10);
                return number;
            }
        }
        """;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("INT", ExitCodes.Cancelled)]
    [InlineData("TERM", ExitCodes.Terminated)]
    public async Task Signal_WhileAJobRuns_StopsItPromptly(string signal, int exitCode)
    {
        using SampleProcess process = SampleProcess.Start(ChildProgram.Compile(_folder.Root, Endless), _folder.Root, "--parallelism", "2");
        await process.WaitForLineAsync("number 0");

        long sent = Stopwatch.GetTimestamp();
        process.Kill(signal);
        var end = await process.EndAsync();

        Assert.Equal(exitCode, end.ExitCode);
        Assert.Contains("\nstopping…", end.Error, StringComparison.Ordinal);
        Assert.Contains("endless was cancelled after ", end.Error, StringComparison.Ordinal);
        // Far less than the ten seconds that stuck code is given.
        Assert.InRange(Stopwatch.GetElapsedTime(sent).TotalSeconds, 0, 8);
    }

    [Fact]
    public async Task Signal_WithUserCodeThatDoesNotReturn_NamesItWithItsStackAndEndsTheProcess()
    {
        using SampleProcess process = SampleProcess.Start(ChildProgram.Compile(_folder.Root, Stuck), _folder.Root, "--parallelism", "1");
        await process.WaitForLineAsync("pondering");

        process.Kill("INT");
        var end = await process.EndAsync();

        Assert.Equal(ExitCodes.Stuck, end.ExitCode);
        Assert.Contains("warning: operator 'Select-2' in task 'numbers > Select-2 > out 1/1' has been busy", end.Error, StringComparison.Ordinal);
        Assert.Contains("job 'stuck' does not stop: user code does not return\n  operator 'Select-2' in task 'numbers > Select-2 > out 1/1', for ", end.Error,
            StringComparison.Ordinal);
        if (OperatingSystem.IsLinux()) Assert.Contains("Stuck.Ponder", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signal_Twice_EndsTheProcessAtOnce()
    {
        using SampleProcess process = SampleProcess.Start(ChildProgram.Compile(_folder.Root, Stuck), _folder.Root, "--parallelism", "1");
        await process.WaitForLineAsync("pondering");

        long sent = Stopwatch.GetTimestamp();
        process.Kill("INT");
        await process.WaitForErrorAsync("stopping…");
        // Sooner it would be the same request.
        await Task.Delay(TimeSpan.FromMilliseconds(600), TimeProvider.System, TestContext.Current.CancellationToken);
        process.Kill("INT");
        var end = await process.EndAsync();

        Assert.Equal(ExitCodes.Cancelled, end.ExitCode);
        Assert.DoesNotContain("does not stop", end.Error, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(sent).TotalSeconds, 0, 8);
    }
}
