using System.Text;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class LedgerJsonTests
{
    static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly SnapshotReference Snapshot = new(7, new AttemptId(2, 1), SnapshotKeys.Manifest(7, new AttemptId(2, 1)), new string('a', 64));
    static readonly OwedTransaction Owed = new("sink", "tx-7", new TypeSchema(new SchemaType.Scalar("int32"), []), new byte[] { 1, 2, 255 }, "part \"7\" → out/7");
    static readonly RetainedCheckpoint Retained =
        new(Snapshot, SnapshotKind.Savepoint, Noon, new Timestamp(17), 12, "t", true, true, false, [new SourcePosition("src", "orders.csv at 100")]);

    static readonly LedgerState State = new()
    {
        Job = "sales", Phase = JobPhase.Stopping, Cause = "c", Timeline = "t", Token = new StartToken("fresh", "f"), Origin = new TimelineOrigin.Folder("s3://b/x", "00", true),
        Attempt = new AttemptId(2, 1), NextCheckpoint = 8, Retained = [Retained], Pins = [new SnapshotPin(Snapshot, "why", "file:///sp"), new SnapshotPin(Snapshot, "read", null, "5eed")],
        Borrowed = [new BorrowedCheckpoint("s3://b/x/checkpoints/3-1.1", "orders", 3, "5eed")],
        Savepoints = [new SavepointRecord(7, new AttemptId(2, 1), "t", "s3://b/sp", "11", Noon)], Owed = [Owed], Doomed = ["packs/1-0-1"], Superseded = [new SupersededTerm(1, 9)],
        Stop = new StopProgress(true, "file:///sp", Snapshot, "file:///sp/7"),
    };

    static readonly LedgerEvent[] Events =
    [
        new LedgerEvent.Opening(new LedgerPosition(1, 9, new string('b', 64)), State), new LedgerEvent.Opening(null, LedgerFold.NewJob("sales")),
        new LedgerEvent.TimelineBegun("t", new StartToken("latest", "f"), new TimelineOrigin.Own(Snapshot)),
        new LedgerEvent.TimelineBegun("t", new StartToken("", "f"), new TimelineOrigin.Nothing()),
        new LedgerEvent.AttemptBegun("t", Snapshot, ["a"], [new StateRename("a", "b")], true), new LedgerEvent.AttemptBegun("t", null, [], []),
        new LedgerEvent.CheckpointCommitted(Snapshot, SnapshotKind.Checkpoint, Noon, Timestamp.None, 5, [new SourcePosition("s", "x")], [Owed]),
        new LedgerEvent.CheckpointCommitted(Snapshot, SnapshotKind.Savepoint, Noon, Timestamp.MinValue, 5, [], [], "file:///sp", true, true, true),
        new LedgerEvent.SavepointTaken(Snapshot, "file:///sp", "22"), new LedgerEvent.TransactionsSettled([TransactionName.Of(Owed)]),
        new LedgerEvent.SavepointDisposed("savepoints/orders-17-3.4"),
        new LedgerEvent.Stopping(true, null), new LedgerEvent.Stopped(), new LedgerEvent.Cancelled(), new LedgerEvent.Interrupted("SIGTERM"),
        new LedgerEvent.Finished(), new LedgerEvent.Failed("why"), new LedgerEvent.Pinned(Snapshot, "why"), new LedgerEvent.Unpinned(Snapshot),
        new LedgerEvent.Pinned(Snapshot, "read", "5eed"), new LedgerEvent.Unpinned(Snapshot, "5eed"),
        new LedgerEvent.Borrowed(new BorrowedCheckpoint("s3://b/x/checkpoints/3-1.1", "orders", 3, "5eed")), new LedgerEvent.Returned("5eed"),
        new LedgerEvent.Doomed([Snapshot], ["packs/x"]), new LedgerEvent.Swept(["packs/x"]), new LedgerEvent.Pruned(1, 4),
    ];

    public static TheoryData<int> EventNumbers => [.. Enumerable.Range(0, Events.Length)];

    [Fact]
    public void Events_EveryKind_IsTested() =>
        Assert.Equal(typeof(LedgerEvent).GetNestedTypes().Select(t => t.Name).Order(), Events.Select(e => e.GetType().Name).Distinct().Order());

    [Theory]
    [MemberData(nameof(EventNumbers))]
    public void Entry_AnyEvent_RoundTrips(int number)
    {
        LedgerEntry entry = Entry(Events[number]);

        LedgerEntry read = LedgerEntry.Read("k", entry.ToBytes());

        Assert.Equal(Events[number].GetType(), read.Events[0].GetType());
        Assert.Equal(Encoding.UTF8.GetString(entry.ToBytes()), Encoding.UTF8.GetString(read.ToBytes()));
    }

    [Fact]
    public void Entry_OwedTransaction_KeepsBytesTextAndSchema()
    {
        var read = (LedgerEvent.CheckpointCommitted)LedgerEntry.Read("k", Entry(Events[6]).ToBytes()).Events[0];

        OwedTransaction owed = Assert.Single(read.Prepared);
        Assert.Equal((Owed.Operator, Owed.Id, Owed.Text, Owed.Schema), (owed.Operator, owed.Id, owed.Text, owed.Schema));
        Assert.Equal(Owed.Data.ToArray(), owed.Data.ToArray());
        Assert.Equal(Timestamp.None, read.Watermark);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(17L)]
    [InlineData(-1L)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue + 1)]
    public void Timestamp_AnyTicks_IsExact(long ticks)
    {
        var committed = (LedgerEvent.CheckpointCommitted)Events[6] with { Watermark = new Timestamp(ticks) };

        var read = (LedgerEvent.CheckpointCommitted)LedgerEntry.Read("k", Entry(committed).ToBytes()).Events[0];

        Assert.Equal(ticks, read.Watermark.Ticks);
    }

    [Fact]
    public void Entry_AsText_IsReadable()
    {
        string text = Encoding.UTF8.GetString(Entry(Events[6]).ToBytes());

        Assert.StartsWith("{\n  \"about\": \"Millrace: entry 1 of the ledger of term 2\",\n  \"format\": 1,\n", text, StringComparison.Ordinal);
        Assert.Contains("\"attempt\": \"2.1\"", text, StringComparison.Ordinal);
        Assert.Contains("part \\\"7\\\" → out/7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Claim_RoundTrips()
    {
        TermClaim claim = new(3, "host:17", "http://127.0.0.1:1", "ab", Noon);

        Assert.Equal(claim, TermClaim.Read("k", claim.ToBytes()));
    }

    [Fact]
    public void Read_NewerFormat_SaysWhichVersionToRun()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Entry(Events[11]).ToBytes()).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal));

        LedgerTooNewException e = Assert.Throws<LedgerTooNewException>(() => LedgerEntry.Read("ledger/2/1", bytes));

        Assert.Contains("ledger/2/1 has format 2", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_UnknownFields_AreIgnored()
    {
        string text = Encoding.UTF8.GetString(Entry(Events[13]).ToBytes());
        byte[] bytes = Encoding.UTF8.GetBytes(text.Replace("\"cause\":", "\"later\": {\"x\": [1]}, \"cause\":", StringComparison.Ordinal));

        Assert.Equal(Events[13], LedgerEntry.Read("k", bytes).Events[0]);
    }

    [Fact]
    public void Read_StateWithoutSupersededTerms_HasNone()
    {
        string text = Encoding.UTF8.GetString(Entry(Events[0]).ToBytes());
        int from = text.IndexOf("\"superseded\"", StringComparison.Ordinal), to = text.IndexOf("\"stop\"", from, StringComparison.Ordinal);

        var opening = (LedgerEvent.Opening)LedgerEntry.Read("k", Encoding.UTF8.GetBytes(text.Remove(from, to - from))).Events[0];

        Assert.Empty(opening.State.Superseded);
        Assert.NotNull(opening.State.Stop);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"format\": 1}")]
    [InlineData("{\"format\": \"1\"}")]
    [InlineData("{\"about\": \"\", \"format\": 1, \"entry\": {\"term\": 1, \"sequence\": 0, \"previous\": \"\", \"nonce\": \"\", \"at\": \"2026-01-01T00:00:00+00:00\", \"events\": []}}")]
    [InlineData("{\"about\": \"\", \"format\": 1, \"entry\": {\"term\": 1, \"sequence\": 0, \"previous\": \"\", \"nonce\": \"\", \"at\": \"2026-01-01T00:00:00+00:00\", \"events\": [null]}}")]
    [InlineData("{\"about\": \"\", \"format\": 1, \"entry\": {\"term\": 1, \"sequence\": 0, \"previous\": \"\", \"nonce\": \"\", \"at\": \"2026-01-01T00:00:00+00:00\", \"events\": [{\"event\": \"exploded\"}]}}")]
    public void Read_NotAnEntry_IsCorrupt(string text) =>
        Assert.Equal("k", Assert.Throws<LedgerCorruptException>(() => LedgerEntry.Read("k", Encoding.UTF8.GetBytes(text))).Key);

    [Theory]
    [MemberData(nameof(EventNumbers))]
    public void Read_AnyByteChangedOrCutOff_IsReadOrTypedError(int number)
    {
        byte[] bytes = Entry(Events[number]).ToBytes();
        Random random = Fuzzing.Chance(number);
        for (int i = 0; i < 300 * Fuzzing.Times; i++)
        {
            byte[] damaged = i % 3 == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            if (damaged.Length > 0 && i % 3 != 0) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            Exception? e = Record.Exception(() => LedgerEntry.Read("k", damaged));
            Assert.True(e is null or LedgerCorruptException or LedgerTooNewException, $"{e}");
        }
    }

    internal static byte[] BytesOf(int number) => Entry(Events[number]).ToBytes();

    static LedgerEntry Entry(LedgerEvent e) => new(2, 1, LedgerEntry.None, "ab", Noon, [e]);
}
