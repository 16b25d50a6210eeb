using System.Numerics;
using Millrace.Engine;

namespace Millrace;

/// <summary>A stream whose records of one key all reach the same parallel instance. Every verb keeps state and needs an id.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="T">The record type.</typeparam>
public sealed class KeyedStream<TKey, T>
{
    readonly Dataflow _flow;
    readonly GraphEdge<T>[] _edges;
    readonly Func<T, TKey> _keyOf;

    internal KeyedStream(Dataflow flow, GraphEdge<T>[] edges, Func<T, TKey> keyOf)
    {
        _flow = flow;
        _edges = edges;
        _keyOf = keyOf;
    }

    /// <summary>Runs a function with state and timers per key.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="factory">Makes the function of one parallel instance; also runs once while planning.</param>
    public DataStream<TOut> Process<TOut>(string id, Func<StateScope, IKeyedProcess<TKey, T, TOut>> factory)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(factory);
        return Then<TOut>(id, new KeyedProcessSpec<TKey, T, TOut>(_keyOf, factory));
    }

    /// <summary>Updates one value of state per key with each record, and emits what the step emits.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="seed">The state of a key that has none. A factory, so that no two keys share an object.</param>
    /// <param name="step">Updates the state in place and emits.</param>
    public DataStream<TOut> Fold<TState, TOut>(string id, Func<TState> seed, FoldStep<TState, T, TOut> step)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ArgumentNullException.ThrowIfNull(step);
        return Fold<TState, TOut, DelegateFold<TKey, TState, T, TOut>>(id, "Fold", new(seed, step));
    }

    /// <summary>Merges each record into the key's last result and emits it; the first is emitted as it is.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="reduce">Pure and associative.</param>
    public DataStream<T> Reduce(string id, Func<T, T, T> reduce)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        return Fold<T, T, ReduceFold<TKey, T>>(id, "Reduce", new(reduce));
    }

    /// <summary>Emits, for each record, how many its key has had.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    public DataStream<KeyValue<TKey, long>> Count(string id) => Fold<long, KeyValue<TKey, long>, CountFold<TKey, T>>(id, "Count", default);

    /// <summary>Emits, for each record, a result made of its key and how many it has had.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="result">Makes the result.</param>
    public DataStream<TOut> Count<TOut>(string id, Func<TKey, long, TOut> result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return Count(id).Select(count => result(count.Key, count.Value));
    }

    /// <summary>Emits, for each record, the sum of its key so far. A sum that overflows its type fails the job.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the number.</param>
    public DataStream<KeyValue<TKey, TNumber>> Sum<TNumber>(string id, Func<T, TNumber> valueOf) where TNumber : struct, INumber<TNumber>
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        return Fold<TNumber, KeyValue<TKey, TNumber>, SumFold<TKey, T, TNumber>>(id, "Sum", new(valueOf));
    }

    /// <summary>Emits, for each record, the smallest value of its key so far.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<KeyValue<TKey, TValue>> Min<TValue>(string id, Func<T, TValue> valueOf) => Extreme(id, "Min", valueOf, -1);

    /// <summary>Emits, for each record, the largest value of its key so far.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<KeyValue<TKey, TValue>> Max<TValue>(string id, Func<T, TValue> valueOf) => Extreme(id, "Max", valueOf, 1);

    /// <summary>Emits, for each record, the whole record with the smallest value of its key so far; the first of equals.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<T> MinBy<TValue>(string id, Func<T, TValue> valueOf) => ExtremeBy(id, "MinBy", valueOf, -1);

    /// <summary>Emits, for each record, the whole record with the largest value of its key so far; the first of equals.</summary>
    /// <param name="id">Unique within the job; names its state, so keep it from one version of the program to the next.</param>
    /// <param name="valueOf">Reads the value, compared with its default comparer.</param>
    public DataStream<T> MaxBy<TValue>(string id, Func<T, TValue> valueOf) => ExtremeBy(id, "MaxBy", valueOf, 1);

    /// <summary>Groups the records of a key by windows of time.</summary>
    /// <param name="windows">Such as <c>Tumbling.Of(TimeSpan.FromMinutes(1))</c>.</param>
    public WindowedStream<TKey, T> Window(WindowAssigner windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new(_flow, _edges, _keyOf, windows, TimeSpan.Zero, null);
    }

    DataStream<KeyValue<TKey, TValue>> Extreme<TValue>(string id, string verb, Func<T, TValue> valueOf, int sign)
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        return Fold<TValue, KeyValue<TKey, TValue>, ExtremeFold<TKey, T, TValue>>(id, verb, new(valueOf, sign));
    }

    DataStream<T> ExtremeBy<TValue>(string id, string verb, Func<T, TValue> valueOf, int sign)
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        return Fold<T, T, ExtremeByFold<TKey, T, TValue>>(id, verb, new(valueOf, sign));
    }

    DataStream<TOut> Fold<TState, TOut, TFold>(string id, string verb, TFold fold) where TFold : struct, IFold<TKey, TState, T, TOut>
    {
        ArgumentNullException.ThrowIfNull(id);
        return Then<TOut>(id, new FoldSpec<TKey, TState, T, TOut, TFold>(verb, _keyOf, fold));
    }

    DataStream<TOut> Then<TOut>(string id, OperatorSpec spec) => new(_flow, [Dataflow.Edge(_flow.Add<TOut>(id, spec, _edges))]);
}
