namespace Millrace.Benchmarks.Data;

/// <summary>
/// Makes the input of a workload before anything is timed: two passes of equal length. Both hold every key equally often, each
/// shuffled in its own way, so that the second pass meets no new key; event time goes on from the first to the second.
/// </summary>
static class PassData
{
    public const int Passes = 2;

    /// <summary>Records of one unit of time, which is a millisecond.</summary>
    public const int RecordsPerUnit = 1_000;

    /// <summary>A multiple of every window size used, so that windows begin where the data does.</summary>
    public const long FirstUnit = 1_700_000_000_000;

    /// <summary>Words of the same length as all others, for keys of which there are few.</summary>
    public static readonly string[] FewWords = [.. Enumerable.Range(0, 16).Select(static i => new string((char)('a' + i), 16))];

    const int DistinctWords = 100_000;
    const int CopiesOfWord = 4;

    public static KeyedEvent[][] Events(int records, long keys)
    {
        SeededRandom random = new(0x5EED);
        KeyedEvent[][] passes = new KeyedEvent[Passes][];
        for (int pass = 0; pass < Passes; pass++)
        {
            long[] order = ShuffledKeys(records, keys, ref random);
            passes[pass] = new KeyedEvent[records];
            for (int i = 0; i < records; i++)
            {
                passes[pass][i] = new(order[i], random.Below(1_000), UnitOf(pass, records, i));
            }
        }

        return passes;
    }

    /// <summary>
    /// Records with one of 100,000 words. Every word exists as several string objects, and the one that comes first is used only once,
    /// so that no table finds a key by reference, as it would not with words that were read from anywhere.
    /// </summary>
    public static WordEvent[][] Words(int records)
    {
        SeededRandom random = new(0x5EED);
        int distinct = Math.Min(DistinctWords, records);
        string[][] copies = [.. Enumerable.Range(0, distinct).Select(_ => CopiesOf(NewWord(ref random)))];
        bool[] wasUsed = new bool[distinct];
        WordEvent[][] passes = new WordEvent[Passes][];
        for (int pass = 0; pass < Passes; pass++)
        {
            long[] order = ShuffledKeys(records, distinct, ref random);
            passes[pass] = new WordEvent[records];
            for (int i = 0; i < records; i++)
            {
                int word = (int)order[i];
                string text = copies[word][wasUsed[word] ? 1 + random.Below(CopiesOfWord - 1) : 0];
                wasUsed[word] = true;
                passes[pass][i] = new(text, random.Below(1_000), UnitOf(pass, records, i));
            }
        }

        return passes;
    }

    /// <summary>The beginning of each pass, for warming up.</summary>
    public static T[][] HeadOf<T>(T[][] passes, int records) => [.. passes.Select(p => p.AsSpan(0, Math.Min(records, p.Length)).ToArray())];

    static long[] ShuffledKeys(int records, long keys, ref SeededRandom random)
    {
        long[] order = new long[records];
        for (int i = 0; i < records; i++) order[i] = i % keys;
        random.Shuffle<long>(order);
        return order;
    }

    static long UnitOf(int pass, int records, int index) => FirstUnit + ((((long)pass * records) + index) / RecordsPerUnit);

    static string NewWord(ref SeededRandom random)
    {
        Span<char> letters = stackalloc char[16];
        foreach (ref char letter in letters) letter = (char)('a' + random.Below(26));
        return new(letters);
    }

    static string[] CopiesOf(string word) => [.. Enumerable.Range(0, CopiesOfWord).Select(_ => new string(word.AsSpan()))];
}
