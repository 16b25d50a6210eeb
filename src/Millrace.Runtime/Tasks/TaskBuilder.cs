using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Operators;
using Millrace.Runtime.Planning;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>Makes one task: the cells of a chain's operators for one parallel instance, with the links and channels between them. Used once.</summary>
public sealed class TaskBuilder : IOperatorSpecVisitor<Cell>
{
    readonly BuildContext _context;
    readonly PlanChain _chain;
    readonly StreamTask _task;
    readonly PortBuilder _ports;
    readonly TaskSnapshots _snapshots;
    readonly List<Cell> _cells = [];
    Head? _head;
    GraphNode _node = null!;

    TaskBuilder(BuildContext context, PlanChain chain, int subtask)
    {
        _context = context;
        _chain = chain;
        _task = new($"{chain.Name} {new Subtask(subtask, chain.Parallelism)}", context.Time)
        {
            HasOwnThread = chain.HasOwnThread,
            Subtask = new(subtask, chain.Parallelism),
        };
        _snapshots = new(_task.Subtask) { IsByKey = chain.Nodes[0].Inputs is { Count: > 0 } inputs && inputs.All(static e => e.Kind == PartitionKind.KeyBy) };
        _ports = new(context, chain, _task, _cells, _snapshots);
    }

    /// <summary>Makes the task of one parallel instance of a chain, not started.</summary>
    public static StreamTask Build(BuildContext context, PlanChain chain, int subtask, ITaskScheduler scheduler, ITaskOwner owner)
    {
        TaskBuilder builder = new(context, chain, subtask);
        foreach (GraphNode node in chain.Nodes)
        {
            builder._node = node;
            // The cell goes before the senders of its own outputs, which are made with it.
            Cell cell = node.Spec!.Accept(builder);
            int beforeSenders = builder._cells.Count - builder._ports.TakeNewSenders();
            if (cell is Head head) builder._head = head;
            else builder._cells.Insert(beforeSenders, cell);
        }

        ChainDriver driver = new(builder._head!, [.. builder._cells], context.Time, builder._snapshots);
        if (context.Collector is { } collector) builder._snapshots.Bind(builder._task, driver.Cells.Count(static c => c.IsOperator), collector);
        builder._task.Bind(driver, scheduler, owner);
        return builder._task;
    }

    /// <inheritdoc/>
    public Cell Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit
    {
        ISplitSupply<TSplit> supply = _context.SupplyOf(_node, spec.Source, _chain.Parallelism);
        supply.Bind(_task.Subtask.Index, _task);
        OutputPort<T> main = _ports.Main<T>(_node);
        SourceSpecs<T, TSplit> specs = new(spec.Source, spec.Watermarks, FunctionContext(), _context.Reading);
        return new SourceHead<T, TSplit>(specs, supply, main, _ports.Sides(_node, main.Buffer), _task)
        {
            OperatorId = _node.Id,
            Snapshots = _snapshots,
            MayOverdraw = _context.MayOvertake,
        };
    }

    /// <inheritdoc/>
    public Cell Visit<T>(WhereSpec<T> spec) => Operator(new WhereOperator<T>(spec.Predicate));

    /// <inheritdoc/>
    public Cell Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => Operator(new SelectOperator<TIn, TOut>(spec.Selector));

    /// <inheritdoc/>
    public Cell Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => Operator(new SelectManyOperator<TIn, TOut>(spec.Selector));

    /// <inheritdoc/>
    public Cell Visit<T>(EventTimeSpec<T> spec)
    {
        Link<T> input = Input<T>();
        OutputPort<T> main = _ports.Main<T>(_node);
        return Reading(input, new EventTimeCell<T>(spec.Watermarks, input, main, _context.Time) { OperatorId = _node.Id, Snapshots = _snapshots });
    }

