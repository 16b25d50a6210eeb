using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>Adds up what the tasks count. Reads counts while tasks write them: each is right, though not of the same instant.</summary>
static class JobStatusReader
{
    public static JobStatus Read(PlanModel plan, IReadOnlyList<StreamTask> tasks, BuildContext context)
    {
        ILookup<string, Cell> cells = tasks.SelectMany(static t => t.Driver.Cells).Where(static c => c.IsOperator).ToLookup(static c => c.OperatorId);
        return new(plan.JobName, [.. plan.Chains.SelectMany(c => c.Nodes.Select(n => Read(c, n, [.. cells[n.Id]], context)))]);
    }

    static OperatorStatus Read(PlanChain chain, GraphNode node, Cell[] cells, BuildContext context)
    {
        Dictionary<string, long> counters = context.CountersOf(node).All.ToDictionary(static c => c.Name, static c => c.Value, StringComparer.Ordinal);
        foreach ((string name, long count) in cells.SelectMany(static c => c.Counts))
            counters[name] = counters.GetValueOrDefault(name) + count;
        return new(
            node.Id, node.Verb, chain.Parallelism, cells.Sum(static c => c.RecordsIn), cells.Sum(static c => c.RecordsOut),
            cells.Length == 0 ? Timestamp.None : cells.Min(static c => c.Watermark), node.Inputs.Count == 0, node.Verb == "Sink", counters);
    }
}
