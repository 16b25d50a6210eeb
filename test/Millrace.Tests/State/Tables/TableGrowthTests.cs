using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class TableGrowthTests
{
    const int BatchRecords = 300;

    [Fact]
    public void Grow_KeysInBatches_SplitsFewSegmentsInEach()
    {
        StateTable<long, long, Int64KeyOps> table = new();
        long slots = 0;
        int worst = 0, splits = 0;
        for (long key = 0; key < 4_000_000; key++)
        {
            table.GetOrAdd(KeyHash.Of(key), key, out _) = key;
            if (key % BatchRecords != 0) continue;
            int grown = (int)((table.SlotCount - slots) / TableLimits.SegmentSlotsMax);
            slots = table.SlotCount;
            splits += grown;
            worst = Math.Max(worst, grown);
        }

        Assert.Equal(4_000_000, table.Count);
        Assert.InRange(splits, 600, 1_024);
        Assert.InRange(worst, 1, 4);
    }

    [Fact]
    public void RowsMax_LargeSegments_LieApartBetweenTwoThirdsAndFourFifths()
    {
        int[] limits = [.. Enumerable.Range(0, 1_024).Select(static prefix => TableLimits.RowsMax(TableLimits.SegmentSlotsMax, prefix)).Order()];

        Assert.InRange(limits[0], TableLimits.SegmentSlotsMax * 0.66, TableLimits.SegmentSlotsMax * 0.67);
        Assert.InRange(limits[^1], TableLimits.SegmentSlotsMax * 0.78, TableLimits.SegmentSlotsMax * 0.8);
        Assert.All(limits.Skip(8).Zip(limits), static pair => Assert.NotEqual(pair.First, pair.Second));
    }
}
