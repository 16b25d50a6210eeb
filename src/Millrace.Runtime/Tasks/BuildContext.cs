using Millrace.Runtime.Exchange;
using Millrace.Runtime.Planning;

namespace Millrace.Runtime.Tasks;

/// <summary>What the tasks of one job in one process share while they are built. Used by one thread.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Time">The clock.</param>
/// <param name="Services">Services of the host.</param>
/// <param name="Cancellation">Cancelled when the job is.</param>
public sealed record BuildContext(PlanModel Plan, TimeProvider Time, IServiceProvider Services, CancellationToken Cancellation)
{
    readonly Dictionary<GraphNode, object> _assigners = [];
    readonly Dictionary<PlanEdge, object> _grids = [];
    readonly Dictionary<GraphNode, OperatorCounters> _counters = Plan.Chains.SelectMany(static c => c.Nodes).ToDictionary(static n => n, static _ => new OperatorCounters());
    readonly List<Func<Task>> _discoveries = [];

    /// <summary>Whether barriers may overtake records.</summary>
    public bool MayOvertake { get; } = Plan.MayOvertake;

    /// <summary>Cancelled when nothing more is read: when the job is cancelled, and when all its tasks have ended.</summary>
    public CancellationToken Reading { get; init; } = Cancellation;

    /// <summary>Takes the tasks' parts in snapshots; null when nobody takes snapshots.</summary>
    public ISnapshotCollector? Collector { get; init; }

    /// <summary>What is restored, by the operator's id; empty when the job starts fresh.</summary>
    public IReadOnlyDictionary<string, RestoredOperator> Restored { get; init; } = new Dictionary<string, RestoredOperator>();

    /// <summary>The context of a sink.</summary>
    public required Func<string, SinkContext> SinkContextOf { get; init; }

    /// <summary>Where splits are asked for; null when they are handed out here, to a job without a leader.</summary>
    public ISplitSupplies? Supplies { get; init; }

    /// <summary>Gives channels to and from other workers their other end; null when all tasks are here.</summary>
    internal IChannelEnds? Ends { get; init; }

    /// <summary>Which instances of a chain are built here, as first and count: all of them unless said.</summary>
    internal Func<PlanChain, (int First, int Count)> ShareOf { get; init; } = static chain => (0, chain.Parallelism);

    /// <summary>Starts the discovery of all sources whose splits are handed out here; each completes when they are known.</summary>
    public IReadOnlyList<Func<Task>> Discoveries => _discoveries;

    /// <summary>The counters of an operator. Thread-safe.</summary>
    public OperatorCounters CountersOf(GraphNode node) => _counters[node];

    /// <summary>The channels of an edge.</summary>
    public ChannelGrid<T> GridOf<T>(PlanEdge edge, bool hasTimestamps)
    {
        if (!_grids.TryGetValue(edge, out object? grid))
        {
            int number = Plan.Edges.Index().First(e => ReferenceEquals(e.Item, edge)).Index;
            grid = new ChannelGrid<T>(edge.BatchRecords, hasTimestamps) { Made = (from, to, channel) => Ends?.Bind(new(number, from, to), channel, hasTimestamps) };
            _grids.Add(edge, grid);
        }

        return (ChannelGrid<T>)grid;
    }

    /// <summary>Where readers get the splits of a source from.</summary>
    public ISplitSupply<TSplit> SupplyOf<T, TSplit>(GraphNode node, ISource<T, TSplit> source, int parallelism) where TSplit : ISplit
    {
        if (Supplies is not null) return Supplies.Of<TSplit>(node.Id, source.IsBounded, parallelism);
        if (_assigners.TryGetValue(node, out object? known)) return (SplitAssigner<TSplit>)known;
        SplitAssigner<TSplit> assigner = new(source.IsBounded, parallelism);
        _assigners.Add(node, assigner);
        _discoveries.Add(() => assigner.DiscoverAsync(() => source.DiscoverAsync(new(parallelism, Time), Reading)));
        return assigner;
    }
}
