using Millrace.Engine;
using Millrace.State;

namespace Millrace.Runtime.Planning;

/// <summary>
/// Which worker runs which instances of a plan: each has a range of the instances of every chain, as even as it can be. Chains between which
/// records go forward are dealt alike, so that these stay with their worker. Pure: every node deals the same plan alike. Immutable.
/// </summary>
sealed class PlanShares
{
    // By chain, the first instance of each worker, and the number of instances at the end.
    readonly int[][] _firsts;

    PlanShares(PlanModel plan, int workers, int[][] firsts)
    {
        Plan = plan;
        Workers = workers;
        _firsts = firsts;
    }

    /// <summary>What is dealt.</summary>
    public PlanModel Plan { get; }

    /// <summary>How many workers there are.</summary>
    public int Workers { get; }

    /// <summary>Deals a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="workers">From one to <see cref="WorkersMax"/>: more would have nothing to do.</param>
    public static PlanShares Of(PlanModel plan, int workers)
    {
        Invariant.That(workers > 0 && workers <= WorkersMax(plan), "every worker has an instance");
        int[] load = new int[workers];
        int[][] firsts = new int[plan.Chains.Count][];
        foreach (IGrouping<int, PlanChain> group in plan.Chains.GroupBy(GroupsOf(plan)))
        {
            int[] counts = Deal(group.First().Parallelism, load);
            int[] first = new int[workers + 1];
            for (int worker = 0; worker < workers; worker++)
            {
                first[worker + 1] = first[worker] + counts[worker];
                load[worker] += counts[worker] * group.Count();
            }

            foreach (PlanChain chain in group) firsts[chain.Number - 1] = first;
        }

        return new(plan, workers, firsts);
    }

    /// <summary>So many workers at most have something to do.</summary>
    public static int WorkersMax(PlanModel plan) => plan.Chains.Max(static c => c.Parallelism);

    /// <summary>The instances of a chain that a worker runs.</summary>
    public (int First, int Count) Of(PlanChain chain, int worker)
    {
        int[] first = _firsts[chain.Number - 1];
        return (first[worker], first[worker + 1] - first[worker]);
    }

    /// <summary>Who runs an instance of a chain.</summary>
    public int WorkerOf(PlanChain chain, int instance)
    {
        int[] first = _firsts[chain.Number - 1];
        int worker = 0;
        while (first[worker + 1] <= instance) worker++;
        return worker;
    }

    /// <summary>Who runs an instance of an operator.</summary>
    /// <param name="operatorId">The operator's id.</param>
    /// <param name="instance">Which instance.</param>
    public int WorkerOf(string operatorId, int instance) => WorkerOf(Plan.Chains.First(c => c.Nodes.Any(n => n.Id == operatorId)), instance);

    /// <summary>How many channels go from one worker to another.</summary>
    public int ChannelsBetween(int from, int to) => Plan.Edges.Sum(edge =>
    {
        (int first, int count) = Of(edge.FromChain, from);
        (int target, int targets) = Of(edge.ToChain, to);
        return Enumerable.Range(first, count).Sum(i =>
        {
            (int start, int length) = edge.Targets(i);
            return Math.Max(0, Math.Min(start + length, target + targets) - Math.Max(start, target));
        });
    });

    /// <summary>Whether records of an edge go from one worker to another.</summary>
    public bool Crosses(PlanEdge edge) => Enumerable.Range(0, edge.FromChain.Parallelism).Any(from =>
    {
        (int first, int count) = edge.Targets(from);
        int worker = WorkerOf(edge.FromChain, from);
        return WorkerOf(edge.ToChain, first) != worker || WorkerOf(edge.ToChain, first + count - 1) != worker;
    });

    /// <summary>As many for each, and one more for those who have least to do; the first of them where that is the same.</summary>
    static int[] Deal(int instances, int[] load)
    {
        int[] counts = [.. Enumerable.Repeat(instances / load.Length, load.Length)];
        foreach (int worker in Enumerable.Range(0, load.Length).OrderBy(w => load[w]).Take(instances % load.Length)) counts[worker]++;
        return counts;
    }

    /// <summary>Chains between which records go forward belong together.</summary>
    static Func<PlanChain, int> GroupsOf(PlanModel plan)
    {
        int[] group = [.. Enumerable.Range(0, plan.Chains.Count)];
        foreach (PlanEdge edge in plan.Edges.Where(static e => e.Kind == PartitionKind.Forward))
        {
            int from = group[edge.FromChain.Number - 1], to = group[edge.ToChain.Number - 1];
            for (int i = 0; i < group.Length; i++)
            {
                if (group[i] == Math.Max(from, to)) group[i] = Math.Min(from, to);
            }
        }

        return chain => group[chain.Number - 1];
    }
}
