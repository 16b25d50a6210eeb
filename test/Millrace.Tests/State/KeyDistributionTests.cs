using System.Globalization;
using System.Numerics;
using Millrace.State;

namespace Millrace.Tests.State;

/// <summary>Every bit of the hash is good: the top bits choose the instance, tables use the rest. Seeded, so never flaky.</summary>
public sealed class KeyDistributionTests
{
    const int Keys = 200_000;

    public static TheoryData<string> Families => ["sequential", "strided", "pages", "times", "users", "padded", "guids", "tuples", "decimals", "enums"];

    [Theory, MemberData(nameof(Families))]
    public void KeyHash_OfFamily_SpreadsEvenly(string family)
    {
        uint[] hashes = Hashes(family);
        foreach (int parallelism in (int[])[2, 3, 7, 16, 100, 1000])
        {
            AssertEven(hashes.Select(h => KeyRange.InstanceOf(h, parallelism)), parallelism, $"{family} over {parallelism} instances");
        }

        for (int shift = 0; shift <= 24; shift += 4)
        {
            AssertEven(hashes.Select(h => (int)(h >> shift) & 255), 256, $"{family} in bits {shift} to {shift + 7}");
        }

        // 200,000 random hashes have 4.7 colliding pairs on average.
        Assert.InRange(Keys - hashes.Distinct().Count(), 0, 20);
    }

    [Fact]
    public void KeyHash_OfOneFlippedBit_FlipsEveryBitHalfTheTime()
    {
        Random random = new(1);
        int[,] flips = new int[64, 32];
        const int samples = 8_000;
        for (int n = 0; n < samples; n++)
        {
            // Half the samples are small numbers: keys are seldom random.
            long key = n % 2 == 0 ? random.NextInt64() : n;
            uint hash = KeyHash.Of(key);
            for (int bit = 0; bit < 64; bit++)
            {
                for (uint changed = hash ^ KeyHash.Of(key ^ (1L << bit)); changed != 0; changed &= changed - 1) flips[bit, BitOperations.TrailingZeroCount(changed)]++;
            }
        }

        foreach (int count in flips) Assert.InRange(count, samples * 0.45, samples * 0.55);
    }

    static uint[] Hashes(string family)
    {
        Random random = new(7);
        byte[] id = new byte[16];
        return [.. Enumerable.Range(0, Keys).Select(i => family switch
        {
            "sequential" => KeyHash.Of(i),
            "strided" => KeyHash.Of(i * 1_024L),
            "pages" => KeyHash.Of(((long)i << 40) | 5),
            "times" => KeyHash.Of(new DateTime(2024, 1, 1).AddMinutes(i)),
            "users" => KeyHash.Of(string.Create(CultureInfo.InvariantCulture, $"user-{i}").AsSpan()),
            "padded" => KeyHash.Of(i.ToString("d16", CultureInfo.InvariantCulture).AsSpan()),
            "guids" => KeyHash.Of(NextGuid(random, id)),
            "tuples" => KeyHash.Of((i / 500, i % 500)),
            "decimals" => KeyHash.Of(i / 100m),
            "enums" => KeyHash.Of((i, (DayOfWeek)(i % 7))),
            _ => throw new ArgumentOutOfRangeException(nameof(family)),
        })];
    }

    static Guid NextGuid(Random random, byte[] id)
    {
        random.NextBytes(id);
        return new Guid(id);
    }

    // Chi-square: mean = degrees of freedom, variance twice that. Six deviations is far beyond chance, far below a bad hash.
    static void AssertEven(IEnumerable<int> buckets, int count, string what)
    {
        int[] sizes = new int[count];
        foreach (int bucket in buckets) sizes[bucket]++;
        double expected = (double)Keys / count;
        double chiSquare = sizes.Sum(s => (s - expected) * (s - expected) / expected);
        double freedom = count - 1;
        Assert.True(chiSquare < freedom + (6 * Math.Sqrt(2 * freedom)) + 6, $"{what}: chi-square {chiSquare:f0} of {freedom:f0}");
    }
}
