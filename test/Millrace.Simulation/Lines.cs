using System.Globalization;
using Millrace.Testing;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Bags of lines.</summary>
static class Lines
{
    /// <exception cref="SimulationException">They differ; says in what.</exception>
    public static void RequireSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string context = "")
    {
        if (expected.Order(StringComparer.Ordinal).SequenceEqual(actual.Order(StringComparer.Ordinal))) return;
        throw new SimulationException(Difference.OfBags(expected, actual) + context);
    }

    /// <summary>Adds up numbers at the end of lines that are the same before them.</summary>
    /// <param name="lines">The lines: words, the last of them numbers.</param>
    /// <param name="numbers">How many numbers.</param>
    public static IEnumerable<string> AddUp(IEnumerable<string> lines, int numbers) =>
        from line in lines
        let words = line.Split(' ')
        group words[^numbers..] by string.Join(' ', words[..^numbers]) into same
        select $"{same.Key} {string.Join(' ', Enumerable.Range(0, numbers).Select(i => same.Sum(s => Number(s[i]))))}";

    public static long Number(string word) => long.Parse(word, CultureInfo.InvariantCulture);
}
