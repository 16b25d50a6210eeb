using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class RadixSortTests
{
    [Theory]
    [InlineData(0, 20)]
    [InlineData(1, 20)]
    [InlineData(5_000, 20)]
    [InlineData(5_000, 1)]
    [InlineData(32_767, 29)]
    [InlineData(32_768, 29)]
    [InlineData(100_000, 1)]
    [InlineData(100_000, 2)]
    [InlineData(100_000, 8)]
    [InlineData(300_000, 22)]
    [InlineData(300_000, 32)]
    public void Sort_OfHashesInARange_EqualsTheSortOfTheLibrary(int count, int bits)
    {
        Random random = new(count);
        ulong[] items = [.. Enumerable.Range(0, count).Select(i => ((ulong)random.NextInt64(1L << bits) << 32) | (uint)i)];
        ulong[] expected = [.. items.Order()];
        ulong[] other = new ulong[count + 3];

        Assert.Equal(expected, (RadixSort.Sort(items, other, count, 32, bits) ? other : items)[..count]);
    }
}
