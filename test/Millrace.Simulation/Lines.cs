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
}
