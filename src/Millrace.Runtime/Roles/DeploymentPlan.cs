using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Runtime.Roles;

/// <summary>How a deployment runs: the same on every node, from the same program and the same order. Pure.</summary>
static class DeploymentPlan
{
    /// <summary>The plan.</summary>
    /// <param name="graph">The job.</param>
    /// <param name="order">What was ordered.</param>
    /// <param name="restored">What is restored, by operator.</param>
    public static PlanModel Of(JobGraph graph, DeployOrder order, IReadOnlyDictionary<string, RestoredOperator> restored)
    {
        // Records in flight come in by a gate, which an operator has at the head of a chain only.
        HashSet<string> heads = [.. restored.Where(static r => r.Value.HasInFlight).Select(static r => r.Key)];
        return Planner.Plan(graph, order.Parallelism, order.IsChaining, heads);
    }
}
