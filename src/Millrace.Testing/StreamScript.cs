namespace Millrace.Testing;

/// <summary>Scripts for one function, or for a few operators: records, watermarks and time go in, outputs come out.</summary>
public static class StreamScript
{
    /// <summary>A script for a function with state and timers per key.</summary>
    /// <param name="keyOf">Reads the key.</param>
    /// <param name="factory">Makes the function.</param>
    public static StreamScript<TIn, TOut> Keyed<TKey, TIn, TOut>(Func<TIn, TKey> keyOf, Func<StateScope, IKeyedProcess<TKey, TIn, TOut>> factory) =>
        Of<TIn, TOut>(input => input.KeyBy(keyOf).Process("function", factory));

    /// <summary>A script for a stateless function.</summary>
    /// <param name="factory">Makes the function.</param>
    public static StreamScript<TIn, TOut> Process<TIn, TOut>(Func<IProcess<TIn, TOut>> factory) =>
        Of<TIn, TOut>(input => input.Process("function", factory));

    /// <summary>A script for any part of a job, at parallelism one.</summary>
    /// <param name="define">From the scripted stream, which has event time, to the stream whose records are expected.</param>
    public static StreamScript<TIn, TOut> Of<TIn, TOut>(Func<DataStream<TIn>, DataStream<TOut>> define)
    {
        ArgumentNullException.ThrowIfNull(define);
        return new(define);
    }
}
