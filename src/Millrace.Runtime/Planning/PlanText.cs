using System.Globalization;
using System.Text;
using Millrace.Engine;

namespace Millrace.Runtime.Planning;

/// <summary>A plan as text for people: what <c>--explain</c> prints. Pure; the same plan always gives the same text.</summary>
public static class PlanText
{
    /// <summary>Describes a plan, one operator per line with what it reads below it.</summary>
    /// <param name="plan">The plan.</param>
    /// <returns>Lines that end with LF.</returns>
    public static string Of(PlanModel plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        GraphNode[] nodes = [.. plan.Chains.SelectMany(static c => c.Nodes)];
        Columns columns = new(nodes.Max(static n => n.Id.Length), nodes.Max(static n => n.Verb.Length), nodes.Max(static n => TypesOf(n).Length));
        StringBuilder text = new();
        Append(text, $"Job '{plan.JobName}': {Count(plan.Chains.Count, "chain")}, {Count(plan.TaskCount, "task")}, ");
        Append(text, $"{Count(plan.ChannelCount, "channel")}, at most {PlanTextTypes.BytesOf(plan.ChannelBytesMax)} of records in channels\n");
        foreach (PlanChain chain in plan.Chains)
        {
            Append(text, $"\nChain {chain.Number}: {Count(chain.Parallelism, "instance")}{(chain.HasOwnThread ? ", each with a thread of its own" : "")}\n");
            foreach (GraphNode node in chain.Nodes) AppendNode(text, plan, chain, node, columns);
        }

        return text.ToString();
    }

    static void AppendNode(StringBuilder text, PlanModel plan, PlanChain chain, GraphNode node, Columns columns)
    {
        string line = $"  {node.Id.PadRight(columns.Id)}  {node.Verb.PadRight(columns.Verb)}  {TypesOf(node).PadRight(columns.Types)}";
        string[] details = [.. ((string?[])[node.Spec?.Detail, PlanTextWatermarks.Of(node)?.ToString()]).OfType<string>()];
        text.Append($"{line}  {string.Join("; ", details)}".TrimEnd()).Append('\n');
        foreach (GraphEdge input in node.Inputs)
        {
            PlanEdge? edge = plan.Edges.FirstOrDefault(e => ReferenceEquals(e.Edge, input) && e.ToChain == chain);
            string side = input.SideName is null ? "" : $"side output '{input.SideName}' of ";
            text.Append("      from ").Append(side).Append(input.From!.Id).Append(", ").Append(edge is null ? "chained" : Dealt(edge)).Append('\n');
        }
    }

    static string Dealt(PlanEdge edge)
    {
        string how = edge.Kind switch
        {
            PartitionKind.Forward => "instance to instance",
            PartitionKind.Rebalance => "dealt in turn",
            PartitionKind.Rescale => "dealt in turn to a share",
            PartitionKind.Broadcast => "copied to all",
            _ => $"by key {PlanTextTypes.NameOf(edge.Edge.KeyType!)}",
        };
        return $"{how}: {Count(edge.ChannelCount, "channel")} with batches of {Count(edge.BatchRecords, "record")}, at most {PlanTextTypes.BytesOf(edge.ChannelBytesMax)}";
    }

    static string TypesOf(GraphNode node)
    {
        string output = PlanTextTypes.NameOf(node.Output.RecordType);
        if (node.Inputs.Count == 0) return "-> " + output;
        string input = PlanTextTypes.NameOf(node.Inputs[0].RecordType);
        return node.Verb == "Sink" ? input : $"{input} -> {output}";
    }

    static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    static void Append(StringBuilder text, FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));

    readonly record struct Columns(int Id, int Verb, int Types);
}
