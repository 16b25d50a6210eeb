using System.Globalization;
using Millrace.Cli;
using Millrace.Tests.Connectors.Files;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.Samples;
using Millrace.Tests.Storage.S3;
using Spectre.Console;

namespace Millrace.Tests.Hosting.S3;

/// <summary>The whole life of a job on a real S3 server: real processes, every request seen on its way.</summary>
[Collection(CephServerCollection.Name)]
public sealed class S3LifeTests(CephServer server) : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Life_Whole_WritesTheAnswerAndNeverLists()
    {
        await using WatchedEndpoint way = server.Watch();
        BucketJob job = new(_folder.Root, "life");

        string savepoint = await CheckpointAndKillAsync(job, way);
        await RecoverAndStopAsync(job, way);
        await RestartWiderAsync(job, way);
        TrialAssert.Same(BucketJob.Answer, await job.OutputAsync(server), "after all lives");

        await LookAsync(job, way, savepoint);
        TestContext.Current.TestOutputHelper?.WriteLine($"requests: {string.Join(", ", way.Verbs)}");
        Assert.Equal(0, way.Lists);
        Assert.Equal(["DELETE", "GET", "HEAD", "PUT", "PUT if absent"], way.Verbs.Keys);

        // The offline collection is the one that lists.
        HostOutcome gc = await ToolAsync(job, way, "snapshots", "gc", "--yes");
        Assert.True(gc.ExitCode == ExitCodes.Finished, gc.Error);
        Assert.True(way.Lists > 0);
        Assert.Contains(" is whole: ", (await ToolAsync(job, way, "snapshots", "verify", "latest")).Output, StringComparison.Ordinal);
    }

    static async Task<string> CheckpointAndKillAsync(BucketJob job, WatchedEndpoint way)
    {
        using SampleProcess first = job.Start(way, "--rate", "40", "--checkpoint-interval", "50ms", "--log-checkpoints");
        await first.WaitForErrorAsync("sums: checkpoint 20 in ");
        Assert.Matches(@"^sums: checkpoint \d+ was taken\n$", await job.AskAsync(way, "checkpoint"));
        string answer = await job.AskAsync(way, "savepoint");
        Assert.Matches(@"^sums: savepoint \d+ is s3://millrace/life/state/savepoints/sums-\d+-1\.\d+\?endpoint=", answer);
        string status = await job.AskAsync(way, "status");
        Assert.Matches(@" checkpoints taken, [\d,]+ bytes and [\d,]+ requests for them \([\d,]+ create, [\d,]+ upload, ", status);
        first.Kill("KILL");
        (int code, _, string error) = await first.EndAsync();
        Assert.Equal(137, code);
        Assert.Matches(@"sums: checkpoint 20 in [\d,]+ ms: [\d,]+ bytes written, [\d,]+ of earlier ones kept; requests: 2 create, ", error);
        return answer.TrimEnd().Split(' ')[^1];
    }

    static async Task RecoverAndStopAsync(BucketJob job, WatchedEndpoint way)
    {
        using SampleProcess second = job.Start(way, "--rate", "40", "--checkpoint-interval", "100ms");
        await second.WaitForErrorAsync("sums: the job was running: it goes on from checkpoint ");
        Assert.Matches(@"^sums: stopped; savepoint \d+ is s3://", await job.AskAsync(way, "stop"));
        Assert.Equal(ExitCodes.Finished, (await second.EndAsync()).ExitCode);
    }

    static async Task RestartWiderAsync(BucketJob job, WatchedEndpoint way)
    {
        using (SampleProcess refused = job.Start(way)) Assert.Equal(ExitCodes.Refused, (await refused.EndAsync()).ExitCode);
        Assert.Contains("It can start", await job.AskAsync(way, "plan", "--from", "latest-savepoint", "--parallelism", "5"), StringComparison.Ordinal);
        using SampleProcess third = job.Start(way, "--from", "latest-savepoint", "--parallelism", "5", "--checkpoint-interval", "100ms");
        (int code, _, string error) = await third.EndAsync();
        Assert.True(code == ExitCodes.Finished && error.Contains("sums finished in ", StringComparison.Ordinal), error);
    }

    static async Task LookAsync(BucketJob job, WatchedEndpoint way, string savepoint)
    {
        Assert.Matches(@"\n *\d+ +savepoint +.* s3://millrace/life/state/savepoints/sums-", (await ToolAsync(job, way, "snapshots", "ls")).Output);
        HostOutcome show = await ToolAsync(job, way, "snapshots", "show", savepoint);
        Assert.Matches(@"\n[\d,]+ bytes in [1-9]\d* files were written for it; it names 0 bytes in 0 files of earlier checkpoints besides\n", show.Output);
        Assert.Matches(@"^snapshot \d+ of sums is whole: ", (await ToolAsync(job, way, "snapshots", "verify", savepoint)).Output);
        Assert.Matches(@"^snapshot \d+ of sums is whole: ", (await ToolAsync(job, way, "snapshots", "verify", "latest")).Output);
        HostOutcome query = await ToolAsync(job, way, "state", "query", savepoint, "--operator", "sums", "--limit", "0", "--format", "json");
        Assert.Equal((ExitCodes.Finished, ""), (query.ExitCode, query.Error));
        Assert.NotEmpty(query.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));

        string copies = CephServer.Address("life", way).Combine("copies").ToString();
        HostOutcome copy = await ToolAsync(job, way, "snapshots", "copy", savepoint, "--to", copies);
        Assert.Equal((ExitCodes.Finished, ""), (copy.ExitCode, copy.Error));
        Assert.Matches(@"^snapshot \d+ of sums is whole: ", (await ToolAsync(job, way, "snapshots", "verify", copy.Output.TrimEnd().Split(' ')[^1])).Output);
    }

    static async Task<HostOutcome> ToolAsync(BucketJob job, WatchedEndpoint way, params string[] words)
    {
        StringWriter output = new(CultureInfo.InvariantCulture), error = new(CultureInfo.InvariantCulture);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        bool isElsewhere = words.Any(static w => w.StartsWith("s3://", StringComparison.Ordinal));
        string[] place = isElsewhere ? [] : ["--storage", job.State(way).ToString(), "--job", "sums"];
        int code = await ToolCommands.RunAsync(new Tool(output, error, console, TimeProvider.System), [.. words, .. place], TestContext.Current.CancellationToken);
        return new(code, output.ToString().ReplaceLineEndings("\n"), error.ToString().ReplaceLineEndings("\n"));
    }
}
