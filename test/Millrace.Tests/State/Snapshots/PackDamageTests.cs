using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

public sealed class PackDamageTests
{
    static readonly CancellationToken Never = CancellationToken.None;

    static async Task<(MemoryStore Store, PackEntry Pack, List<RunEntry> Runs)> WriteAsync(SnapshotCompression compression, int rows = 400)
    {
        MemoryStore store = new();
        await using PackWriter writer = new(store, "", SnapshotSamples.Origin(9), new PackOptions { Compression = compression, BlockBytes = 700 });
        List<RunEntry> runs = [];
        for (int i = 0; i < 3; i++)
        {
            RunDescription run = SnapshotSamples.Run(SnapshotSamples.Totals, 9, KeyRange.Of(i, 3));
            runs.Add(await SnapshotSamples.WriteAsync(writer, run, SnapshotSamples.Rows(i, rows / 3, run.Range)));
        }

        return (store, Assert.Single(await writer.CompleteAsync(Never)), runs);
    }

    static async Task<List<string>> ReadAllAsync(MemoryStore store, PackEntry pack, List<RunEntry> runs)
    {
        PackReader reader = await PackReader.OpenAsync(store, "", pack, Never);
        List<string> rows = [];
        foreach (RunEntry run in runs) rows.AddRange(await SnapshotSamples.ReadAsync(reader.OpenRun("orders", SnapshotSamples.Totals, run, KeyRange.Full)));
        return rows;
    }

    [Theory, InlineData(SnapshotCompression.None), InlineData(SnapshotCompression.Fast), InlineData(SnapshotCompression.Small)]
    public async Task Pack_WithAFlippedBit_NeverGivesOtherRows(SnapshotCompression compression)
    {
        (MemoryStore store, PackEntry pack, List<RunEntry> runs) = await WriteAsync(compression);
        List<string> rows = await ReadAllAsync(store, pack, runs);
        byte[] bytes = store.Objects[pack.Key];
        Random random = Fuzzing.Chance(1);
        for (int i = 0; i < 400 * Fuzzing.Times; i++)
        {
            int at = random.Next(PackFormat.HeaderBytes, bytes.Length), bit = 1 << random.Next(8);
            bytes[at] ^= (byte)bit;
            SnapshotCorruptException e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => ReadAllAsync(store, pack, runs));
            Assert.Equal(pack.Key, e.Key);
            if (at < pack.FooterOffset) Assert.Contains("state 'totals' of operator 'orders'", e.Message, StringComparison.Ordinal);
            bytes[at] ^= (byte)bit;
        }

