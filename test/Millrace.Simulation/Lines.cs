using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Bags of lines.</summary>
static class Lines
{
    /// <exception cref="SimulationException">They differ; says in what.</exception>
    public static void RequireSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string context = "")
    {
        if (expected.Order(StringComparer.Ordinal).SequenceEqual(actual.Order(StringComparer.Ordinal))) return;
        throw new SimulationException($"{actual.Count} lines, expected {expected.Count}; missing: {Some(Without(expected, actual))}; too much: {Some(Without(actual, expected))}{context}");
    }

    static List<string> Without(IReadOnlyList<string> lines, IReadOnlyList<string> others)
    {
        Dictionary<string, int> left = others.GroupBy(static l => l).ToDictionary(static g => g.Key, static g => g.Count());
        List<string> without = [];
        foreach (string line in lines)
        {
            if (left.GetValueOrDefault(line) > 0) left[line]--;
            else without.Add(line);
        }

        return without;
    }

    static string Some(List<string> lines) => lines.Count == 0 ? "none" : $"{lines.Count}: {string.Join(" | ", lines.Take(4))}";
}
