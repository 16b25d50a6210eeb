namespace Millrace.State.Tables;

/// <summary>
/// Which earlier run a delta builds on. The confirmed runs of a slice are numbered from the last full one, which is zero. A chain may have
/// <see cref="DeltasMax"/> deltas, and what is in them should be rewritten as seldom as possible: run n is written as the sum of that many
/// binomial coefficients C(a, 6) + C(b, 5) + … with a > b > …, each term one delta, and what n and n - 1 do not have in common is merged into
/// one run (the k-binomial transform; Bentley and Saxe 1980, "Decomposable searching problems"). With 84 = C(9, 6) runs from one full one to the
/// next every change is written three times at most, against six with a binary counter of 64.
/// </summary>
static class ChainNumbers
{
    /// <summary>Deltas of a chain, at most; with the full run there are seven.</summary>
    public const int DeltasMax = 6;

    /// <summary>The number at which a slice is written whole again.</summary>
    public const int FullEvery = 84;

    const byte WearWaitsForARound = Snapshots.PackWear.DefaultAge >= FullEvery ? 1 : -1;   // -1 does not compile

    static readonly int[] s_base = [.. Enumerable.Range(0, FullEvery).Select(BaseFor)];
    static readonly int[] s_lowest = [.. Enumerable.Range(0, FullEvery).Select(number => s_base[number..].Skip(1).Append(FullEvery).Min())];

    /// <summary>The run that a run says the changes since.</summary>
    /// <param name="number">From one up to, and not including, <see cref="FullEvery"/>.</param>
    public static int BaseOf(int number) => s_base[number];

    /// <summary>The earliest run that any run after a number builds on; not less than <see cref="FullEvery"/> when there is none.</summary>
    public static int LowestBaseAfter(int number) => s_lowest[number];

    static int BaseFor(int number)
    {
        if (number == 0) return 0;
        int sum = 0, rest = number, restBefore = number - 1;
        for (int i = DeltasMax; i > 0; i--)
        {
            int term = Largest(i, rest);
            if (term != Largest(i, restBefore)) break;
            sum += term;
            rest -= term;
            restBefore -= term;
        }

        return sum;
    }

    /// <summary>The largest C(a, i) that is not more than a limit.</summary>
    static int Largest(int i, int limit)
    {
        int value = 0;
        for (int a = i; ; a++)
        {
            int next = Choose(a, i);
            if (next > limit) return value;
            value = next;
        }
    }

    static int Choose(int a, int i)
    {
        int value = 1;
        for (int j = 1; j <= i; j++) value = value * (a - i + j) / j;
        return value;
    }
}
