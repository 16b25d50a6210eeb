using System.Text;

namespace Millrace.Testing;

/// <summary>Puts what was expected beside what came. Pure.</summary>
static class Difference
{
    const int LinesMax = 50, LinesOfBagMax = 8;

    /// <summary>A message for people: the first difference, both sides, and all that ever came.</summary>
    public static string Describe(string after, IReadOnlyList<string> expected, IReadOnlyList<string> actual, IReadOnlyList<string> all)
    {
        StringBuilder text = new();
        text.Append("The output").Append(after).Append(" is not as expected: ").AppendLine(Summary(expected, actual));
        Append(text, "expected", expected, actual);
        Append(text, "actual", actual, expected);
        if (all.Count > 0) Append(text, "all output since the start", all, all);
        return text.ToString().TrimEnd();
    }

    /// <summary>How two bags of lines differ, in one line.</summary>
    public static string OfBags(IReadOnlyList<string> expected, IReadOnlyList<string> actual) =>
        $"{actual.Count} lines, expected {expected.Count}; missing: {Some(Without(expected, actual))}; too much: {Some(Without(actual, expected))}";

    /// <summary>The lines that others have not, or not as often, in order.</summary>
    public static List<string> Without(IReadOnlyList<string> lines, IReadOnlyList<string> others)
    {
        Dictionary<string, int> count = others.GroupBy(static l => l, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.Count(), StringComparer.Ordinal);
        return [.. lines.Where(line => !count.TryGetValue(line, out int left) || (count[line] = left - 1) < 0)];
    }

    static string Some(List<string> lines) => lines.Count == 0 ? "none" : $"{lines.Count} ({string.Join(" | ", lines.Take(LinesOfBagMax))})";

    static string Summary(IReadOnlyList<string> expected, IReadOnlyList<string> actual)
    {
        int same = 0;
        while (same < expected.Count && same < actual.Count && expected[same] == actual[same]) same++;
        return same < expected.Count && same < actual.Count ? $"record {same + 1} differs."
            : same < expected.Count ? $"{expected.Count - same} missing after {same}."
            : $"{actual.Count - same} too many after {same}.";
    }

    static void Append(StringBuilder text, string title, IReadOnlyList<string> lines, IReadOnlyList<string> others)
    {
        text.Append("  ").Append(title).Append(lines.Count == 0 ? ": nothing" : ":").AppendLine();
        for (int i = 0; i < lines.Count && i < LinesMax; i++)
        {
            bool isSame = i < others.Count && others[i] == lines[i];
            text.Append(isSame ? "      " : "   -> ").Append(i + 1).Append(". ").AppendLine(lines[i]);
        }

        if (lines.Count > LinesMax) text.Append("      and ").Append(lines.Count - LinesMax).AppendLine(" more");
    }
}
