using System.Numerics;
using Millrace.Engine;

namespace Millrace;

/// <summary>
/// A keyed stream grouped by windows of time. A window fires once the watermark has reached its last timestamp, and again for each
/// late record within the allowed lateness; its results carry its last timestamp.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="T">The record type.</typeparam>
public sealed class WindowedStream<TKey, T>
{
    readonly Dataflow _flow;
    readonly GraphEdge<T>[] _edges;
    readonly Func<T, TKey> _keyOf;
    readonly WindowAssigner _windows;
    readonly TimeSpan _allowedLateness;
    readonly GraphPort<T>? _latePort;

    internal WindowedStream(
        Dataflow flow, GraphEdge<T>[] edges, Func<T, TKey> keyOf, WindowAssigner windows, TimeSpan allowedLateness, GraphPort<T>? latePort)
    {
        _flow = flow;
        _edges = edges;
        _keyOf = keyOf;
        _windows = windows;
        _allowedLateness = allowedLateness;
        _latePort = latePort;
    }

    /// <summary>Keeps a window for some time after it has fired; each late record then fires it again with the updated result.</summary>
    /// <param name="lateness">Zero or more; the default is zero. Validated when the graph is built.</param>
    public WindowedStream<TKey, T> AllowLateness(TimeSpan lateness) => new(_flow, _edges, _keyOf, _windows, lateness, _latePort);

    /// <summary>Hands out the records that are too late for all their windows. Without it they are dropped, and counted as <c>numLateRecordsDropped</c>.</summary>
    /// <param name="late">The late records, with their timestamps.</param>
    public WindowedStream<TKey, T> SplitLate(out DataStream<T> late)
    {
        GraphPort<T> port = new(null, new SideOutput<T>("late"));
        late = new(_flow, [Dataflow.Edge(port)]);
        return new(_flow, _edges, _keyOf, _windows, _allowedLateness, port);
    }

    /// <summary>Keeps one accumulator per key and window, and emits one result when the window fires.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="seed">The accumulator of a key that has none. A factory, so that no two share an object.</param>
    /// <param name="add">Adds a record in place.</param>
    /// <param name="merge">Makes one accumulator of two neighbouring slices of a window, changing neither. Associative.</param>
    /// <param name="emit">Makes the result; a mutable accumulator must be copied into it, because later late records go on changing it.</param>
    public DataStream<TOut> Aggregate<TAccumulator, TOut>(
        string id, Func<TAccumulator> seed, AggregateAdd<TAccumulator, T> add, Func<TAccumulator, TAccumulator, TAccumulator> merge,
        Func<WindowValue<TKey, TAccumulator>, TOut> emit)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(merge);
        ArgumentNullException.ThrowIfNull(emit);
        return Then<TAccumulator, TOut, DelegateAggregate<TKey, T, TAccumulator, TOut>>(id, "Aggregate", () => new(seed, add, merge, emit));
    }

    /// <summary>Merges the records of each key and window into one.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="reduce">Pure and associative.</param>
    public DataStream<WindowValue<TKey, T>> Reduce(string id, Func<T, T, T> reduce)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        return Then<T, WindowValue<TKey, T>, ReduceAggregate<TKey, T>>(id, "Reduce", () => new(reduce));
    }

    /// <summary>Keeps all records of each key and window, and hands them to a function when the window fires.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="factory">Makes the function of one parallel instance; also runs once while planning, so it only declares.</param>
    public DataStream<TOut> Process<TOut>(string id, Func<IWindowProcess<TKey, T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return Then<RecordList<T>, TOut, ProcessAggregate<TKey, T, TOut>>(id, "Process", () => new(factory()));
    }

    /// <summary>Counts the records of each key and window.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    public DataStream<WindowValue<TKey, long>> Count(string id) =>
        Then<long, WindowValue<TKey, long>, CountAggregate<TKey, T>>(id, "Count", static () => default);

    /// <summary>Adds up a number over each key and window. A sum that overflows its type fails the job.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the number.</param>
    public DataStream<WindowValue<TKey, TNumber>> Sum<TNumber>(string id, Func<T, TNumber> valueOf) where TNumber : struct, INumber<TNumber>
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        return Then<TNumber, WindowValue<TKey, TNumber>, SumAggregate<TKey, T, TNumber>>(id, "Sum", () => new(valueOf));
    }

    /// <summary>Finds the smallest value of each key and window.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<WindowValue<TKey, TValue>> Min<TValue>(string id, Func<T, TValue> valueOf) => Extreme(id, "Min", valueOf, -1);

    /// <summary>Finds the largest value of each key and window.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<WindowValue<TKey, TValue>> Max<TValue>(string id, Func<T, TValue> valueOf) => Extreme(id, "Max", valueOf, 1);

    DataStream<WindowValue<TKey, TValue>> Extreme<TValue>(string id, string verb, Func<T, TValue> valueOf, int sign)
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        return Then<TValue, WindowValue<TKey, TValue>, ExtremeAggregate<TKey, T, TValue>>(id, verb, () => new(valueOf, sign));
    }

    DataStream<TOut> Then<TAccumulator, TOut, TAggregate>(string id, string verb, Func<TAggregate> aggregate)
        where TAggregate : struct, IAggregate<TKey, T, TAccumulator, TOut>
    {
        ArgumentNullException.ThrowIfNull(id);
        var port = _flow.Add<TOut>(id, new WindowSpec<TKey, T, TAccumulator, TOut, TAggregate>(
            verb, _keyOf, _windows, _allowedLateness, _latePort, aggregate), _edges);
        if (_latePort is not null) port.Node!.AdoptSidePort(_latePort);
        return new(_flow, [Dataflow.Edge(port)]);
    }
}
