namespace Millrace.RepoTests.PublicApi;

/// <summary>What changed between two texts, line by line, each under the line it stands below.</summary>
internal static class TextDifference
{
    public static IReadOnlyList<string> Between(string before, string after)
    {
        string[] a = before.Split('\n'), b = after.Split('\n');
        int[,] common = CommonLines(a, b);
        var difference = new List<string>();
        string? shown = null;
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            if (i < a.Length && j < b.Length && a[i] == b[j]) (i, j) = (i + 1, j + 1);
            else if (j == b.Length || (i < a.Length && common[i + 1, j] >= common[i, j + 1])) Add('-', a, i++);
            else Add('+', b, j++);
        }
        return difference;

        void Add(char sign, string[] lines, int at)
        {
            bool isMember = Depth(lines[at]) == MemberDepth;
            string? heading = isMember ? lines.Take(at).LastOrDefault(line => Depth(line) < MemberDepth) : lines[at];
            if (isMember && heading is not null && heading != shown) difference.Add("  " + heading);
            difference.Add($"{sign} {lines[at]}");
            shown = heading;
        }
    }

    const int MemberDepth = 4;

    static int Depth(string line) => line.Length - line.TrimStart().Length;

    /// <summary>How many lines the two ends of the texts have in common from each pair of places on.</summary>
    static int[,] CommonLines(string[] a, string[] b)
    {
        var common = new int[a.Length + 1, b.Length + 1];
        for (int i = a.Length - 1; i >= 0; i--)
        {
            for (int j = b.Length - 1; j >= 0; j--) common[i, j] = a[i] == b[j] ? common[i + 1, j + 1] + 1
                : Math.Max(common[i + 1, j], common[i, j + 1]);
        }
        return common;
    }
}