        Assert.Equal(rows, await ReadAllAsync(store, pack, runs));
    }

    [Fact]
    public async Task Scan_OfAFlippedBitAnywhere_FindsIt()
    {
        (MemoryStore store, PackEntry pack, _) = await WriteAsync(SnapshotCompression.Fast, 60);
        byte[] bytes = store.Objects[pack.Key];
        PackScan scan = new(store, "", null);
        await scan.RunAsync(pack, null, readRows: true, Never);
        for (int at = 0; at < bytes.Length; at++)
        {
            bytes[at] ^= 16;
            await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await scan.RunAsync(pack, null, readRows: true, Never));
            bytes[at] ^= 16;
        }
    }

    [Fact]
    public async Task Pack_CutShort_IsRefused()
    {
        (MemoryStore store, PackEntry pack, List<RunEntry> runs) = await WriteAsync(SnapshotCompression.Fast);
        byte[] bytes = store.Objects[pack.Key];
        for (int length = 0; length < bytes.Length; length += 97)
        {
            store.Objects[pack.Key] = bytes[..length];
            await Assert.ThrowsAsync<SnapshotCorruptException>(() => ReadAllAsync(store, pack, runs));
        }

        store.Objects.Clear();
        SnapshotCorruptException e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => ReadAllAsync(store, pack, runs));
        Assert.Contains(pack.Key, e.Message, StringComparison.Ordinal);
    }

    // Whoever damages footer and manifest together passes the hashes; what is left are the checks of the footer, the blocks and the rows.
    [Theory, InlineData(SnapshotCompression.None), InlineData(SnapshotCompression.Fast)]
    public async Task Footer_ForgedAtRandom_GivesRowsOrATypedError(SnapshotCompression compression)
    {
        (MemoryStore store, PackEntry pack, List<RunEntry> runs) = await WriteAsync(compression);
        byte[] bytes = store.Objects[pack.Key];
        int from = (int)pack.FooterOffset, length = bytes.Length - from - PackFormat.TrailerBytes;
        Random random = Fuzzing.Chance(2);
        int refused = 0;
        for (int i = 0; i < 2_000 * Fuzzing.Times; i++)
        {
            byte[] forged = [.. bytes];
            int flips = random.Next(1, 4);
            for (int f = 0; f < flips; f++) forged[from + random.Next(length)] = (byte)random.Next(256);
            store.Objects[pack.Key] = forged;
            PackEntry entry = pack with { FooterSha256 = BlockDigest.Text(forged.AsSpan(from, length)) };
            try
            {
                await ReadAllAsync(store, entry, runs);
            }
            catch (Exception e) when (e is SnapshotCorruptException or NewerFormatException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_900 * Fuzzing.Times, 2_000 * Fuzzing.Times);
    }

    [Fact]
    public void Rows_OfAnyBytes_AreRowsOrATypedError()
    {
        Random random = Fuzzing.Chance(3);
        RowCursor cursor = new(new PackSite("pack", "orders", "totals"));
        using RowBlock block = new(1_000);
        foreach (TestRow row in SnapshotSamples.Rows(4, 50, KeyRange.Full)) block.Add(row.Hash, row.Key, row.Sub, row.Value ?? []);
        byte[] good = block.Written.ToArray();
        int refused = 0;
        for (int i = 0; i < 20_000 * Fuzzing.Times; i++)
        {
            byte[] bytes = random.Next(2) == 0 ? new byte[random.Next(1, 60)] : [.. good];
            if (bytes.Length < 60) random.NextBytes(bytes);
            else bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            cursor.Open(new PackBlock(8, bytes.Length, bytes.Length, BlockCodec.Raw, block.FirstHash, block.LastHash, block.Rows, 0), bytes);
            int read = 0;
            try
            {
                while (cursor.MoveNext()) read += cursor.Row.Key.Length + cursor.Row.Sub.Length + cursor.Row.Value.Length;
                Assert.InRange(read, 0, bytes.Length);
            }
            catch (SnapshotCorruptException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 10_000 * Fuzzing.Times, 20_000 * Fuzzing.Times);
    }

    [Fact]
    public async Task Pack_WhoseManifestLies_IsRefusedWithoutMuchMemory()
    {
        (MemoryStore store, PackEntry pack, List<RunEntry> runs) = await WriteAsync(SnapshotCompression.Fast);
        foreach (PackEntry lie in new[]
        {
            pack with { Length = long.MaxValue }, pack with { Length = pack.FooterOffset + (200 << 20) }, pack with { FooterOffset = pack.Length - 3 },
            pack with { FooterOffset = pack.FooterOffset - 1 }, pack with { Length = pack.Length + 1 }, pack with { FooterSha256 = new string('0', 64) },
        })
        {
            await Assert.ThrowsAsync<SnapshotCorruptException>(() => ReadAllAsync(store, lie, runs));
            Assert.InRange(store.LargestReadBytes, 0, 4 << 20);
        }
    }

    [Fact]
    public async Task Pack_OfANewerFormat_IsRefusedAsSuch()
    {
        (MemoryStore store, PackEntry pack, List<RunEntry> runs) = await WriteAsync(SnapshotCompression.Fast);
        byte[] bytes = store.Objects[pack.Key];
        int from = (int)pack.FooterOffset;
        bytes[from] = FormatVersion.Pack + 1;
        PackEntry entry = pack with { FooterSha256 = BlockDigest.Text(bytes.AsSpan(from, bytes.Length - from - PackFormat.TrailerBytes)) };
        NewerFormatException e = await Assert.ThrowsAsync<NewerFormatException>(() => ReadAllAsync(store, entry, runs));
        Assert.Contains("version 2", e.Message, StringComparison.Ordinal);
    }
}
