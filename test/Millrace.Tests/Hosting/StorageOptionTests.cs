using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Jobs;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Hosting;

public sealed class StorageOptionTests
{
    [Fact]
    public void Parse_AllOptions_AreRead()
    {
        HostCommand command = HostCommandParser.Parse(
            [
                "--storage", "s3://bucket/state?endpoint=http://127.0.0.1:9", "--input", "a.csv", "--checkpoint-interval", "200ms", "--checkpoint-timeout=2m",
                "--min-pause", "50ms", "--tolerated-failures", "0", "--alignment", "unaligned", "--align-timeout", "never", "--retained=7",
                "--retained-on-cancel", "no", "--retained-on-failure=no",
                "--savepoints", "/saves", "--from", "/saves/orders-1-1.1", "--rewind", "--claim", "--accept-duplicates", "--accept-drained", "--standby",
                "--takeover-after", "5s", "--drop-state", "a", "--drop-state=b/sum", "--rename-state", "old=new", "--drop-in-flight", "c",
                "--restart", "failure-rate", "--restart-attempts", "5", "--restart-interval", "1h", "--restart-delay", "0s",
                "--compression", "lz4", "--log-checkpoints",
            ]);

        StorageCommand storage = command.Storage!;
        Assert.Equal(["--input", "a.csv"], command.JobWords);
        Assert.Equal("s3://bucket/state?endpoint=http://127.0.0.1:9", $"{storage.Address}");
        Assert.Equal("file:///saves", $"{storage.Savepoints}");
        Assert.Equal(
            new CheckpointOptions
            {
                Interval = TimeSpan.FromMilliseconds(200), Timeout = TimeSpan.FromMinutes(2), MinPause = TimeSpan.FromMilliseconds(50), ToleratedFailures = 0,
                Alignment = Alignment.Unaligned, AlignTimeout = Timeout.InfiniteTimeSpan, Retained = 7,
                IsRetainedOnCancel = false, IsRetainedOnFailure = false,
            },
            storage.Checkpoints);
        Assert.Equal(new RestartPolicy.FailureRate { Failures = 5, Interval = TimeSpan.FromHours(1), Delay = TimeSpan.Zero }, storage.Restart);
        Assert.Equal(new StartFrom.Address("file:///saves/orders-1-1.1"), storage.From);
        Assert.True(storage is { IsRewind: true, IsClaim: true, AcceptsDuplicates: true, AcceptsDrained: true, IsStandby: true });
        Assert.True(storage.LogsCheckpoints);
        Assert.Equal(SnapshotCompression.Fast, storage.Compression);
        Assert.Equal(TimeSpan.FromSeconds(5), storage.TakeoverAfter);
        Assert.Equal(["a", "b/sum"], storage.Drops);
        Assert.Equal([new StateRename("old", "new")], storage.Renames);
        Assert.Equal(["c"], storage.InFlightDrops);
    }

    [Fact]
    public void Parse_CheckpointsAtATime_WhereBarriersNeverOvertake_AreRead()
    {
        Assert.Equal(3, HostCommandParser.Parse(["--storage", "/state", "--max-concurrent-checkpoints", "3", "--align-timeout", "never"]).Storage!.Checkpoints.MaxConcurrent);
        Assert.Equal(2, HostCommandParser.Parse(["--storage", "/state", "--max-concurrent-checkpoints=2", "--alignment", "at-least-once"]).Storage!.Checkpoints.MaxConcurrent);
    }

    [Theory]
    [InlineData("/state", "auto", SnapshotCompression.None)]
    [InlineData("s3://bucket/state", "auto", SnapshotCompression.Fast)]
    [InlineData("/state", "lz4", SnapshotCompression.Fast)]
    [InlineData("s3://bucket/state", "none", SnapshotCompression.None)]
    public void Compression_UnlessSaid_IsThatOfTheStorage(string address, string said, SnapshotCompression expected)
    {
        StorageCommand storage = HostCommandParser.Parse(["--storage", address, "--compression", said]).Storage!;
        Assert.Equal(expected, storage.Compression ?? JobStorage.CompressionOf(storage.Address));
        Assert.Null(HostCommandParser.Parse(["--storage", address]).Storage!.Compression);
    }

