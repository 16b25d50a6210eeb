namespace Millrace;

/// <summary>Adds a record to an accumulator. Pure but for the accumulator; shared by all parallel instances.</summary>
public delegate void AggregateAdd<TAccumulator, T>(ref TAccumulator accumulator, in Record<T> record);

/// <summary>Updates one value of state per key and emits. Pure but for the state; shared by all parallel instances.</summary>
public delegate void FoldStep<TState, TIn, TOut>(ref TState state, in Record<TIn> record, Output<TOut> output);