    /// <inheritdoc/>
    public Cell Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec) => Operator(new ProcessOperator<TIn, TOut>(spec.Factory));

    /// <inheritdoc/>
    public Cell Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec) =>
        Operator(KeyTypes.Of<TKey>().Accept(new KeyedProcessFactory<TKey, TIn, TOut>(spec, _context.Time)));

    /// <inheritdoc/>
    public Cell Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
        where TFold : struct, IFold<TKey, TState, TIn, TOut> =>
        Operator(KeyTypes.Of<TKey>().Accept(new FoldFactory<TKey, TState, TIn, TOut, TFold>(spec)));

    /// <inheritdoc/>
    public Cell Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
        where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
    {
        OutputPort<TOut> main = _ports.Main<TOut>(_node);
        IOutputPort[] sides = _ports.Sides(_node, main.Buffer);
        OutputBuffer<TIn>? late = sides.OfType<OutputPort<TIn>>().FirstOrDefault(s => spec.LatePort is not null && s.Link == _ports.LinkOf(spec.LatePort))?.Buffer;
        return Operator(KeyTypes.Of<TKey>().Accept(new WindowFactory<TKey, TIn, TAccumulator, TOut, TAggregate>(spec, late, _context.Time)), main, sides);
    }

    /// <inheritdoc/>
    public Cell Visit<T>(SinkSpec<T> spec) => Sink(new PlainSinkEnd<T>(spec.Sink, FunctionContext()));

    /// <inheritdoc/>
    public Cell Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec) => Sink(
        new TransactionalSinkEnd<T, TPart, TPrepared>(spec.Sink, _context.SinkContextOf(_node.Id), FunctionContext(), _context.Cancellation));

    /// <inheritdoc/>
    public Cell Visit<T>(IdempotentSinkSpec<T> spec) =>
        Sink(new IdempotentSinkEnd<T>(spec.Sink, _context.SinkContextOf(_node.Id), FunctionContext()));

    Cell Sink<T>(ISinkEnd<T> end)
    {
        Link<T> input = Input<T>();
        return Reading(input, new SinkCell<T>(end, input, _task, _context.Cancellation) { OperatorId = _node.Id, Snapshots = _snapshots });
    }

    Cell Operator<TIn, TOut>(IOperator<TIn, TOut> op)
    {
        OutputPort<TOut> main = _ports.Main<TOut>(_node);
        return Operator(op, main, _ports.Sides(_node, main.Buffer));
    }

    Cell Operator<TIn, TOut>(IOperator<TIn, TOut> op, OutputPort<TOut> main, IOutputPort[] sides)
    {
        Link<TIn> input = Input<TIn>();
        if (_context.Collector is not null)
        {
            foreach (ISnapshotRows rows in op.SnapshotRows) rows.Own(_snapshots.Range);
        }

        return Reading(input, new OperatorCell<TIn, TOut>(op, input, main, sides)
        {
            OperatorId = _node.Id,
            Snapshots = _snapshots,
            Lifetime = op.Function is null ? null : new(op.Function, FunctionContext()),
        });
    }

    static Cell Reading<T>(Link<T> input, Cell cell)
    {
        input.AddReader(cell);
        return cell;
    }

    /// <summary>Where the operator's records come from: an operator before it in the chain, or a gate of channels.</summary>
    Link<T> Input<T>()
    {
        GraphEdge<T> first = (GraphEdge<T>)_node.Inputs[0];
        if (_node != _chain.Nodes[0]) return _ports.LinkOf(first.Port);

        Link<T> link = new(PortBuilder.HasTimestamps(first.Port), null);
        List<Channel<T>> channels = [];
        foreach (PlanEdge edge in _context.Plan.Edges.Where(e => e.To == _node))
        {
            // Inputs of a sink may differ in this, and the other end of the channel, which may be on another worker, knows its own only.
            ChannelGrid<T> grid = _context.GridOf<T>(edge, PortBuilder.HasTimestamps(((GraphEdge<T>)edge.Edge).Port));
            for (int from = 0; from < edge.FromChain.Parallelism; from++)
            {
                (int firstTarget, int count) = edge.Targets(from);
                if (_task.Subtask.Index >= firstTarget && _task.Subtask.Index < firstTarget + count)
                    channels.Add(grid.Between(from, _task.Subtask.Index));
            }
        }

        // Overtaking needs an operator that is found again by its id, and records that find their way by key.
        InFlightRecords<T>? inFlight = _node.GivenId is null ? null : InFlightRecords<T>.Of(_node.GivenId, _node.Inputs, _snapshots.Range);
        Gate<T> gate = new([.. channels], link, _task, _context.Time, inFlight, _context.MayOvertake) { OperatorId = _node.Id, Snapshots = _snapshots };
        if (_context.Restored.TryGetValue(_node.Id, out RestoredOperator? restored)) gate.StartAt(restored.WatermarkOf(_snapshots));
        _head = gate;
        return link;
    }

    FunctionContext FunctionContext() => new()
    {
        OperatorId = _node.Id,
        Subtask = _task.Subtask,
        Time = _context.Time,
        Services = _context.Services,
        Counters = _context.CountersOf(_node),
    };
}
