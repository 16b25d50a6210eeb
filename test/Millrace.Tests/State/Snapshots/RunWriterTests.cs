using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.State.Snapshots;

/// <summary>Rows added many at a time make the very pack that rows added one by one make.</summary>
public sealed class RunWriterTests
{
    static readonly CancellationToken Never = CancellationToken.None;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 700)]
    [InlineData(3, 64 << 10)]
    [InlineData(4, 5_000)]
    public async Task AddRows_AnyRows_GivesTheBytesOfAdd(int seed, int blockBytes)
    {
        TestRow[] rows = [.. SnapshotSamples.Rows(seed, 3_000, KeyRange.Full).Where(static r => r.Value is not null)];
        MemoryStore one = new(), many = new();
        PackOptions options = new() { BlockBytes = blockBytes };
        await using PackWriter oneByOne = new(one, "", SnapshotSamples.Origin(9), options);
        await SnapshotSamples.WriteAsync(oneByOne, SnapshotSamples.Run(SnapshotSamples.Totals, 9), rows);
        await oneByOne.CompleteAsync(Never);

        await using PackWriter atOnce = new(many, "", SnapshotSamples.Origin(9), options);
        using RunWriter run = atOnce.BeginRun(SnapshotSamples.Run(SnapshotSamples.Totals, 9));
        using ByteBuffer bytes = new();
        PackedRow[] packed = [.. rows.Select(row => Pack(bytes, row))];
        for (int at = 0; at < packed.Length;)
        {
            int added = run.AddRows(packed.AsSpan(at, Math.Min(100, packed.Length - at)), bytes.Written);
            Assert.True(added > 0);
            at += added;
            if (run.NeedsFlush) await run.FlushAsync(Never);
        }

        await run.CompleteAsync(Never);
        await atOnce.CompleteAsync(Never);
        Assert.Equal(Assert.Single(one.Objects).Value, Assert.Single(many.Objects).Value);
    }

    [Fact]
    public async Task AddRows_OutOfOrder_IsABrokenInvariantThatNamesTheState()
    {
        await using PackWriter packs = new(new MemoryStore(), "", SnapshotSamples.Origin(9));
        using RunWriter run = packs.BeginRun(SnapshotSamples.Run(SnapshotSamples.Totals, 9));
        byte[] bytes = [1, 2];
        InvariantBrokenException e = Assert.Throws<InvariantBrokenException>(() => run.AddRows([new(7, 0, 1, 1, 1), new(6, 1, 2, 2, 2)], bytes));
        Assert.Contains("totals", e.Message, StringComparison.Ordinal);
    }

    static PackedRow Pack(ByteBuffer bytes, TestRow row)
    {
        int start = bytes.Length;
        Append(bytes, row.Key);
        int keyEnd = bytes.Length;
        Append(bytes, row.Sub);
        int subEnd = bytes.Length;
        Append(bytes, row.Value!);
        return new(row.Hash, start, keyEnd, subEnd, bytes.Length);
    }

    static void Append(ByteBuffer to, byte[] bytes)
    {
        bytes.CopyTo(to.GetSpan(bytes.Length));
        to.Advance(bytes.Length);
    }
}
