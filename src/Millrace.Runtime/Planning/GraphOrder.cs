namespace Millrace.Runtime.Planning;

/// <summary>Orders operators so that each comes after those it reads. Pure.</summary>
static class GraphOrder
{
    /// <summary>The nodes in such an order, otherwise as in the program.</summary>
    public static GraphNode[] Sort(IReadOnlyList<GraphNode> nodes)
    {
        List<GraphNode> sorted = [];
        HashSet<GraphNode> seen = [];
        foreach (GraphNode node in nodes) Visit(node, seen, sorted);
        return [.. sorted];
    }

    static void Visit(GraphNode node, HashSet<GraphNode> seen, List<GraphNode> sorted)
    {
        // The depth is that of the program's longest pipeline; the API cannot describe a cycle.
        if (!seen.Add(node)) return;
        foreach (GraphEdge edge in node.Inputs) Visit(edge.From!, seen, sorted);
        sorted.Add(node);
    }
}
