using Millrace.Engine;

namespace Millrace;

/// <summary>A stream of records of one type. Every verb adds an operator to the job and returns its output; nothing runs yet.</summary>
/// <typeparam name="T">The record type. An emitted object must not be changed afterwards.</typeparam>
/// <remarks>Lambdas are shared by all parallel instances and must be pure: state belongs in <c>Fold</c> or <c>Process</c>.</remarks>
public sealed class DataStream<T>
{
    readonly Dataflow _flow;
    readonly GraphEdge<T>[] _edges;

    internal DataStream(Dataflow flow, GraphEdge<T>[] edges)
    {
        _flow = flow;
        _edges = edges;
    }

    /// <summary>Keeps the records for which <paramref name="predicate"/> is true.</summary>
    public DataStream<T> Where(Func<T, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return Then<T>(null, new WhereSpec<T>(predicate));
    }

    /// <summary>Makes one record of each.</summary>
    public DataStream<TOut> Select<TOut>(Func<T, TOut> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return Then<TOut>(null, new SelectSpec<T, TOut>(selector));
    }

    /// <summary>Makes any number of records of each. The sequence is read lazily, as there is room, so it may be very long.</summary>
    public DataStream<TOut> SelectMany<TOut>(Func<T, IEnumerable<TOut>> selector)
    {
        ArgumentNullException.ThrowIfNull(selector);
        return Then<TOut>(null, new SelectManySpec<T, TOut>(selector));
    }

    /// <summary>Makes any number of records of each, combined with their origin; the form that query expressions with two <c>from</c> clauses use.</summary>
    public DataStream<TOut> SelectMany<TItem, TOut>(Func<T, IEnumerable<TItem>> selector, Func<T, TItem, TOut> result)
    {
        ArgumentNullException.ThrowIfNull(selector);
        ArgumentNullException.ThrowIfNull(result);
        return SelectMany(record => selector(record).Select(item => result(record, item)));
    }

    /// <summary>The records of this stream and the others. A stream joined with itself gives every record twice.</summary>
    public DataStream<T> Union(params DataStream<T>[] others)
    {
        ArgumentNullException.ThrowIfNull(others);
        // Each part is an edge of its own, also where a stream is joined with itself.
        return new(_flow, [.. _edges, .. others.SelectMany(static o => o._edges).Select(static e => new GraphEdge<T>(e.Port, e.Partition))]);
    }

    /// <summary>Gives the records timestamps and the stream watermarks, in place of any they had. Prefer to do it at the source, where splits are told apart.</summary>
    public DataStream<T> WithEventTime(WatermarkStrategy<T> watermarks)
    {
        ArgumentNullException.ThrowIfNull(watermarks);
        return Then<T>(null, new EventTimeSpec<T>(watermarks));
    }

    /// <summary>Brings all records of a key to the same parallel instance, which makes state per key possible.</summary>
    /// <param name="keyOf">Reads the key. Null keys fail the job.</param>
    public KeyedStream<TKey, T> KeyBy<TKey>(Func<T, TKey> keyOf)
    {
        ArgumentNullException.ThrowIfNull(keyOf);
        return new(_flow, [.. _edges.Select(e => new GraphEdge<T>(e.Port, new KeyPartition<T, TKey>(keyOf)))], keyOf);
    }

    /// <summary>Deals records to all instances of the next operator in turn.</summary>
    public DataStream<T> Rebalance() => Repartition(PartitionKind.Rebalance);

    /// <summary>Deals records in turn to a share of the next operator's instances, with fewer channels than <see cref="Rebalance"/>.</summary>
    public DataStream<T> Rescale() => Repartition(PartitionKind.Rescale);

    /// <summary>Gives every instance of the next operator every record.</summary>
    public DataStream<T> Broadcast() => Repartition(PartitionKind.Broadcast);

    /// <summary>Runs a stateless function that can emit any number of records, to several outputs.</summary>
    /// <param name="id">Unique within the job.</param>
    /// <param name="factory">Makes the function of one parallel instance; also runs once while planning, so it only declares.</param>
    public DataStream<TOut> Process<TOut>(string id, Func<IProcess<T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(factory);
        return Then<TOut>(id, new ProcessSpec<T, TOut>(_ => factory()));
    }

