using FsCheck;
using FsCheck.Fluent;
using Millrace.State;

namespace Millrace.Tests.State;

public sealed class KeyRangeTests
{
    [Fact]
    public void KeyRange_OfEveryInstance_CoversTheSpaceOnce()
    {
        for (int parallelism = 1; parallelism <= 1_000; parallelism++)
        {
            long end = 0;
            for (int i = 0; i < parallelism; i++)
            {
                KeyRange range = KeyRange.Of(i, parallelism);
                Assert.Equal(end, range.Start);
                Assert.InRange(range.Size, KeyRange.SpaceSize / parallelism, (KeyRange.SpaceSize / parallelism) + 1);
                // The boundaries are where two roundings could disagree.
                Assert.Equal(i, KeyRange.InstanceOf((uint)range.Start, parallelism));
                Assert.Equal(i, KeyRange.InstanceOf((uint)(range.End - 1), parallelism));
                end = range.End;
            }

            Assert.Equal(KeyRange.SpaceSize, end);
        }
    }

    [Fact]
    public void KeyRange_OfAnyHash_HasExactlyOneOwner() => Prop.ForAll<uint, ushort>((hash, seed) =>
    {
        int parallelism = (seed % 1_000) + 1;
        // Small numbers are what FsCheck likes; the product reaches the whole space.
        uint spread = hash * 2_654_435_761;
        int owner = KeyRange.InstanceOf(spread, parallelism);
        return Enumerable.Range(0, parallelism).Where(i => KeyRange.Of(i, parallelism).Contains(spread)).SequenceEqual([owner]);
    }).QuickCheckThrowOnFailure();

    [Theory, InlineData(int.MaxValue), InlineData(65_536), InlineData(10_007)]
    public void KeyRange_OfHugeParallelism_StillCoversTheSpace(int parallelism)
    {
        Assert.Equal(0, KeyRange.Of(0, parallelism).Start);
        Assert.Equal(KeyRange.SpaceSize, KeyRange.Of(parallelism - 1, parallelism).End);
        Assert.Equal(parallelism - 1, KeyRange.InstanceOf(uint.MaxValue, parallelism));
        KeyRange middle = KeyRange.Of(parallelism / 2, parallelism);
        Assert.Equal(parallelism / 2, KeyRange.InstanceOf((uint)middle.Start, parallelism));
        Assert.Equal(parallelism / 2, KeyRange.InstanceOf((uint)(middle.End - 1), parallelism));
    }

    [Fact]
    public void Intersect_OfTwoRanges_HasTheHashesOfBoth() => Prop.ForAll<uint, uint, uint>((a, b, c) =>
    {
        KeyRange one = new(Math.Min(a, b), Math.Max(a, b)), other = new(Math.Min(b, c), Math.Max(b, c));
        KeyRange both = one.Intersect(other);
        return both == other.Intersect(one) && one.Contains(both) && other.Contains(both)
            && new[] { a, b, c, (a / 2) + (b / 2) }.All(h => both.Contains(h) == (one.Contains(h) && other.Contains(h)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Intersect_OfDisjointRanges_IsEmpty()
    {
        KeyRange none = KeyRange.Of(0, 4).Intersect(KeyRange.Of(2, 4));
        Assert.True(none.IsEmpty);
        Assert.Equal(default, none);
        Assert.Equal(default, new KeyRange(9, 9));
        Assert.False(none.Contains(0));
        Assert.True(none.Contains(default(KeyRange)));
    }

    [Fact]
    public void ToString_OfAnyRange_ReadsBack()
    {
        foreach (KeyRange range in (KeyRange[])[KeyRange.Full, default, KeyRange.Of(3, 7), new(1, 2)])
        {
            Assert.True(KeyRange.TryParse(range.ToString(), out KeyRange read));
            Assert.Equal(range, read);
        }

        Assert.Equal("[080000000..100000000)", KeyRange.Of(1, 2).ToString());
    }

    [Theory, InlineData(""), InlineData("[000000000..100000001)"), InlineData("[000000002..000000001)"), InlineData("[00000000g..100000000)"), InlineData("[ 00000000..100000000)")]
    public void TryParse_OfOtherText_IsFalse(string text) => Assert.False(KeyRange.TryParse(text, out _));

    [Theory, InlineData(0, 0), InlineData(0, -1), InlineData(-1, 4), InlineData(4, 4)]
    public void Of_ImpossibleInstance_Throws(int index, int parallelism) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => KeyRange.Of(index, parallelism));

    [Theory, InlineData(-1, 5), InlineData(6, 5), InlineData(0, KeyRange.SpaceSize + 1)]
    public void New_OutsideTheSpace_Throws(long start, long end) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new KeyRange(start, end));
}
