using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Millrace.Engine;

/// <summary>An accumulator per key and slice of a window. Implemented by structs, so that loops over them are compiled per aggregate.</summary>
[Experimental(Experiments.Engine)]
public interface IAggregate<TKey, TIn, TAccumulator, TOut>
{
    /// <summary>The accumulator of a key that has none.</summary>
    TAccumulator Seed();

    /// <summary>Adds a record.</summary>
    /// <param name="isNew">Whether the accumulator was just seeded.</param>
    /// <param name="accumulator">The accumulator, in place.</param>
    /// <param name="record">The record.</param>
    void Add(bool isNew, ref TAccumulator accumulator, in Record<TIn> record);

    /// <summary>The accumulator of both; changes neither. Associative; earlier slices are on the left.</summary>
    TAccumulator Merge(TAccumulator left, TAccumulator right);

    /// <summary>Emits a window's result.</summary>
    void Emit(TKey key, TimeWindow window, TAccumulator accumulator, Output<TOut> output);

    /// <summary>Whether merging takes about as long however many records went in; false where a merged accumulator grows, as lists do.</summary>
    bool IsMergeCheap => true;

    /// <summary>The user's function object, opened and disposed by the engine; null when there is none.</summary>
    object? Function => null;
}

/// <summary>An aggregate given as lambdas.</summary>
[Experimental(Experiments.Engine)]
public readonly struct DelegateAggregate<TKey, TIn, TAccumulator, TOut>(
    Func<TAccumulator> seed, AggregateAdd<TAccumulator, TIn> add, Func<TAccumulator, TAccumulator, TAccumulator> merge,
    Func<WindowValue<TKey, TAccumulator>, TOut> emit) : IAggregate<TKey, TIn, TAccumulator, TOut>
{
    /// <inheritdoc/>
    public TAccumulator Seed() => seed();

    /// <inheritdoc/>
    public void Add(bool isNew, ref TAccumulator accumulator, in Record<TIn> record) => add(ref accumulator, in record);

    /// <inheritdoc/>
    public TAccumulator Merge(TAccumulator left, TAccumulator right) => merge(left, right);

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, TAccumulator accumulator, Output<TOut> output) =>
        output.Emit(emit(new(key, window, accumulator)));
}

/// <summary>A count per window.</summary>
[Experimental(Experiments.Engine)]
public readonly struct CountAggregate<TKey, TIn> : IAggregate<TKey, TIn, long, WindowValue<TKey, long>>
{
    /// <inheritdoc/>
    public long Seed() => 0;

    /// <inheritdoc/>
    public void Add(bool isNew, ref long accumulator, in Record<TIn> record) => accumulator++;

    /// <inheritdoc/>
    public long Merge(long left, long right) => left + right;

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, long accumulator, Output<WindowValue<TKey, long>> output) =>
        output.Emit(new(key, window, accumulator));
}

/// <summary>A sum per window.</summary>
[Experimental(Experiments.Engine)]
public readonly struct SumAggregate<TKey, TIn, TNumber>(Func<TIn, TNumber> valueOf) : IAggregate<TKey, TIn, TNumber, WindowValue<TKey, TNumber>>
    where TNumber : struct, INumber<TNumber>
{
    /// <inheritdoc/>
    public TNumber Seed() => TNumber.Zero;

    /// <inheritdoc/>
    public void Add(bool isNew, ref TNumber accumulator, in Record<TIn> record) => accumulator = checked(accumulator + valueOf(record.Value));

    /// <inheritdoc/>
    public TNumber Merge(TNumber left, TNumber right) => checked(left + right);

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, TNumber accumulator, Output<WindowValue<TKey, TNumber>> output) =>
        output.Emit(new(key, window, accumulator));
}

/// <summary>A smallest or largest value per window.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ExtremeAggregate<TKey, TIn, TValue>(Func<TIn, TValue> valueOf, int sign) : IAggregate<TKey, TIn, TValue, WindowValue<TKey, TValue>>
{
    /// <inheritdoc/>
    public TValue Seed() => default!;

    /// <inheritdoc/>
    public void Add(bool isNew, ref TValue accumulator, in Record<TIn> record)
    {
        TValue value = valueOf(record.Value);
        if (isNew || Math.Sign(Comparer<TValue>.Default.Compare(value, accumulator)) == sign) accumulator = value;
    }

    /// <inheritdoc/>
    public TValue Merge(TValue left, TValue right) =>
        Math.Sign(Comparer<TValue>.Default.Compare(right, left)) == sign ? right : left;

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, TValue accumulator, Output<WindowValue<TKey, TValue>> output) =>
        output.Emit(new(key, window, accumulator));
}

/// <summary>A reduction per window.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ReduceAggregate<TKey, T>(Func<T, T, T> reduce) : IAggregate<TKey, T, T, WindowValue<TKey, T>>
{
    /// <inheritdoc/>
    public T Seed() => default!;

    /// <inheritdoc/>
    public void Add(bool isNew, ref T accumulator, in Record<T> record) =>
        accumulator = isNew ? record.Value : reduce(accumulator, record.Value);

    /// <inheritdoc/>
    public T Merge(T left, T right) => reduce(left, right);

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, T accumulator, Output<WindowValue<TKey, T>> output) =>
        output.Emit(new(key, window, accumulator));
}

/// <summary>All records of a window, handed to the user's function.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ProcessAggregate<TKey, TIn, TOut>(IWindowProcess<TKey, TIn, TOut> process) : IAggregate<TKey, TIn, RecordList<TIn>, TOut>
{
    /// <inheritdoc/>
    public bool IsMergeCheap => false;

    /// <inheritdoc/>
    public object Function => process;

    /// <inheritdoc/>
    public RecordList<TIn> Seed() => new();

    /// <inheritdoc/>
    public void Add(bool isNew, ref RecordList<TIn> accumulator, in Record<TIn> record) => accumulator.Add(record.Value);

    /// <inheritdoc/>
    public RecordList<TIn> Merge(RecordList<TIn> left, RecordList<TIn> right) => RecordList<TIn>.Concat(left, right);

    /// <inheritdoc/>
    public void Emit(TKey key, TimeWindow window, RecordList<TIn> accumulator, Output<TOut> output) =>
        process.OnWindow(new(key, window, accumulator.Span), output);
}

/// <summary>A growing list of records. Not thread-safe.</summary>
/// <typeparam name="T">The record type.</typeparam>
[Experimental(Experiments.Engine)]
public sealed class RecordList<T>
{
    T[] _items = [];
    int _count;

    /// <summary>The records.</summary>
    public ReadOnlySpan<T> Span => _items.AsSpan(0, _count);

    /// <summary>Appends a record.</summary>
    public void Add(T item)
    {
        if (_count == _items.Length) Array.Resize(ref _items, Math.Max(4, _count * 2));
        _items[_count++] = item;
    }

    /// <summary>The records there are now, for reading: shares their memory, and does not show what is added later.</summary>
    public RecordList<T> Freeze() => new() { _items = _items, _count = _count };

    /// <summary>A new list of the records of both.</summary>
    public static RecordList<T> Concat(RecordList<T> left, RecordList<T> right)
    {
        RecordList<T> both = new() { _items = new T[left._count + right._count], _count = left._count + right._count };
        left.Span.CopyTo(both._items);
        right.Span.CopyTo(both._items.AsSpan(left._count));
        return both;
    }
}