    /// <summary>Runs a function that can emit any number of records, to several outputs, and keeps lists of its own per parallel instance.</summary>
    /// <param name="id">Unique within the job; after a restart its lists are found by it.</param>
    /// <param name="factory">Makes the function of one parallel instance from the scope its lists are declared in; also runs once while planning, so it only declares.</param>
    public DataStream<TOut> Process<TOut>(string id, Func<OperatorScope, IProcess<T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(factory);
        return Then<TOut>(id, new ProcessSpec<T, TOut>(factory));
    }

    /// <summary>A side output of the operator this stream comes from.</summary>
    /// <exception cref="InvalidOperationException">The stream is a union: ask its parts.</exception>
    public DataStream<TSide> Side<TSide>(SideOutput<TSide> side)
    {
        ArgumentNullException.ThrowIfNull(side);
        return new(_flow, [Dataflow.Edge(Single("Side").SidePort(side))]);
    }

    /// <summary>Ends in a sink.</summary>
    /// <param name="id">Unique within the job.</param>
    /// <param name="sink">The sink.</param>
    public SinkHandle Sink(string id, ISink<T> sink)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(sink);
        return new(_flow.Add<T>(id, new SinkSpec<T>(sink), _edges).Node!);
    }

    /// <summary>Ends in a sink whose output becomes visible exactly once.</summary>
    /// <param name="id">Unique within the job; transactions that are owed across a restart are found by it.</param>
    /// <param name="sink">The sink.</param>
    public SinkHandle Sink<TPart, TPrepared>(string id, ITransactionalSink<T, TPart, TPrepared> sink)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(sink);
        return new(_flow.Add<T>(id, new TransactionalSinkSpec<T, TPart, TPrepared>(sink), _edges).Node!);
    }

    /// <summary>Ends in a sink in which writing a record again changes nothing.</summary>
    /// <param name="id">Unique within the job.</param>
    /// <param name="sink">The sink.</param>
    public SinkHandle Sink(string id, IIdempotentSink<T> sink)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(sink);
        return new(_flow.Add<T>(id, new IdempotentSinkSpec<T>(sink), _edges).Node!);
    }

    /// <summary>Sets the parallelism of the operator this stream comes from; without it the job's applies.</summary>
    /// <param name="parallelism">One or more. Validated when the graph is built.</param>
    /// <exception cref="InvalidOperationException">The stream is a union: set its parts.</exception>
    public DataStream<T> WithParallelism(int parallelism)
    {
        Single("WithParallelism").Parallelism = parallelism;
        return this;
    }

    /// <summary>Lets the operator this stream comes from begin a chain of its own.</summary>
    /// <exception cref="InvalidOperationException">The stream is a union: ask its parts.</exception>
    public DataStream<T> StartNewChain() => Chain(Chaining.Head);

    /// <summary>Runs the operator this stream comes from in a task of its own.</summary>
    /// <exception cref="InvalidOperationException">The stream is a union: ask its parts.</exception>
    public DataStream<T> DisableChaining() => Chain(Chaining.Never);

    /// <summary>Gives the operator this stream comes from a thread of its own, because its function blocks.</summary>
    /// <exception cref="InvalidOperationException">The stream is a union: ask its parts.</exception>
    public DataStream<T> Blocking() => Chain(Chaining.Blocking);

    DataStream<TOut> Then<TOut>(string? id, OperatorSpec spec) => new(_flow, [Dataflow.Edge(_flow.Add<TOut>(id, spec, _edges))]);

    DataStream<T> Repartition(PartitionKind kind) =>
        new(_flow, [.. _edges.Select(e => new GraphEdge<T>(e.Port, new PlainPartition<T>(kind)))]);

    DataStream<T> Chain(Chaining chaining)
    {
        Single(chaining.ToString()).Chaining = chaining;
        return this;
    }

    GraphNode Single(string verb) => _edges.Length == 1
        ? _edges[0].From ?? throw new InvalidOperationException($"{verb} on the late records of a window comes after its aggregate")
        : throw new InvalidOperationException($"{verb} on a union is ambiguous; call it on the streams before .Union(…)");
}
