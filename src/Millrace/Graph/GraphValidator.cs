namespace Millrace;

/// <summary>Finds all problems of a graph that need no knowledge of state or machines. Pure.</summary>
static class GraphValidator
{
    /// <summary>The largest parallelism that can be asked for; the number of channels sets a tighter limit when the job is planned.</summary>
    const int ParallelismMax = 32_768;

    public static IReadOnlyList<GraphProblem> Check(IReadOnlyList<GraphNode> nodes)
    {
        List<GraphProblem> problems = [];
        if (!nodes.Any(static n => n.Inputs.Count == 0))
            problems.Add(new(null, "it has no source, so nothing would ever happen; begin with flow.Source(\"id\", …)"));
        else if (!nodes.Any(static n => n.Spec is { Verb: "Sink" }))
            problems.Add(new(null, "it has no sink, so its results would go nowhere; end with .Sink(\"id\", …)"));

        CheckIds(nodes, problems);
        foreach (GraphNode node in nodes) CheckNode(node, problems);
        CheckEventTime(nodes, problems);
        return problems;
    }

    static void CheckIds(IReadOnlyList<GraphNode> nodes, List<GraphProblem> problems)
    {
        foreach (var same in nodes.GroupBy(static n => n.Id, StringComparer.Ordinal).Where(static g => g.Count() > 1))
        {
            problems.Add(new(same.Key, $"the id is used {same.Count()} times (by {string.Join(", ", same.Select(static n => n.Verb))}); "
                + "ids name state, plans and metrics, so give each operator its own"));
        }
    }

    static void CheckNode(GraphNode node, List<GraphProblem> problems)
    {
        if (node.Spec is null)
        {
            problems.Add(new(node.Id, "the window has no function; end it with .Aggregate, .Reduce, .Process, .Count or .Sum"));
            return;
        }

        if (node.Inputs.Any(static e => e.From is null))
            problems.Add(new(node.Id, "it reads the late records of a window that has no function; end that window with .Aggregate or another"));
        if (node.Spec.NeedsId && string.IsNullOrWhiteSpace(node.GivenId))
            problems.Add(new(node.Id, $"{node.Verb} needs an id that stays the same between versions of the program; give it one that is not empty"));
        if (node.Parallelism is < 1 or > ParallelismMax)
            problems.Add(new(node.Id, $"the parallelism is {node.Parallelism}; give 1 to {ParallelismMax:N0}"));
        foreach (string problem in node.Spec.Problems) problems.Add(new(node.Id, problem));
        foreach (var clash in node.SidePorts.GroupBy(static p => p.Name, StringComparer.Ordinal).Where(static g => g.Count() > 1))
            problems.Add(new(node.Id, $"{clash.Count()} different side outputs are named '{clash.Key}'; share one SideOutput object, or rename one"));
        if (node.Spec.Verb is not ("Where" or "Select" or "SelectMany" or "WithEventTime")) return;
        foreach (var side in node.SidePorts)
            problems.Add(new(node.Id, $"{node.Verb} never emits to side output '{side.Name}'; call .Side on the stream of the function that does"));
    }

    static void CheckEventTime(IReadOnlyList<GraphNode> nodes, List<GraphProblem> problems)
    {
        foreach (GraphNode node in nodes.Where(static n => n.Spec is { NeedsEventTime: true }))
        {
            if (node.WithoutEventTime() is { } source) problems.Add(new(node.Id, EventTimeMessage(node.Verb, source)));
        }
    }

    internal static string EventTimeMessage(string verb, GraphNode source) =>
        $"{verb} needs event time, but records of '{source.Id}' reach it without timestamps; give the source a watermark strategy, "
        + "such as WatermarkStrategy.BoundedOutOfOrderness, or call .WithEventTime(…) on the stream";
}

/// <summary>Where a stream's event time comes from.</summary>
public static class GraphEventTime
{
    /// <summary>A source or side output whose records reach the operator without timestamps; null when there is none.</summary>
    /// <param name="node">The operator.</param>
    public static GraphNode? WithoutEventTime(this GraphNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return Search(node, []);
    }

    /// <summary>Whether the main output of the operator carries timestamps.</summary>
    /// <param name="node">The operator.</param>
    public static bool HasEventTime(this GraphNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return Gives(node) ?? (node.Inputs.Count > 0 && node.WithoutEventTime() is null);
    }

    static bool? Gives(GraphNode node) => node.Spec switch
    {
        { GivesEventTime: { } gives } => gives,
        { NeedsEventTime: true } => true,
        _ => null,
    };

    // Every operator is searched once: branches that meet again would otherwise double the work each time.
    static GraphNode? Search(GraphNode node, HashSet<GraphNode> searched)
    {
        if (!searched.Add(node)) return null;
        foreach (GraphEdge edge in node.Inputs)
        {
            if (Missing(edge, searched) is { } found) return found;
        }

        return null;
    }

    static GraphNode? Missing(GraphEdge edge, HashSet<GraphNode> searched)
    {
        if (edge.From is not { } from) return null;
        if (from.Inputs.Count == 0) return edge.SideName is null && Gives(from) == true ? null : from;
        return Gives(from) switch
        {
            true => null,
            false => Search(from, searched) ?? from,
            null => Search(from, searched),
        };
    }
}
