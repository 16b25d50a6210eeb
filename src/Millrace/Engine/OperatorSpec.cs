using System.Diagnostics.CodeAnalysis;

namespace Millrace.Engine;

/// <summary>What an operator does, as the user described it: data only. The runtime makes operators from it by visiting.</summary>
[Experimental(Experiments.Engine)]
public abstract class OperatorSpec
{
    /// <summary>The verb of the API that made it, as shown in plans: <c>Where</c>, <c>Aggregate</c>.</summary>
    public abstract string Verb { get; }

    /// <summary>Whether the user must name it: it has state, or it is a source or sink.</summary>
    public virtual bool NeedsId => false;

    /// <summary>Whether it is of no use without timestamps and watermarks.</summary>
    public virtual bool NeedsEventTime => false;

    /// <summary>Whether its output has timestamps whatever its input has; null when the input decides.</summary>
    public virtual bool? GivesEventTime => null;

    /// <summary>What is wrong with its settings, each a sentence with its cure.</summary>
    public virtual IEnumerable<string> Problems => [];

    /// <summary>More to show in a plan; null for nothing.</summary>
    public virtual string? Detail => null;

    /// <summary>Calls back with all types known.</summary>
    public abstract TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor);
}

/// <summary>Called back by <see cref="OperatorSpec.Accept"/>: one method per kind of operator.</summary>
/// <typeparam name="TResult">What a visit returns.</typeparam>
[Experimental(Experiments.Engine)]
public interface IOperatorSpecVisitor<TResult>
{
    /// <summary>Visits a source.</summary>
    TResult Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit;

    /// <summary>Visits a filter.</summary>
    TResult Visit<T>(WhereSpec<T> spec);

    /// <summary>Visits a projection.</summary>
    TResult Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec);

    /// <summary>Visits a projection to many.</summary>
    TResult Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec);

    /// <summary>Visits an assignment of timestamps and watermarks.</summary>
    TResult Visit<T>(EventTimeSpec<T> spec);

    /// <summary>Visits a stateless function.</summary>
    TResult Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec);

    /// <summary>Visits a function with state and timers.</summary>
    TResult Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec);

    /// <summary>Visits a fold over one value of state per key.</summary>
    TResult Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
        where TFold : struct, IFold<TKey, TState, TIn, TOut>;

    /// <summary>Visits a windowed aggregate.</summary>
    TResult Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
        where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>;

    /// <summary>Visits a sink.</summary>
    TResult Visit<T>(SinkSpec<T> spec);

    /// <summary>Visits a sink whose output becomes visible exactly once.</summary>
    TResult Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec);

    /// <summary>Visits a sink that tells records it has seen.</summary>
    TResult Visit<T>(IdempotentSinkSpec<T> spec);
}
