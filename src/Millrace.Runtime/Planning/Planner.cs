using Millrace.Engine;

namespace Millrace.Runtime.Planning;

/// <summary>Makes a plan of a graph. Pure.</summary>
public static class Planner
{
    /// <summary>Plans a graph, or says all that is wrong with it.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="parallelism">The parallelism of operators that have none of their own.</param>
    /// <param name="isChaining">Whether operators share tasks where they can.</param>
    /// <param name="heads">Operators that begin a chain whatever is said otherwise: records in flight are restored at the head of one. Null for none.</param>
    /// <exception cref="InvalidJobException">The job cannot run as described.</exception>
    public static PlanModel Plan(JobGraph graph, int parallelism, bool isChaining = true, IReadOnlySet<string>? heads = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        List<GraphProblem> problems = [.. graph.Problems];
        if (parallelism is < 1 or > Limits.TasksMax)
            problems.Add(new(null, $"the parallelism is {parallelism:N0}; give 1 to {Limits.TasksMax:N0} with --parallelism"));
        problems.AddRange(TypeProblems.Of(graph));
        if (problems.Count > 0) throw new InvalidJobException(graph.Name, problems);

        PlanModel plan = Chain(graph, parallelism, isChaining, heads);
        if (plan.ChannelCount > Limits.ChannelsMax) throw new InvalidJobException(graph.Name, [TooManyChannels(graph, plan, parallelism, isChaining)]);
        if (TooManyTasks(plan) is { } problem) throw new InvalidJobException(graph.Name, [problem]);
        return plan;
    }

    static GraphProblem? TooManyTasks(PlanModel plan)
    {
        long links = plan.Chains.Sum(static c => (long)c.Parallelism * c.Nodes.Count);
        long threads = plan.Chains.Where(static c => c.HasOwnThread).Sum(static c => (long)c.Parallelism);
        if (plan.Chains.Sum(static c => (long)c.Parallelism) is > Limits.TasksMax and var tasks)
            return new(null, $"it would need {tasks:N0} tasks; the limit of one process is {Limits.TasksMax:N0}, so use a lower --parallelism");
        if (threads > Limits.BlockingTasksMax)
            return new(null, $"it would need {threads:N0} threads for its blocking operators; the limit of one process is {Limits.BlockingTasksMax:N0}, so use a lower parallelism there");
        return links > Limits.LinksMax
            ? new(null, $"it would need {links:N0} batches of up to {Limits.BatchRecordsMax:N0} records inside its {plan.TaskCount:N0} tasks, besides {plan.ChannelCount:N0} channels; "
                + $"the limit of one process is {Limits.LinksMax:N0}, so use --parallelism {Math.Max(1, plan.Chains.Max(static c => c.Parallelism) * (long)Limits.LinksMax / links)} or less")
            : null;
    }

    static PlanModel Chain(JobGraph graph, int parallelism, bool isChaining, IReadOnlySet<string>? heads = null)
    {
        GraphNode[] nodes = GraphOrder.Sort(graph.Nodes);
        Dictionary<GraphNode, List<GraphNode>> chainOf = [];
        List<List<GraphNode>> groups = [];
        foreach (GraphNode node in nodes)
        {
            if (isChaining && heads?.Contains(node.Id) != true && ChainedWith(node, parallelism) is { } before)
            {
                chainOf[node] = chainOf[before];
                chainOf[node].Add(node);
                continue;
            }

            chainOf[node] = [node];
            groups.Add(chainOf[node]);
        }

        Dictionary<List<GraphNode>, PlanChain> chains = [];
        foreach (List<GraphNode> group in groups)
        {
            chains[group] = new(chains.Count + 1, group, group[0].Parallelism ?? parallelism, group[0].Chaining == Chaining.Blocking);
        }

        PlanChain ChainOf(GraphNode node) => chains[chainOf[node]];
        var edges = from node in nodes
                    from edge in node.Inputs
                    where chainOf[node] != chainOf[edge.From!] || !IsChainedBy(node, edge, parallelism)
                    select new PlanEdge(edge, node, ChainOf(edge.From!), ChainOf(node), KindOf(edge, node, parallelism));
        return new(graph.Name, [.. groups.Select(g => chains[g])], [.. edges]);
    }

    /// <summary>The operator a node shares a task with; null when it begins a chain.</summary>
    static GraphNode? ChainedWith(GraphNode node, int parallelism) =>
        node.Inputs.Count == 1 && IsChainedBy(node, node.Inputs[0], parallelism) ? node.Inputs[0].From : null;

    static bool IsChainedBy(GraphNode node, GraphEdge edge, int parallelism)
    {
        GraphNode from = edge.From!;
        int fromParallelism = from.Parallelism ?? parallelism;
        int toParallelism = node.Parallelism ?? parallelism;
        bool isLocal = (KindOf(edge, node, parallelism) == PartitionKind.Forward || fromParallelism == 1) && fromParallelism == toParallelism;
        return isLocal && node.Inputs.Count == 1 && node.Chaining == Chaining.Allowed && (from.Chaining is Chaining.Allowed or Chaining.Head);
    }

    static PartitionKind KindOf(GraphEdge edge, GraphNode to, int parallelism) =>
        edge.Kind == PartitionKind.Forward && (edge.From!.Parallelism ?? parallelism) != (to.Parallelism ?? parallelism)
            ? PartitionKind.Rebalance
            : edge.Kind;

    static GraphProblem TooManyChannels(JobGraph graph, PlanModel plan, int parallelism, bool isChaining)
    {
        PlanEdge worst = plan.Edges.MaxBy(static e => e.ChannelCount)!;
        int fits = Enumerable.Range(0, 31).Select(static bit => 1 << bit).Where(p => p < parallelism)
            .Where(p => Chain(graph, p, isChaining).ChannelCount <= Limits.ChannelsMax).DefaultIfEmpty(1).Max();
        for (int step = fits / 2; step > 0; step /= 2)
        {
            if (fits + step < parallelism && Chain(graph, fits + step, isChaining).ChannelCount <= Limits.ChannelsMax) fits += step;
        }

        return new(null, $"it would need {plan.ChannelCount:N0} channels and up to {plan.ChannelBytesMax / (double)(1 << 30):N1} GiB for their batches "
            + $"(most between '{worst.Edge.From!.Id}' with {worst.FromChain.Parallelism:N0} instances and '{worst.To.Id}' with {worst.ToChain.Parallelism:N0}); "
            + $"the limit of one process is {Limits.ChannelsMax:N0} channels, so use --parallelism {fits} or less, or set a lower one with .WithParallelism on some operators");
    }
}
