using System.Globalization;
using Millrace.Hosting;

namespace Millrace.Tests.Hosting;

/// <summary>Runs a job as a program would, in this process.</summary>
static class HostHarness
{
    public static Task<HostOutcome> RunAsync(Action<Dataflow, JobArguments> define, params string[] words) => RunAsync("orders", define, words);

    public static async Task<HostOutcome> RunAsync(string job, Action<Dataflow, JobArguments> define, params string[] words)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        HostProcess process = new() { Output = output, Error = error, Exit = static code => Assert.Fail($"the host ended the process with {code}") };
        int exitCode = await new JobHost(new(job, define), process, null).RunAsync(words, TestContext.Current.CancellationToken);
        return new(exitCode, output.ToString(), error.ToString().ReplaceLineEndings("\n"));
    }

    /// <summary>A job that reads numbers, handles each, and keeps nothing.</summary>
    public static Action<Dataflow, JobArguments> Numbers(int count, Func<long, long> handle) => (flow, _) => flow
        .Source("numbers", CollectionSource.Of([.. Enumerable.Range(0, count).Select(static n => (long)n)])).Select(handle).Sink("nothing", DiscardSink.Of<long>());
}

/// <summary>What a run left.</summary>
sealed record HostOutcome(int ExitCode, string Output, string Error);
