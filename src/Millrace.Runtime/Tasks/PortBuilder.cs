using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Planning;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>Makes the outputs of a chain's operators, and the cells that send what leaves the chain. Used by one task builder.</summary>
sealed class PortBuilder(BuildContext context, PlanChain chain, StreamTask task, List<Cell> cells, TaskSnapshots snapshots) : IPortVisitor<IOutputPort>
{
    readonly Dictionary<IGraphPort, object> _links = [];
    int _newSenders;

    public OutputPort<T> Main<T>(GraphNode node) => (OutputPort<T>)node.Output.Accept(this);

    public IOutputPort[] Sides<T>(GraphNode node, OutputBuffer<T> buffer)
    {
        IOutputPort[] sides = [.. node.SidePorts.Select(p => p.Accept(this))];
        buffer.BindSides([.. sides.Select(static s => s.Side!.Value)]);
        return sides;
    }

    public Link<T> LinkOf<T>(GraphPort<T> port) => (Link<T>)_links[port];

    public int TakeNewSenders()
    {
        int made = _newSenders;
        _newSenders = 0;
        return made;
    }

    public static bool HasTimestamps(IGraphPort port) =>
        port.Side is null ? port.Node!.HasEventTime()
        : port.Node!.Inputs.Count > 0 && port.Node.WithoutEventTime() is null;

    public IOutputPort Visit<T>(GraphPort<T> port)
    {
        Link<T> link = new(HasTimestamps(port), new Batch<T>(Limits.BatchRecordsMax, HasTimestamps(port)));
        _links.Add(port, link);
        foreach (PlanEdge edge in context.Plan.Edges.Where(e => e.FromChain == chain && e.Edge is GraphEdge<T> typed && typed.Port == port))
        {
            SenderCell<T> sender = Sender(edge, (GraphEdge<T>)edge.Edge, link);
            link.AddReader(sender);
            cells.Add(sender);
            _newSenders++;
        }

        return new OutputPort<T>(link, port.Side);
    }

    SenderCell<T> Sender<T>(PlanEdge plan, GraphEdge<T> edge, Link<T> link)
    {
        (int first, int count) = plan.Targets(task.Subtask.Index);
        ChannelGrid<T> grid = context.GridOf<T>(plan, link.HasTimestamps);
        Channel<T>[] channels = [.. Enumerable.Range(first, count).Select(to => grid.Between(task.Subtask.Index, to))];
        IDealer<T> dealer = channels.Length == 1 ? new TurnDealer<T>(0) : edge.Partition.Accept(new DealerFactory<T>(plan.Kind, task.Subtask.Index));
        return new(dealer, new ChannelFan<T>(channels, task), link) { OperatorId = plan.To.Id, Snapshots = snapshots };
    }

    sealed class DealerFactory<T>(PartitionKind kind, int subtask) : IPartitionVisitor<T, IDealer<T>>
    {
        public IDealer<T> VisitPlain(PartitionKind given) => kind == PartitionKind.Broadcast ? new CopyDealer<T>() : new TurnDealer<T>(subtask);

        public IDealer<T> VisitKeyBy<TKey>(Func<T, TKey> keyOf) => KeyTypes.Of<TKey>().Accept(new KeyDealerFactory<T, TKey>(keyOf));
    }

    sealed class KeyDealerFactory<T, TKey>(Func<T, TKey> keyOf) : IKeyOpsVisitor<TKey, IDealer<T>>
    {
        public IDealer<T> Visit<TOps>() where TOps : struct, IKeyOps<TKey> => new KeyDealer<T, TKey, TOps>(keyOf);
    }
}
