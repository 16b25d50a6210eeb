using System.Buffers.Binary;
using System.Text;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

/// <summary>A row as tests hold it.</summary>
sealed record TestRow(uint Hash, byte[] Key, byte[] Sub, byte[]? Value)
{
    public string Text => $"{Hash:x8} {Convert.ToHexString(Key)} {Convert.ToHexString(Sub)} {(Value is null ? "deleted" : Convert.ToHexString(Value))}";
}

/// <summary>What tests of snapshots share.</summary>
static class SnapshotSamples
{
    public static readonly AttemptId Attempt = new(3, 17);

    public static readonly StateSchema Totals = new()
    {
        Name = "totals",
        Layout = StateLayout.Keyed,
        Kind = "value",
        Key = Codec.Of<int>().Schema,
        Value = Codec.Of<string>().Schema,
    };

    public static readonly StateSchema Panes = new()
    {
        Name = "panes",
        Layout = StateLayout.Keyed,
        Kind = "window",
        Key = Codec.Of<int>().Schema,
        Sub = Codec.Of<long>().Schema,
        Value = Codec.Of<long>().Schema,
    };

    public static PackOrigin Origin(long snapshot, int worker = 0) => new(Attempt, worker, snapshot, "5eed");

    public static RunDescription Run(StateSchema schema, long snapshot, KeyRange? range = null, long since = 0, long droppedBelow = long.MinValue) => new()
    {
        OperatorId = "orders",
        Schema = schema,
        Range = range ?? KeyRange.Full,
        Snapshot = snapshot,
        IsFull = since == 0,
        Base = since,
        DroppedBelow = droppedBelow,
    };

    /// <summary>Rows in ascending order of hash, of lengths and content that vary as the seed says.</summary>
    public static List<TestRow> Rows(int seed, int count, KeyRange range)
    {
        Random random = new(seed);
        bool isRegular = random.Next(2) == 0;
        List<TestRow> rows = [];
        for (int i = 0; i < count; i++)
        {
            uint hash = (uint)(range.Start + random.NextInt64(range.Size));
            byte[] key = new byte[isRegular ? 4 : random.Next(0, 40)], sub = new byte[isRegular ? 0 : random.Next(0, 3)];
            random.NextBytes(key);
            random.NextBytes(sub);
            byte[]? value = random.Next(8) == 0 ? null : new byte[isRegular ? 16 : random.Next(0, 200)];
            // Half of a value repeats, so that some blocks shrink and others do not.
            if (value is not null) random.NextBytes(value.AsSpan(value.Length / 2));
            rows.Add(new TestRow(hash, key, sub, value));
        }

        return [.. rows.OrderBy(static r => r.Hash)];
    }

    public static async Task<RunEntry> WriteAsync(PackWriter pack, RunDescription description, IEnumerable<TestRow> rows)
    {
        using RunWriter run = pack.BeginRun(description);
        foreach (TestRow row in rows)
        {
            if (row.Value is null) run.AddDeleted(row.Hash, row.Key, row.Sub);
            else run.Add(row.Hash, row.Key, row.Sub, row.Value);
            if (run.NeedsFlush) await run.FlushAsync(CancellationToken.None);
        }

        return await run.CompleteAsync(CancellationToken.None);
    }

    public static async Task<List<string>> ReadAsync(IRunReader reader)
    {
        List<string> rows = [];
        await using (reader)
        {
            while (await reader.ReadBlockAsync(CancellationToken.None)) Drain(reader, rows);
        }

        return rows;
    }

    public static byte[] Number(long value)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        writer.WriteZigzag(value);
        writer.Flush();
        return buffer.Written.ToArray();
    }

    public static byte[] Text(string value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value.Length);
        return [.. bytes, .. Encoding.UTF8.GetBytes(value)];
    }

    /// <summary>A manifest with one of everything, whose packs need not exist.</summary>
    public static SnapshotManifest Manifest() => new()
    {
        Id = 17,
        Kind = SnapshotKind.Checkpoint,
        Job = "revenue",
        Timeline = "00112233445566778899aabbccddeeff",
        Attempt = Attempt,
        Parent = new SnapshotReference(16, Attempt, SnapshotKeys.Manifest(16, Attempt), new string('a', 64)),
        TakenAt = new DateTimeOffset(2024, 2, 29, 12, 0, 0, TimeSpan.Zero).AddTicks(1_234_567),
        Watermark = new Timestamp(17_092_080_000_000_001),
        Engine = "0.1.0",
        Fingerprint = "f00d",
        Packs = [new PackEntry("packs/3.17-0-17.0-5eed", 1_000, 900, new string('b', 64), Attempt, "rows of “orders” & more")],
        Operators =
        [
            new OperatorEntry
            {
                Id = "orders",
                Verb = "Process",
                Parallelism = 2,
                Finished = 1,
                Watermarks = [new RangeWatermark(KeyRange.Of(0, 2), new Timestamp(17_092_080_000_000_001)), new RangeWatermark(KeyRange.Of(1, 2), Timestamp.MinValue)],
                States =
                [
                    new StateEntry
                    {
                        Schema = Panes,
                        Runs =
                        [
                            new RunEntry(0, 0, KeyRange.Of(0, 2), true, 12, 0, 100, 0, 600),
                            new RunEntry(0, 1, KeyRange.Of(0, 2), false, 17, 12, 10, 3, 60, -5),
                        ],
                    },
                    new StateEntry
                    {
                        Schema = new StateSchema { Name = "positions", Layout = StateLayout.Split, Kind = "split", Value = Codec.Of<(string, long)>().Schema },
                        Items = [new ItemEntry(1, new byte[] { 1, 2, 255 }, "a.csv at 10", new Timestamp(5)), new ItemEntry(0, Array.Empty<byte>(), "", Timestamp.None)],
                    },
                ],
            },
        ],
        Owed = [new OwedTransaction("files", "revenue-1", Codec.Of<string>().Schema, new byte[] { 9 }, "3 parts")],
    };

    static void Drain(IRunReader reader, List<string> rows)
    {
        while (reader.MoveNext())
        {
            RunRow row = reader.Row;
            rows.Add(new TestRow(row.Hash, row.Key.ToArray(), row.Sub.ToArray(), row.IsDeleted ? null : row.Value.ToArray()).Text);
        }
    }
}
