using FsCheck;
using FsCheck.Fluent;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Tests.State.Snapshots;

public sealed class PackTests
{
    static readonly CancellationToken Never = CancellationToken.None;

    [Fact]
    public void Pack_OfAnyRuns_GivesTheRowsOfAnyRange() => Prop.ForAll<int, byte, byte>((seed, runs, compression) =>
    {
        Task.Run(() => RoundTripAsync(seed, (runs % 5) + 1, (SnapshotCompression)(compression % 3))).GetAwaiter().GetResult();
    }).QuickCheckThrowOnFailure();

    static async Task RoundTripAsync(int seed, int runs, SnapshotCompression compression)
    {
        Random random = new(seed);
        MemoryStore store = new();
        List<TestRow>[] rows = [.. Enumerable.Range(0, runs).Select(i => SnapshotSamples.Rows(seed + i, random.Next(0, 2_000), KeyRange.Of(i, runs)))];
        PackOptions options = new() { Compression = compression, BlockBytes = random.Next(1, 8_000), PackBytes = random.Next(1, 200_000) };
        await using PackWriter writer = new(store, "job/", SnapshotSamples.Origin(9), options);
        RunEntry[] entries = await Task.WhenAll(Enumerable.Range(0, runs).Select(i => Task.Run(
            () => SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9, KeyRange.Of(i, runs)), rows[i]))));
        IReadOnlyList<PackEntry> packs = await writer.CompleteAsync(Never);

        Assert.Equal(packs.Select(static p => $"job/{p.Key}").Order(), store.Objects.Keys.Order());
        for (int i = 0; i < runs; i++)
        {
            Assert.Equal(rows[i].Count, entries[i].Rows);
            Assert.Equal(rows[i].Count(static r => r.Value is null), entries[i].Deletions);
            Assert.Equal(rows[i].Count == 0, entries[i].Pack == RunEntry.Nowhere);
            if (rows[i].Count == 0) continue;
            PackReader reader = await PackReader.OpenAsync(store, "job/", packs[entries[i].Pack], Never);
            Assert.Equal(entries[i].Bytes, reader.Sections[entries[i].Section].Bytes);
            long one = random.NextInt64(KeyRange.SpaceSize + 1), other = random.NextInt64(KeyRange.SpaceSize + 1);
            foreach (KeyRange range in new[] { KeyRange.Full, new KeyRange(Math.Min(one, other), Math.Max(one, other)), default })
            {
                IEnumerable<string> expected = rows[i].Where(r => range.Contains(r.Hash)).Select(static r => r.Text);
                Assert.Equal(expected, await SnapshotSamples.ReadAsync(reader.OpenRun("orders", SnapshotSamples.Totals, entries[i], range)));
            }
        }
    }

    [Fact]
    public async Task Pack_WithoutRows_IsNotWritten()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), []);
        Assert.Empty(await writer.CompleteAsync(Never));
        Assert.Equal((RunEntry.Nowhere, RunEntry.Nowhere, 0L), (entry.Pack, entry.Section, entry.Rows));
        Assert.Empty(store.Objects);
    }

    [Fact]
    public async Task Run_WithoutRowsThatDropsSome_IsWritten()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Panes, 9, since: 8, droppedBelow: 100), []);
        PackEntry pack = Assert.Single(await writer.CompleteAsync(Never));
        PackReader reader = await PackReader.OpenAsync(store, "", pack, Never);
        reader.Check("orders", SnapshotSamples.Panes, entry);
        Assert.Empty(await SnapshotSamples.ReadAsync(reader.OpenRun(0, KeyRange.Full)));
        Assert.Equal(100, Assert.Single(reader.Sections).DroppedBelow);
    }

    [Fact]
    public async Task Pack_BeyondItsSize_IsFollowedByAnother()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9), new PackOptions { PackBytes = 10_000, BlockBytes = 1_000 });
        List<RunEntry> entries = [];
        for (int i = 0; i < 8; i++)
        {
            RunDescription run = SnapshotSamples.Run(SnapshotSamples.Totals, 9, KeyRange.Of(i, 8));
            entries.Add(await SnapshotSamples.WriteAsync(writer, run, SnapshotSamples.Rows(i, 300, run.Range)));
        }

        IReadOnlyList<PackEntry> packs = await writer.CompleteAsync(Never);
        Assert.InRange(packs.Count, 2, 7);
        Assert.Equal(packs.Count, packs.Select(static p => p.Key).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, packs.Count), entries.Select(static e => e.Pack).Distinct());
    }

    [Fact]
    public async Task Pack_Disposed_LeavesNoObject()
    {
        MemoryStore store = new();
        PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), SnapshotSamples.Rows(1, 50_000, KeyRange.Full));
        await writer.DisposeAsync();
        Assert.Empty(store.Objects);
    }

    [Fact]
    public async Task Pack_WhoseNameIsTaken_IsRefused()
    {
        MemoryStore store = new();
        store.Objects[SnapshotKeys.Pack(SnapshotSamples.Origin(9), 0)] = [1];
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), SnapshotSamples.Rows(1, 10, KeyRange.Full));
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await writer.CompleteAsync(Never));
    }

    [Fact]
    public async Task Run_NotCompleted_KeepsThePackFromCompleting()
    {
        await using PackWriter writer = new(new MemoryStore(), "", SnapshotSamples.Origin(9));
        using RunWriter run = writer.BeginRun(SnapshotSamples.Run(SnapshotSamples.Totals, 9));
        await Assert.ThrowsAsync<InvariantBrokenException>(async () => await writer.CompleteAsync(Never));
    }

    [Fact]
    public async Task Row_OutOfOrderOrSlice_IsRefused()
    {
        await using PackWriter writer = new(new MemoryStore(), "", SnapshotSamples.Origin(9));
        using RunWriter run = writer.BeginRun(SnapshotSamples.Run(SnapshotSamples.Totals, 9, KeyRange.Of(0, 2)));
        run.Add(7, [1], [], [1]);
        Assert.Throws<InvariantBrokenException>(() => run.Add(6, [1], [], [1]));
        run.Add(0x8000_0000, [1], [], [1]);
        await Assert.ThrowsAsync<InvariantBrokenException>(async () => await run.CompleteAsync(Never));
    }

    [Fact]
    public async Task Row_LargerThanABlock_ComesBack()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9), new PackOptions { Compression = SnapshotCompression.Fast });
        byte[] large = new byte[5 << 20];
        new Random(1).NextBytes(large);
        TestRow[] rows = [new(1, [1], [], [1]), new(2, [2], [], large), new(3, [3], [], new byte[3 << 20]), new(4, [4], [], null)];
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), rows);
        PackEntry pack = Assert.Single(await writer.CompleteAsync(Never));
        PackReader reader = await PackReader.OpenAsync(store, "", pack, Never);
        Assert.Equal(rows.Select(static r => r.Text), await SnapshotSamples.ReadAsync(reader.OpenRun(entry.Section, KeyRange.Full)));
        Assert.InRange(pack.Length, 5 << 20, 6 << 20);
    }

    [Fact]
    public async Task OpenRun_OfASlice_ReadsOnlyItsBlocks()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9), new PackOptions { Compression = SnapshotCompression.None });
        IEnumerable<TestRow> rows = Enumerable.Range(0, 400_000).Select(static i => new TestRow((uint)i * 10_000, [1, 2, 3, 4], [], new byte[16]));
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), rows);
        PackEntry pack = Assert.Single(await writer.CompleteAsync(Never));
        PackReader reader = await PackReader.OpenAsync(store, "", pack, Never);
        Assert.Single(store.Reads);
        store.Reads.Clear();
        Assert.Equal(entry.Rows, (await SnapshotSamples.ReadAsync(reader.OpenRun(0, KeyRange.Full))).Count);
        int all = store.Reads.Count;
        store.Reads.Clear();
        Assert.NotEmpty(await SnapshotSamples.ReadAsync(reader.OpenRun(0, KeyRange.Of(3, 100))));
        Assert.Single(store.Reads);
        Assert.InRange(all, pack.Length >> 20, (pack.Length >> 20) + 2);
    }

    [Fact]
    public async Task OpenRun_OfAnotherRunThanTheManifestSays_IsRefused()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Totals, 9), SnapshotSamples.Rows(1, 100, KeyRange.Full));
        PackEntry pack = Assert.Single(await writer.CompleteAsync(Never));
        PackReader reader = await PackReader.OpenAsync(store, "", pack, Never);
        foreach (RunEntry other in new[] { entry with { Section = 1 }, entry with { Rows = 99 }, entry with { Snapshot = 8 }, entry with { IsFull = false, Base = 3 } })
        {
            Assert.Throws<SnapshotCorruptException>(() => reader.OpenRun("orders", SnapshotSamples.Totals, other, KeyRange.Full));
        }

        Assert.Contains("'orders'", Assert.Throws<SnapshotCorruptException>(
            () => reader.OpenRun("others", SnapshotSamples.Totals, entry, KeyRange.Full)).Message, StringComparison.Ordinal);
        Assert.Throws<SnapshotCorruptException>(() => reader.OpenRun("orders", SnapshotSamples.Totals with { Value = SnapshotSamples.Panes.Value }, entry, KeyRange.Full));
    }

    [Fact]
    public async Task OpenRun_WithABound_LeavesOutLesserSubKeys()
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9));
        TestRow[] rows = [.. Enumerable.Range(-5, 10).Select(static i => new TestRow(7, [1], SnapshotSamples.Number(i), [1]))];
        RunEntry entry = await SnapshotSamples.WriteAsync(writer, SnapshotSamples.Run(SnapshotSamples.Panes, 9), rows);
        PackReader reader = await PackReader.OpenAsync(store, "", Assert.Single(await writer.CompleteAsync(Never)), Never);
        Assert.Equal(
            rows.Skip(3).Select(static r => r.Text), await SnapshotSamples.ReadAsync(reader.OpenRun("orders", SnapshotSamples.Panes, entry, KeyRange.Full, -2)));
    }
}
