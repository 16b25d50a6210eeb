using Millrace.Runtime.Durable;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>What is given up with the state of an operator, and what is not: no source reads again what was on its way to it.</summary>
public sealed class DropStateTests
{
    static readonly StateSchema s_sum = Schema("sum", StateLayout.Keyed), s_input = Schema("in-flight", StateLayout.InFlight);

    static readonly OperatorEntry s_written = new()
    {
        Id = "sums", Verb = "Reduce", Parallelism = 1, Finished = 1,
        Watermarks = [new(KeyRange.Full, Timestamp.UnixEpoch)],
        States = [new() { Schema = s_sum, Runs = [Run(1_000)] }, new() { Schema = s_input, Runs = [Run(12)] }],
    };

    [Fact]
    public void Plan_OfDroppedOperator_KeepsRecordsOnTheirWayAndCountsTheRest()
    {
        IReadOnlyList<UpgradeLine> lines = UpgradePlan.Compare([s_written], [Program("sums")], ["sums"], [], []);
        Assert.Equal([("sums/sum", StateFate.Dropped, "as asked, 1,000 rows in 1 runs"), ("sums/in-flight", StateFate.Matched, "12 rows in 1 runs")], Told(lines));
    }

    [Fact]
    public void Plan_OfDroppedAndRenamedOperator_HandsTheRecordsOn()
    {
        IReadOnlyList<UpgradeLine> lines = UpgradePlan.Compare([s_written], [Program("totals")], ["sums"], [new("sums", "totals")], []);
        Assert.Equal([("totals/sum", StateFate.Dropped, "as asked, 1,000 rows in 1 runs"), ("totals/in-flight", StateFate.Matched, "12 rows in 1 runs")], Told(lines));
    }

    [Fact]
    public void Plan_OfDroppedOperatorThatIsGone_CountsTheRecordsToo()
    {
        IReadOnlyList<UpgradeLine> lines = UpgradePlan.Compare([s_written], [Program("others")], ["sums"], [], []);
        Assert.Equal(("sums/in-flight", StateFate.Dropped, "as asked, 12 rows in 1 runs"), Told(lines)[1]);
        lines = UpgradePlan.Compare([s_written], [Program("sums")], ["sums"], [], ["sums"]);
        Assert.Equal(("sums/in-flight", StateFate.Dropped, "as asked, 12 rows in 1 runs"), Told(lines)[1]);
    }

    [Theory]
    [InlineData("sums")]
    [InlineData("totals")]
    public void Restore_OfDroppedOperator_HasTheRecordsOnTheirWayAlone(string id)
    {
        (string restored, OperatorEntry kept) = Assert.Single(RestorePoint.Kept([s_written], Order([new("sums", id)], [])));
        Assert.Equal((id, "in-flight", 0, 0), (restored, Assert.Single(kept.States).Schema.Name, kept.Finished, kept.Watermarks.Count));
        Assert.Empty(Assert.Single(RestorePoint.Kept([s_written], Order([], ["sums"]))).Entry.States);
    }

    [Fact]
    public void Restore_OfDroppedOperatorWithoutRecords_HasNothingOfIt() =>
        Assert.Empty(RestorePoint.Kept([s_written with { States = [s_written.States[0], new() { Schema = s_input }] }], Order([], [])));

    static DeployOrder Order(IReadOnlyList<StateRename> renames, IReadOnlyList<string> inFlightDrops) => new()
    {
        Timeline = "", Nonce = "", IsFresh = false, Worker = 0, Workers = 1, Parallelism = 1, IsChaining = true,
        Drops = ["sums"], Renames = renames, InFlightDrops = inFlightDrops,
    };

    static (string, StateFate, string)[] Told(IEnumerable<UpgradeLine> lines) => [.. lines.Select(static l => ($"{l.Operator}/{l.State}", l.Fate, l.Why))];

    static ProgramOperator Program(string id) => new(id, "Reduce", [s_sum]) { InFlight = s_input };

    static StateSchema Schema(string name, StateLayout layout) => new() { Name = name, Layout = layout, Kind = "value", Key = Codec.OfKey<int>().Schema, Value = Codec.Of<long>().Schema };

    static RunEntry Run(long rows) => new(0, 0, KeyRange.Full, IsFull: true, 1, 0, rows, 0, rows * 16);
}
