using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.State.Tables;
using static Millrace.Tests.Runtime.Durable.EvolvingJob;

namespace Millrace.Tests.Runtime.Tasks;

/// <summary>What else than keyed state was written by an earlier version: records on their way, positions of sources, prepared transactions.</summary>
public sealed class EvolvedRestoreTests
{
    static class Older
    {
        internal sealed record Split(string Id, int Next, string Comment) : ISplit;

        internal sealed record ModelPrepared(string Id, int Parts);
    }

    static class Newer
    {
        internal sealed record Split(string Id, [FormerName("Next")] long Offset, long? End) : ISplit;
    }

    static class Strange
    {
        internal sealed record ModelPrepared(int Id);
    }

    [Fact]
    public async Task InFlightRecords_OfAnEarlierVersion_AreReadAsTheNew()
    {
        InFlightRecords<Before.Sale> before = new(static s => (uint)s.Number, KeyRange.Full);
        before.Begin();
        Batch<Before.Sale> sent = new(4, hasTimestamps: true) { Count = 3 };
        for (int i = 0; i < 3; i++) (sent.Values[i], sent.Timestamps[i]) = (new(i, i == 1 ? null : new((short)i)), new(i * 10));
        before.Add(sent, channel: 0);
        MemoryRunWriter rows = new(KeyRange.Full);
        foreach (CapturedRun run in before.Take()) await run.WriteAsync(rows, TestContext.Current.CancellationToken);

        InFlightRecords<After.Sale> after = new(static s => (uint)s.Number!.Value, KeyRange.Full);
        after.BeginRestore(new(before.Schema, Timestamp.UnixEpoch, Timestamp.None, []));
        foreach (StoredRow row in rows.Rows) after.Restore(new RunRow { Hash = row.Hash, Key = row.Key, Sub = row.Sub, Value = row.Value });
        after.OnRestored();

        Batch<After.Sale> read = new(10, hasTimestamps: true);
        Assert.True(after.TryTake(read));
        Assert.Equal([new(0, new(0, null)), new(1, null), new(2, new(2, null))], read.Values.Take(read.Count));
        Assert.Equal([new(0), new(10), new(20)], read.Timestamps.Take(read.Count));
    }

    [Fact]
    public void Positions_OfAnEarlierVersion_AreReadAsTheNew()
    {
        OperatorEntry op = new()
        {
            Id = "source", Verb = "Source", Parallelism = 1,
            States =
            [
                SplitState.Entry<Older.Split>([new(new("a", 7, "x"), new(70), new(69))], 0),
                SplitState.Entry(new AssignerState<Older.Split>(false, [new(new("b", 0, ""), Timestamp.None, Timestamp.None)], ["a", "b"])),
            ],
        };
        RestoredOperator restored = new(op, new NoRows()) { TakenAt = Timestamp.UnixEpoch };
        Assert.Equal([new SplitPosition<Newer.Split>(new("a", 7, null), new(70), new(69))], SplitState.PositionsOf<Newer.Split>(restored));
        AssignerState<Newer.Split> assigner = SplitState.AssignerOf<Newer.Split>(restored)!;
        Assert.Equal((new("b", 0, null), false), (assigner.Unassigned[0].Split, assigner.IsComplete));
        Assert.Equal(["a", "b"], assigner.Known);
    }

    [Fact]
    public async Task Prepared_ByAnEarlierVersion_IsCommittedOrRefusedBeforehand()
    {
        Dataflow flow = new("owing");
        ModelTable table = new();
        table.Prepare("1-x", ["a row"]);
        flow.Source("texts", CollectionSource.Of<string>([])).Sink("out", new ModelSink(table));
        OwedSinks sinks = new(flow.Build());
        OwedTransaction older = Owed(new Older.ModelPrepared("1-x", 3)), strange = Owed(new Strange.ModelPrepared(3));

        Assert.Empty(sinks.Unreadable([older]));
        Assert.Equal(CommitOutcome.Committed, await sinks.CommitAsync(older, TestContext.Current.CancellationToken));
        Assert.Equal(["a row"], table.Visible);

        (string op, string why) = Assert.Single(sinks.Unreadable([older, strange, strange]));
        Assert.Equal("out", op);
        Assert.StartsWith("ModelPrepared.Id was int32 and is string; declare it as int32 again", why, StringComparison.Ordinal);
    }

    static OwedTransaction Owed<T>(T prepared) => new("out", "one", Codec.Of<T>().Schema, Codec.Of<T>().Encode(prepared), "");

    sealed class NoRows : IRestoredRows
    {
        public ValueTask RestoreAsync(OperatorEntry op, StateEntry state, KeyRange range, ISnapshotRows rows, CancellationToken cancellationToken) => ValueTask.CompletedTask;
    }
}
