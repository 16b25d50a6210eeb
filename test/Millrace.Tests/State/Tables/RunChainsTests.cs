using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class RunChainsTests
{
    [Fact]
    public void ChainNumbers_OfAWholeRound_KeepChainsToSeven()
    {
        List<int> chain = [0];
        for (int number = 1; number < ChainNumbers.FullEvery; number++)
        {
            int from = ChainNumbers.BaseOf(number);
            Assert.Contains(from, chain);
            chain.RemoveAll(n => n > from);
            chain.Add(number);
            Assert.InRange(chain.Count, 2, 7);
            Assert.All(Enumerable.Range(number + 1, ChainNumbers.FullEvery - number - 1), later => Assert.True(ChainNumbers.LowestBaseAfter(number) <= ChainNumbers.BaseOf(later)));
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 7)]
    [InlineData(3, 7)]
    [InlineData(15, 16)]
    [InlineData(12_345, 1_000_003)]
    public void Slices_OfARange_CoverItOnce(int instance, int parallelism)
    {
        KeyRange owned = KeyRange.Of(instance, parallelism);
        SlicePlan[] slices =
        [
            .. Enumerable.Range(0, CutPlan.SlicesMax).Select(i => new SlicePlan(CutPlan.RangeOf(owned, i, CutPlan.SlicesMax), [], [], 0) { IsWanted = false, NeededAfter = 0 }),
        ];
        CutPlan plan = new(1, owned, slices);
        Assert.Equal(owned.Start, slices[0].Range.Start);
        Assert.Equal(owned.End, slices[^1].Range.End);
        for (int i = 0; i < slices.Length; i++)
        {
            Assert.False(slices[i].Range.IsEmpty);
            if (i > 0) Assert.Equal(slices[i - 1].Range.End, slices[i].Range.Start);
            Assert.Equal(i, plan.SliceOf((uint)slices[i].Range.Start));
            Assert.Equal(i, plan.SliceOf((uint)(slices[i].Range.End - 1)));
        }
    }
}