    [Fact]
    public void Parse_StorageAlone_HasTheDefaults()
    {
        StorageCommand storage = HostCommandParser.Parse(["--storage", "/state"]).Storage!;

        Assert.Equal("file:///state/savepoints", $"{storage.Savepoints}");
        Assert.Equal(new CheckpointOptions(), storage.Checkpoints);
        Assert.Equal(RestartPolicy.Default, storage.Restart);
        Assert.Equal(new StartFrom.Unsaid(), storage.From);
        Assert.Equal(TimeSpan.FromSeconds(30), storage.TakeoverAfter);
    }

    [Theory]
    [InlineData("--checkpoint-interval 10", "--checkpoint-interval is '10'; give a time with its unit: 200ms, 10s, 1m, 2h")]
    [InlineData("--checkpoint-interval 1ms", "--checkpoint-interval is 1ms; give 10ms to 1d")]
    [InlineData("--retained 0", "--retained is 0; give 1 or more")]
    [InlineData("--retained 101", "--retained is 101; give 100 or less")]
    [InlineData("--retained-on-cancel maybe", "--retained-on-cancel is 'maybe'; give yes or no")]
    [InlineData("--max-concurrent-checkpoints 9", "--max-concurrent-checkpoints is 9; give 8 or less")]
    [InlineData("--max-concurrent-checkpoints 2", "--max-concurrent-checkpoints is 2, and barriers may overtake records: add --align-timeout never, or take one checkpoint at a time")]
    [InlineData("--alignment exact", "--alignment is 'exact'; give aligned, unaligned or at-least-once")]
    [InlineData("--restart often", "--restart is 'often'; give exponential-delay, fixed-delay, failure-rate or none")]
    [InlineData("--restart fixed-delay --restart-jitter 0.5", "--restart-jitter means nothing with --restart fixed-delay; leave it out, or choose another policy")]
    [InlineData("--restart-delay 2h", "--restart exponential-delay: restart policy ExponentialDelay: the first wait, 02:00:00, must be more than zero and at most the longest, 00:01:00, and that at most 24 hours")]
    [InlineData("--rename-state a", "--rename-state is 'a'; give old=new, the ids of two operators")]
    [InlineData("--rewind=yes", "--rewind takes no value; leave out '=yes'")]
    [InlineData("--from", "--from has no value; give fresh, latest, latest-savepoint, or the path or URL of a snapshot")]
    public void Parse_AMistake_IsNamedWithItsCure(string words, string problem) =>
        Assert.Equal([problem], Assert.Throws<UsageException>(() => HostCommandParser.Parse(["--storage", "/state", .. words.Split(' ')])).Problems);

    [Theory]
    [InlineData("--retained 3", "--retained is about a job that keeps its state: add --storage ADDRESS, such as --storage ./state")]
    [InlineData("stop", "stop looks for the job where it keeps its state: add --storage ADDRESS")]
    public void Parse_WithoutStorage_AsksForIt(string words, string problem) =>
        Assert.Equal([problem], Assert.Throws<UsageException>(() => HostCommandParser.Parse(words.Split(' '))).Problems);

    [Fact]
    public void Parse_Verbs_HaveOptionsOfTheirOwn()
    {
        HostCommand stop = HostCommandParser.Parse(["stop", "--storage", "/state", "--drain", "--to", "/elsewhere"]);
        Assert.Equal((HostVerb.Stop, true, "file:///elsewhere"), (stop.Verb, stop.IsDrain, stop.Target));
        HostCommand cancel = HostCommandParser.Parse(["cancel", "-s", "--storage", "/state"]);
        Assert.Equal((HostVerb.Cancel, true), (cancel.Verb, cancel.IsCancelWithSavepoint));
        // What only a verb takes is the job's where there is no such verb.
        Assert.Equal(["--to", "a", "--drain"], HostCommandParser.Parse(["--to", "a", "--drain"]).JobWords);
    }

    [Theory]
    [InlineData("200ms", 200)]
    [InlineData("1.5s", 1_500)]
    [InlineData("1m", 60_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("0s", 0)]
    public void DurationText_WithAUnit_IsRead(string text, long milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), DurationText.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1.2.3s")]
    [InlineData("1 s")]
    [InlineData("9999999999d")]
    public void DurationText_OfNothing_IsNull(string text) => Assert.Null(DurationText.Parse(text));
}
