namespace Millrace.Hosting;

/// <summary>Guesses what a misspelt word was meant to be.</summary>
internal static class NearestWord
{
    /// <summary>The candidate with the fewest letters changed, added, left out or swapped; null when none is near.</summary>
    public static string? Of(string word, IEnumerable<string> candidates)
    {
        int most = Math.Max(1, word.Length / 3);
        return candidates.Select(c => (Word: c, Distance: Distance(word, c))).Where(c => c.Distance <= most)
            .OrderBy(static c => c.Distance).ThenBy(static c => c.Word, StringComparer.Ordinal).FirstOrDefault().Word;
    }

    // Optimal string alignment: Levenshtein's distance, with swapped neighbours counted once.
    static int Distance(string left, string right)
    {
        int[,] cost = new int[left.Length + 1, right.Length + 1];
        for (int i = 0; i <= left.Length; i++) cost[i, 0] = i;
        for (int j = 0; j <= right.Length; j++) cost[0, j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            for (int j = 1; j <= right.Length; j++)
            {
                int change = left[i - 1] == right[j - 1] ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + change);
                bool isSwap = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
                if (isSwap) cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
            }
        }

        return cost[left.Length, right.Length];
    }
}
