using Millrace.Engine;

namespace Millrace.Runtime.Planning;

/// <summary>How a job will run: its operators grouped into chains, and the channels between them. Immutable.</summary>
/// <param name="JobName">The job's name.</param>
/// <param name="Chains">The chains, each after those it reads.</param>
/// <param name="Edges">The edges between chains.</param>
public sealed record PlanModel(string JobName, IReadOnlyList<PlanChain> Chains, IReadOnlyList<PlanEdge> Edges)
{
    /// <summary>How many tasks there are.</summary>
    public int TaskCount => Chains.Sum(static c => c.Parallelism);

    /// <summary>Whether barriers may overtake records.</summary>
    internal bool MayOvertake => OvertakingRule.Allows(this);

    /// <summary>How many instances an operator has.</summary>
    /// <param name="operatorId">The operator's id.</param>
    /// <exception cref="InvalidOperationException">The job has no such operator.</exception>
    public int ParallelismOf(string operatorId) => Chains.First(c => c.Nodes.Any(n => n.Id == operatorId)).Parallelism;

    /// <summary>How many channels there are.</summary>
    public long ChannelCount => Edges.Sum(static e => e.ChannelCount);

    /// <summary>The bytes of all batches of all channels when every one is in use, without what records refer to.</summary>
    public long ChannelBytesMax => Edges.Sum(static e => e.ChannelBytesMax);
}

/// <summary>Operators that run in one task per parallel instance.</summary>
/// <param name="Number">The position in the plan, from one.</param>
/// <param name="Nodes">The operators, each after those it reads.</param>
/// <param name="Parallelism">How many instances there are.</param>
/// <param name="HasOwnThread">Whether each instance has a thread of its own.</param>
public sealed record PlanChain(int Number, IReadOnlyList<GraphNode> Nodes, int Parallelism, bool HasOwnThread)
{
    /// <summary>For people: the ids of the operators.</summary>
    public string Name => string.Join(" > ", Nodes.Select(static n => n.Id));
}

/// <summary>An edge between chains.</summary>
/// <param name="Edge">The edge of the graph.</param>
/// <param name="To">The operator that reads.</param>
/// <param name="FromChain">The chain that sends.</param>
/// <param name="ToChain">The chain that receives.</param>
/// <param name="Kind">How records are dealt, with the parallelism known.</param>
public sealed record PlanEdge(GraphEdge Edge, GraphNode To, PlanChain FromChain, PlanChain ToChain, PartitionKind Kind)
{
    /// <summary>How many channels it has.</summary>
    public long ChannelCount => Kind switch
    {
        PartitionKind.Forward => FromChain.Parallelism,
        PartitionKind.Rescale => Math.Max(FromChain.Parallelism, ToChain.Parallelism),
        _ => (long)FromChain.Parallelism * ToChain.Parallelism,
    };

    /// <summary>Records of a batch of a channel.</summary>
    public int BatchRecords => Limits.BatchRecords(TargetCount(0));

    /// <summary>The bytes of all batches of all channels.</summary>
    public long ChannelBytesMax => ChannelCount * Limits.ChannelBatchesMax * BatchRecords * (Edge.RecordBytes + sizeof(long));

    /// <summary>The instances that an instance sends to: a contiguous range.</summary>
    public (int First, int Count) Targets(int from) => Kind switch
    {
        PartitionKind.Forward => (from, 1),
        PartitionKind.Rescale => RescaleTargets(from, FromChain.Parallelism, ToChain.Parallelism),
        _ => (0, ToChain.Parallelism),
    };

    /// <summary>How many instances an instance sends to.</summary>
    public int TargetCount(int from) => Targets(from).Count;

    // Contiguous shares, as Flink deals them: 2 to 6 gives each sender three, 6 to 2 gives each receiver three.
    static (int First, int Count) RescaleTargets(int from, int senders, int receivers)
    {
        int first = (int)((long)from * receivers / senders);
        int end = (int)((long)(from + 1) * receivers / senders);
        return senders >= receivers ? (first, 1) : (first, end - first);
    }
}
