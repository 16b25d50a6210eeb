using Millrace.Runtime;
using Millrace.Runtime.Messages;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Transport;

/// <summary>One message of each kind at least, with everything in it that there may be.</summary>
static class MessageSamples
{
    static readonly AttemptId s_attempt = new(3, 17);

    public static IReadOnlyList<Message> All { get; } =
    [
        new Message.Alive(),
        new LeaderMessage.Deploy(s_attempt, Order),
        new LeaderMessage.Deploy(s_attempt, Order with { From = new RestoreOrder.Folder("s3://bucket/saved", "cd"), Drops = ["count"], InFlightDrops = ["sum"], Renames = [new("old", "new")] }),
        new LeaderMessage.Deploy(s_attempt, Order with { From = null, IsFresh = true, IsChaining = false }),
        new LeaderMessage.Run(s_attempt),
        new LeaderMessage.Trigger(s_attempt, new(7, 6, Alignment.Unaligned, Timeout.InfiniteTimeSpan, IsStop: true, IsDrain: false, IsSavepoint: true)),
        new LeaderMessage.Abort(s_attempt, 7),
        new LeaderMessage.SplitGiven(s_attempt, "orders", 2, new byte[] { 1, 2, 3 }),
        new LeaderMessage.SplitsEnded(s_attempt, "orders", 2),
        new LeaderMessage.SplitsAssigned(s_attempt, "orders"),
        new LeaderMessage.Cancel(s_attempt),
        new WorkerMessage.Hello("worker-1", "0123456789abcdef", "machine-1:4711"),
        new WorkerMessage.Ready(s_attempt),
        new WorkerMessage.Snapshot(s_attempt, new(7, [], [])),
        new WorkerMessage.Snapshot(s_attempt, Part),
        new WorkerMessage.Declined(s_attempt, new(7, null, "the disk is full")),
        new WorkerMessage.Declined(s_attempt, new(7, "count", "it cannot be encoded")),
        new WorkerMessage.Failed(s_attempt, Failure),
        new WorkerMessage.Ended(s_attempt, null, IsCancelled: true, Status),
        new WorkerMessage.Ended(s_attempt, Failure, IsCancelled: false, new("job", [])),
        new WorkerMessage.SplitAsked(s_attempt, "orders", 2),
        new WorkerMessage.Progress(s_attempt, Status),
        new ExchangeMessage.Joined(s_attempt, 2),
        new ExchangeMessage.Frame(s_attempt, new(1, 0, 2), 2, new Records(1, 2, 3), new(Timestamp.None, IsWatermarkExact: false, 0, null)),
        new ExchangeMessage.Frame(s_attempt, new(1, 0, 2), 0, new Records(), new(new(-5), IsWatermarkExact: true, 3, new(7, 6, Alignment.Aligned, TimeSpan.Zero, IsStop: false, IsDrain: false, IsSavepoint: false))),
        new ExchangeMessage.Announced(s_attempt, new(1, 0, 2), new(7, 6, Alignment.Unaligned, Timeout.InfiniteTimeSpan, IsStop: false, IsDrain: false, IsSavepoint: false)),
        new ExchangeMessage.Credit(s_attempt, new(1, 0, 2), 3),
    ];

    static DeployOrder Order => new()
    {
        Timeline = "0123456789abcdef0123456789abcdef",
        Nonce = "4f",
        IsFresh = false,
        Worker = 1,
        Workers = 3,
        Peers = ["machine-1:4711", "machine-2:4711", "machine-3:4711"],
        Parallelism = 8,
        IsChaining = true,
        From = new RestoreOrder.Own(new(6, new(3, 2), "checkpoints/6-3.2/_metadata", "ab")),
    };

    static JobStatus Status => new("job",
    [
        new("orders", "Source", 4, 0, 12_345_678_901, Timestamp.FromUnixMilliseconds(5), IsSource: true, IsSink: false, new Dictionary<string, long>()),
        new("out", "Sink", 4, 12, 0, Timestamp.None, IsSource: false, IsSink: true, new Dictionary<string, long> { ["late"] = 3, ["dropped"] = -1 }),
    ]);

    static WorkerFailure Failure => new()
    {
        Kind = FailureKind.Operator,
        Type = "OperatorFailedException",
        Message = "operator 'parse' failed: café",
        Text = "at Parse()\nat Run()",
        OperatorId = "parse",
        Subtask = new(2, 4),
        Record = "{ Id = 7 }",
        First = new() { Kind = FailureKind.Stuck, Type = "FormatException", Message = "no number", Text = "", Key = "packs/1", Steps = [new("parse", "parse (2/4)", TimeSpan.FromSeconds(3), 99)] },
    };

    static WorkerSnapshot Part => new(
        7,
        [new("packs/3.17-1-0", 4_096, 4_000, "ef", s_attempt, "rows written by worker 1")],
        [
            new()
            {
                OperatorId = "count",
                Subtask = new(1, 2),
                IsFinished = true,
                Watermark = Timestamp.FromUnixMilliseconds(12),
                Ahead = [new(KeyRange.Of(1, 4), Timestamp.FromUnixMilliseconds(13))],
                States =
                [
                    new()
                    {
                        Schema = new() { Name = "count", Layout = StateLayout.Keyed, Kind = "value", Key = Codec.Of<string>().Schema, Sub = Codec.Of<long>().Schema, Value = Codec.Of<int>().Schema },
                        Runs =
                        [
                            new(0, 2, KeyRange.Of(1, 2), IsFull: true, 7, 0, 100, 0, 2_000),
                            new(RunEntry.Nowhere, RunEntry.Nowhere, KeyRange.Full, IsFull: false, 7, 6, 3, 1, 20, DroppedBelow: -5),
                        ],
                    },
                    new()
                    {
                        Schema = new() { Name = "splits", Layout = StateLayout.Split, Kind = "split", Value = Codec.Of<(int File, long At)>().Schema },
                        Items = [new(1, new byte[] { 9, 8 }, "file 3 at 4", Timestamp.FromUnixMilliseconds(1)), new(0, Array.Empty<byte>(), "")],
                    },
                ],
                Prepared = [new("count", "job-1", Codec.Of<string>().Schema, new byte[] { 5 }, "4 rows")],
            },
        ]);

    /// <summary>Records that are these bytes.</summary>
    public sealed class Records(params byte[] bytes) : FrameRecords
    {
        public override ReadOnlySpan<byte> Bytes => bytes;

        public override void Release()
        {
        }
    }
}
