using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Tests.State.Tables;

public sealed class RowPlacesTests
{
    public static TheoryData<long, long> Ranges => new()
    {
        { 0, KeyRange.SpaceSize }, { 0, 1L << 31 }, { 1L << 31, KeyRange.SpaceSize }, { 0xFFFF_FFF0, KeyRange.SpaceSize },
        { KeyRange.Of(1, 3).Start, KeyRange.Of(1, 3).End }, { KeyRange.Of(6, 7).Start, KeyRange.Of(6, 7).End }, { KeyRange.Of(126, 127).Start, KeyRange.Of(126, 127).End },
        { KeyRange.Of(31_999, 32_768).Start, KeyRange.Of(31_999, 32_768).End }, { 77, 79 },
    };

    [Theory]
    [MemberData(nameof(Ranges))]
    public void Of_HashesOfTheSlice_KeepsTheirOrderAndUsesTheSpace(long start, long end)
    {
        KeyRange owned = new(start, end);
        RowPlaces places = RowPlaces.InOrder(owned);
        uint[] hashes = [.. Hashes(owned).Order()];

        Assert.Equal(hashes.Select(places.Of).Order(), hashes.Select(places.Of));
        Assert.Equal(0u, places.Of((uint)start));
        // The last of n places in order is the (n - 1)-th nth of the space.
        Assert.InRange(places.Of((uint)(end - 1)), uint.MaxValue / owned.Size * (owned.Size - 1) * 0.999, uint.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void HashesOf_PlacesOfASegment_HaveEveryHashOfTheSliceWithSuchAPlace(long start, long end)
    {
        KeyRange owned = new(start, end);
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
    }

    static IEnumerable<uint> Hashes(KeyRange owned)
    {
        Random random = new(1);
        return [(uint)owned.Start, (uint)(owned.End - 1), .. Enumerable.Range(0, 2_000).Select(_ => (uint)random.NextInt64(owned.Start, owned.End))];
    }
}
