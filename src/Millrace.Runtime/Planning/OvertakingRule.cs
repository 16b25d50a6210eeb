using Millrace.Engine;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Planning;

/// <summary>
/// Where barriers may overtake records. Operators that read by key can be overtaken; sinks and what reads without a key align. One that aligns what comes from several
/// chains can hold one of them back until another delivers the barrier, which may wait for the first to read on: a source that writes to both stands still
/// (<c>docs/decisions/0010-simulation.md</c>, "A deadlock"). With one chain before it that cannot be: a barrier reaches all instances of a chain at once. So barriers
/// overtake in jobs without such an operator only; in others they align, however long it takes. Pure.
/// </summary>
static class OvertakingRule
{
    /// <summary>Whether barriers may overtake records anywhere in a job.</summary>
    public static bool Allows(PlanModel plan) =>
        plan.Edges.GroupBy(static e => e.To).All(static inputs => CanBeOvertaken(inputs.Key, inputs) || inputs.Select(static e => e.FromChain).Distinct().Count() == 1);

    static bool CanBeOvertaken(GraphNode node, IEnumerable<PlanEdge> inputs) =>
        node.GivenId is not null && inputs.All(static e => e.Edge.Kind == PartitionKind.KeyBy && CodecCheck.Problems(e.Edge.RecordType).Count == 0);
}
