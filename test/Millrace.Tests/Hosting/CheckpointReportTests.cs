using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;

namespace Millrace.Tests.Hosting;

/// <summary>What is told of each checkpoint: in the log, in a line of its own, in progress and in sum.</summary>
public sealed class CheckpointReportTests : IDisposable
{
    static readonly CheckpointStatistics Taken = new(
        new SnapshotReference(12, new(1, 1), "checkpoints/12-1.1/_metadata", "00"), CheckpointPurpose.Periodic, DateTimeOffset.UnixEpoch,
        TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(40), default, default, default, 1_234, 1, 5_678, 2,
        new CheckpointTraffic(
            StoreCounts.None with { Uploads = 1, BytesWritten = 1_234 }, StoreCounts.None with { Creates = 2, Gets = 1, BytesWritten = 900, BytesRead = 7 },
            StoreCounts.None, StoreCounts.None with { Deletes = 3 }), 3);

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Of_ACheckpoint_SaysWhatWasWrittenKeptAskedAndDeleted()
    {
        Assert.Equal(
            "checkpoint 12 in 340 ms: 1,234 bytes written, 5,678 of earlier ones kept; requests: 2 create, 1 upload, 1 get; 2,134 bytes sent, 7 received; then 3 delete",
            CheckpointText.Of(Taken));
        Assert.Equal("checkpoint 12: 340 ms, 1,234 bytes, 4 requests", CheckpointText.Short(Taken));
        Assert.EndsWith("  0 written  checkpoint 12: 340 ms, 1,234 bytes, 4 requests", ProgressText.Of(new("orders", []), default, 0, Taken), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ASavepoint_TellsTheGatheringApart()
    {
        CheckpointStatistics saved = Taken with
        {
            Purpose = CheckpointPurpose.Savepoint,
            Gathering = TimeSpan.FromMilliseconds(70),
            Traffic = Taken.Traffic with { Cleaning = StoreCounts.None, Gathering = StoreCounts.None with { Reads = 2, Uploads = 1, Parts = 3, BytesWritten = 40, BytesRead = 50 } },
        };

        Assert.StartsWith("savepoint 12 in 340 ms: ", CheckpointText.Of(saved), StringComparison.Ordinal);
        Assert.EndsWith("; gathered in 70 ms: 1 upload, 3 part, 2 read; 40 bytes sent, 50 received", CheckpointText.Of(saved), StringComparison.Ordinal);
    }

    [Fact]
    public void Line_OfTheTally_SumsByVerbAndShowsTheLast()
    {
        CheckpointTally tally = new();
        Assert.Equal("no checkpoint taken", tally.Line);
        tally.Add(Taken);
        tally.Add(Taken);
        tally.Store.Sent(StoreRequest.Get);

        Assert.Equal(
            "2 checkpoints taken, 2,468 bytes and 8 requests for them (4 create, 2 upload, 2 get), 6 to delete old ones, 4 commits of sinks; "
            + $"of all requests to the storage (1: 1 get) 0 bytes were sent and 0 received; the last is {CheckpointText.Of(Taken)}", tally.Line);
    }

    [Fact]
    public async Task Run_WithALogger_LogsEachCheckpointAsAnEvent()
    {
        LogList log = new();
        StringWriter error = new(CultureInfo.InvariantCulture);
        int code = await MillraceHost.RunAsync<CountedJob>(
            ["--storage", _folder["state"], "--no-progress", "--log-checkpoints"], new HostOptions { Services = log, Error = error, Output = TextWriter.Null }, TestContext.Current.CancellationToken);

        Assert.Equal(ExitCodes.Finished, code);
        Assert.NotEmpty(log.Events);
        Assert.All(log.Events, static e => Assert.Equal(1001, e.Id.Id));
        Assert.Matches(@"^checkpoint \d+ of counted-job completed in \d+ ms: \d+ bytes written, 0 bytes of earlier ones kept; \d+ requests \(2 create, (\d+ upload, )?1 get\), \d+ bytes sent, \d+ received; 0 deletions of old ones$", log.Events.First().Text);
        Assert.Matches(@"counted-job: checkpoint \d+ in [\d,]+ ms: [\d,]+ bytes written, 0 of earlier ones kept; requests: 2 create, (\d+ upload, )?1 get; ", error.ToString());
    }

    /// <summary>A job with some state.</summary>
    sealed class CountedJob : IJob
    {
        public static void Define(Dataflow flow, JobArguments args) => flow
            .Source("numbers", CollectionSource.Of([.. Enumerable.Range(0, 100).Select(static n => (long)n)]))
            .KeyBy(static n => n % 10)
            .Reduce("sum", static (a, b) => a + b)
            .Sink("nothing", DiscardSink.Of<long>());
    }

    /// <summary>Services with nothing but a logger that remembers.</summary>
    sealed class LogList : IServiceProvider, ILoggerFactory, ILogger
    {
        public ConcurrentQueue<(EventId Id, string Text)> Events { get; } = [];

        public object? GetService(Type serviceType) => serviceType == typeof(ILoggerFactory) ? this : null;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Events.Enqueue((eventId, formatter(state, exception)));

        public void Dispose()
        {
        }
    }
}
