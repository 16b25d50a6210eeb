using System.Collections.Immutable;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>A record: where it stands, and what else there is to know of it.</summary>
/// <param name="Source">The source it comes from.</param>
/// <param name="Split">The split of the source.</param>
/// <param name="Index">Its place in the split.</param>
/// <param name="Weight">0 to 99, by chance.</param>
/// <param name="BackMs">How far it is behind the event time of its place.</param>
/// <param name="IsStraggler">Whether that is further than the watermarks of the topology allow for: it may come late.</param>
public readonly record struct Reading(int Source, int Split, int Index, int Weight, int BackMs = 0, bool IsStraggler = false)
{
    /// <summary>Event time; never before the epoch.</summary>
    public Timestamp At => Timestamp.FromUnixMilliseconds(Ms);

    /// <summary>Event time in milliseconds since the epoch.</summary>
    public long Ms => 10_000 + (Index * 10L) - BackMs;
}

/// <summary>How far records of a topology are out of order.</summary>
/// <param name="BoundMs">What watermarks allow for; zero for records in order.</param>
/// <param name="StragglersPerThousand">How many are further behind than that.</param>
sealed record Disorder(int BoundMs, int StragglersPerThousand)
{
    const int StragglerMsMax = 900;

    /// <summary>One of chance: records in order, or out of order within a bound, with or without stragglers.</summary>
    public static Disorder Random(SimulatedChance chance) => chance.Below(3) == 0 ? new(0, 0) : new(chance.Between(0, 12) * 10, chance.Pick([0, 15, 60]));

    /// <summary>The splits of a source.</summary>
    /// <param name="source">Its number.</param>
    /// <param name="skew">1 for weights that are all as likely; the greater, the more records have the smallest, and with them the same keys.</param>
    /// <param name="chance">Decides.</param>
    public ImmutableArray<ImmutableArray<Reading>> Splits(int source, int skew, SimulatedChance chance)
    {
        int splits = chance.Between(1, 4), most = chance.Between(20, 200);
        return [.. Enumerable.Range(0, splits).Select(split => Enumerable.Range(0, chance.Between(most / 2, most)).Select(index => Make(source, split, index, Weight(skew, chance), chance)).ToImmutableArray())];
    }

    static int Weight(int skew, SimulatedChance chance)
    {
        int weight = chance.Below(100);
        for (int i = 1; i < skew; i++) weight = weight * chance.Below(100) / 100;
        return weight;
    }

    Reading Make(int source, int split, int index, int weight, SimulatedChance chance)
    {
        Reading reading = new(source, split, index, weight);
        if (BoundMs == 0 && StragglersPerThousand == 0) return reading;
        return chance.InThousand(StragglersPerThousand)
            ? reading with { BackMs = BoundMs + chance.Between(1, StragglerMsMax), IsStraggler = true }
            : reading with { BackMs = chance.Between(0, BoundMs) };
    }
}
