using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class RowPlacesTests
{
    public static TheoryData<int, int> Instances => new() { { 0, 1 }, { 0, 2 }, { 1, 2 }, { 1, 3 }, { 6, 7 }, { 126, 127 }, { 31_999, 32_768 }, { 45_999, 46_000 } };

    [Theory]
    [MemberData(nameof(Instances))]
    public void Of_HashesOfTheSlice_KeepsTheirOrderAndUsesTheSpace(int index, int parallelism)
    {
        KeyRange owned = KeyRange.Of(index, parallelism);
        RowPlaces places = RowPlaces.InOrder(owned);
        uint[] hashes = [.. Hashes(owned).Order()];

        Assert.Equal(hashes.Select(places.Of).Order(), hashes.Select(places.Of));
        Assert.InRange(places.Of((uint)owned.Start), 0u, (uint)parallelism - 1);
        Assert.InRange(places.Of((uint)(owned.End - 1)), uint.MaxValue - (uint)parallelism + 1, uint.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Instances))]
    public void HashesOf_PlacesOfASegment_HaveEveryHashOfTheSliceWithSuchAPlace(int index, int parallelism)
    {
        KeyRange owned = KeyRange.Of(index, parallelism);
        RowPlaces places = RowPlaces.InOrder(owned);
        for (int depth = 0; depth < 14; depth += 3)
        {
            uint width = uint.MaxValue >> depth;
            foreach (uint hash in Hashes(owned))
            {
                uint place = places.Of(hash);
                (uint First, uint Last)? hashes = places.HashesOf(place & ~width, place | width);
                Assert.NotNull(hashes);
                Assert.InRange(hash, hashes.Value.First, hashes.Value.Last);
                Assert.True(owned.Contains(hashes.Value.First) && owned.Contains(hashes.Value.Last));
                Assert.True(places.Of(hashes.Value.First) >= (place & ~width) && places.Of(hashes.Value.Last) <= (place | width));
            }
        }
    }

    [Fact]
    public void Spread_HashesThatDifferInAnyBits_HaveOtherTopBitsAndSayNothingOfTheirOrder()
    {
        for (int bit = 0; bit < 24; bit++)
        {
            uint[] tops = [.. Enumerable.Range(0, 256).Select(i => RowPlaces.Spread.Of((uint)i << bit) >> 26).Distinct()];
            Assert.InRange(tops.Length, 40, 64);
        }

        Assert.Null(RowPlaces.Spread.HashesOf(0, 1 << 20));
        Assert.Null(RowPlaces.InOrder(default).HashesOf(0, 1 << 20));
        Assert.Null(RowPlaces.InOrder(new(5, 1L << 31)).HashesOf(0, 1 << 20));
    }

    static IEnumerable<uint> Hashes(KeyRange owned)
    {
        Random random = new(1);
        return [(uint)owned.Start, (uint)(owned.End - 1), .. Enumerable.Range(0, 2_000).Select(_ => (uint)random.NextInt64(owned.Start, owned.End))];
    }
}
