using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace Millrace.Engine;

/// <summary>One value of state per key, updated by each record. Implemented by structs, so that loops over them are compiled per fold.</summary>
[Experimental(Experiments.Engine)]
public interface IFold<TKey, TState, TIn, TOut>
{
    /// <summary>The state of a key that has none.</summary>
    TState Seed();

    /// <summary>Updates the state and emits.</summary>
    /// <param name="isNew">Whether the state was just seeded.</param>
    /// <param name="key">The key.</param>
    /// <param name="state">The state, in place.</param>
    /// <param name="record">The record.</param>
    /// <param name="output">Where to emit.</param>
    void Step(bool isNew, TKey key, ref TState state, in Record<TIn> record, Output<TOut> output);
}

/// <summary>A fold given as lambdas.</summary>
[Experimental(Experiments.Engine)]
public readonly struct DelegateFold<TKey, TState, TIn, TOut>(Func<TState> seed, FoldStep<TState, TIn, TOut> step) : IFold<TKey, TState, TIn, TOut>
{
    /// <inheritdoc/>
    public TState Seed() => seed();

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref TState state, in Record<TIn> record, Output<TOut> output) => step(ref state, in record, output);
}

/// <summary>A running count.</summary>
[Experimental(Experiments.Engine)]
public readonly struct CountFold<TKey, TIn> : IFold<TKey, long, TIn, KeyValue<TKey, long>>
{
    /// <inheritdoc/>
    public long Seed() => 0;

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref long state, in Record<TIn> record, Output<KeyValue<TKey, long>> output) =>
        output.Emit(new(key, ++state));
}

/// <summary>A running sum.</summary>
[Experimental(Experiments.Engine)]
public readonly struct SumFold<TKey, TIn, TNumber>(Func<TIn, TNumber> valueOf) : IFold<TKey, TNumber, TIn, KeyValue<TKey, TNumber>>
    where TNumber : struct, INumber<TNumber>
{
    /// <inheritdoc/>
    public TNumber Seed() => TNumber.Zero;

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref TNumber state, in Record<TIn> record, Output<KeyValue<TKey, TNumber>> output) =>
        output.Emit(new(key, state = checked(state + valueOf(record.Value))));
}

/// <summary>A running smallest or largest value.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ExtremeFold<TKey, TIn, TValue>(Func<TIn, TValue> valueOf, int sign) : IFold<TKey, TValue, TIn, KeyValue<TKey, TValue>>
{
    /// <inheritdoc/>
    public TValue Seed() => default!;

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref TValue state, in Record<TIn> record, Output<KeyValue<TKey, TValue>> output)
    {
        TValue value = valueOf(record.Value);
        if (isNew || Math.Sign(Comparer<TValue>.Default.Compare(value, state)) == sign) state = value;
        output.Emit(new(key, state));
    }
}

/// <summary>The record with the running smallest or largest value.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ExtremeByFold<TKey, TIn, TValue>(Func<TIn, TValue> valueOf, int sign) : IFold<TKey, TIn, TIn, TIn>
{
    /// <inheritdoc/>
    public TIn Seed() => default!;

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref TIn state, in Record<TIn> record, Output<TIn> output)
    {
        if (isNew || Math.Sign(Comparer<TValue>.Default.Compare(valueOf(record.Value), valueOf(state))) == sign) state = record.Value;
        output.Emit(state);
    }
}

/// <summary>A running reduction.</summary>
[Experimental(Experiments.Engine)]
public readonly struct ReduceFold<TKey, T>(Func<T, T, T> reduce) : IFold<TKey, T, T, T>
{
    /// <inheritdoc/>
    public T Seed() => default!;

    /// <inheritdoc/>
    public void Step(bool isNew, TKey key, ref T state, in Record<T> record, Output<T> output)
    {
        state = isNew ? record.Value : reduce(state, record.Value);
        output.Emit(state);
    }
}
