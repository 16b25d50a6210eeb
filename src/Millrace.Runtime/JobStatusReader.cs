using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime;

/// <summary>Adds up what the tasks count. Reads counts while tasks write them: each is right, though not of the same instant.</summary>
static class JobStatusReader
{
    public static JobStatus Read(PlanModel plan, IReadOnlyList<StreamTask> tasks, BuildContext context)
    {
        ILookup<string, Cell> cells = tasks.SelectMany(static t => t.Driver.Cells).Where(static c => c.IsOperator).ToLookup(static c => c.OperatorId);
        // What has no instance here is told by whoever has some.
        return new(plan.JobName, [.. plan.Chains.SelectMany(c => c.Nodes.Where(n => cells.Contains(n.Id)).Select(n => Read(c, n, [.. cells[n.Id]], context)))]);
    }

    /// <summary>What several workers have told, together.</summary>
    /// <param name="plan">How the job runs.</param>
    /// <param name="parts">Each of some of the job's tasks; none tells of the same.</param>
    public static JobStatus Sum(PlanModel plan, IReadOnlyList<JobStatus> parts)
    {
        ILookup<string, OperatorStatus> operators = parts.SelectMany(static p => p.Operators).ToLookup(static o => o.Id);
        return new(plan.JobName, [.. plan.Chains.SelectMany(c => c.Nodes.Where(n => operators.Contains(n.Id)).Select(n => Sum([.. operators[n.Id]])))]);
    }

    static OperatorStatus Sum(OperatorStatus[] parts) => parts[0] with
    {
        RecordsIn = parts.Sum(static p => p.RecordsIn),
        RecordsOut = parts.Sum(static p => p.RecordsOut),
        Watermark = parts.Min(static p => p.Watermark),
        Counters = parts.SelectMany(static p => p.Counters).GroupBy(static c => c.Key, StringComparer.Ordinal)
            .ToDictionary(static c => c.Key, static c => c.Sum(static n => n.Value), StringComparer.Ordinal),
    };

    static OperatorStatus Read(PlanChain chain, GraphNode node, Cell[] cells, BuildContext context)
    {
        Dictionary<string, long> counters = context.CountersOf(node).All.ToDictionary(static c => c.Name, static c => c.Value, StringComparer.Ordinal);
        foreach ((string name, long count) in cells.SelectMany(static c => c.Counts))
            counters[name] = counters.GetValueOrDefault(name) + count;
        return new(
            node.Id, node.Verb, chain.Parallelism, cells.Sum(static c => c.RecordsIn), cells.Sum(static c => c.RecordsOut),
            cells.Min(static c => c.Watermark), node.Inputs.Count == 0, node.Verb == "Sink", counters);
    }
}
