using Millrace.State;

namespace Millrace.Runtime.Planning;

/// <summary>Finds the key and state types of a graph that cannot be stored. Pure, but for running the factories of functions.</summary>
static class TypeProblems
{
    public static IEnumerable<GraphProblem> Of(JobGraph graph)
    {
        foreach (GraphNode node in graph.Nodes)
        {
            foreach (Type key in node.Inputs.Select(static e => e.KeyType).OfType<Type>().Distinct())
            {
                foreach (TypeProblem problem in KeyTypes.Problems(key)) yield return new(node.Id, $"its key cannot be used: {problem}");
            }
        }
    }
}
