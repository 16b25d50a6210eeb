using System.Diagnostics.CodeAnalysis;

namespace Millrace.Engine;

/// <summary>A source.</summary>
/// <param name="source">The source.</param>
/// <param name="watermarks">Event time, or null for a stream without.</param>
[Experimental(Experiments.Engine)]
public sealed class SourceSpec<T, TSplit>(ISource<T, TSplit> source, WatermarkStrategy<T>? watermarks) : OperatorSpec
    where TSplit : ISplit
{
    /// <summary>The source.</summary>
    public ISource<T, TSplit> Source => source;

    /// <summary>Event time, or null for a stream without.</summary>
    public WatermarkStrategy<T>? Watermarks => watermarks;

    /// <inheritdoc/>
    public override string Verb => "Source";

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override bool? GivesEventTime => watermarks is not null;

    /// <inheritdoc/>
    public override string? Detail => source.ToString();

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => source.Problems.Concat(EventTimeSpec<T>.ProblemsOf(watermarks));

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A filter.</summary>
/// <param name="predicate">Keeps the records it is true for.</param>
[Experimental(Experiments.Engine)]
public sealed class WhereSpec<T>(Func<T, bool> predicate) : OperatorSpec
{
    /// <summary>Keeps the records it is true for.</summary>
    public Func<T, bool> Predicate => predicate;

    /// <inheritdoc/>
    public override string Verb => "Where";

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A projection.</summary>
/// <param name="selector">Makes one record of each.</param>
[Experimental(Experiments.Engine)]
public sealed class SelectSpec<TIn, TOut>(Func<TIn, TOut> selector) : OperatorSpec
{
    /// <summary>Makes one record of each.</summary>
    public Func<TIn, TOut> Selector => selector;

    /// <inheritdoc/>
    public override string Verb => "Select";

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A projection to any number.</summary>
/// <param name="selector">Makes any number of records of each; enumerated lazily, resumed when there is room.</param>
[Experimental(Experiments.Engine)]
public sealed class SelectManySpec<TIn, TOut>(Func<TIn, IEnumerable<TOut>> selector) : OperatorSpec
{
    /// <summary>Makes any number of records of each.</summary>
    public Func<TIn, IEnumerable<TOut>> Selector => selector;

    /// <inheritdoc/>
    public override string Verb => "SelectMany";

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>An assignment of timestamps and watermarks in mid-stream.</summary>
/// <param name="watermarks">The strategy.</param>
[Experimental(Experiments.Engine)]
public sealed class EventTimeSpec<T>(WatermarkStrategy<T> watermarks) : OperatorSpec
{
    /// <summary>The strategy.</summary>
    public WatermarkStrategy<T> Watermarks => watermarks;

    /// <inheritdoc/>
    public override string Verb => "WithEventTime";

    /// <inheritdoc/>
    public override bool? GivesEventTime => true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => ProblemsOf(watermarks);

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);

    internal static IEnumerable<string> ProblemsOf(WatermarkStrategy<T>? watermarks)
    {
        if (watermarks?.OutOfOrderness < TimeSpan.Zero)
            yield return $"the out-of-orderness bound is {watermarks.OutOfOrderness:c}, which is negative; give zero or more";
        if (watermarks?.IdleAfter <= TimeSpan.Zero)
            yield return $"the idleness is {watermarks.IdleAfter:c}; give more than zero";
    }
}

/// <summary>A function that is not keyed.</summary>
/// <param name="factory">Makes the function of one parallel instance from the scope its lists are declared in.</param>
[Experimental(Experiments.Engine)]
public sealed class ProcessSpec<TIn, TOut>(Func<OperatorScope, IProcess<TIn, TOut>> factory) : OperatorSpec
{
    /// <summary>Makes the function of one parallel instance from the scope its lists are declared in.</summary>
    public Func<OperatorScope, IProcess<TIn, TOut>> Factory => factory;

    /// <inheritdoc/>
    public override string Verb => "Process";

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A sink.</summary>
/// <param name="sink">The sink.</param>
[Experimental(Experiments.Engine)]
public sealed class SinkSpec<T>(ISink<T> sink) : OperatorSpec
{
    /// <summary>The sink.</summary>
    public ISink<T> Sink => sink;

    /// <inheritdoc/>
    public override string Verb => "Sink";

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override string? Detail => sink.ToString();

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => sink.Problems;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A sink whose output becomes visible exactly once.</summary>
/// <param name="sink">The sink.</param>
[Experimental(Experiments.Engine)]
public sealed class TransactionalSinkSpec<T, TPart, TPrepared>(ITransactionalSink<T, TPart, TPrepared> sink) : OperatorSpec
{
    /// <summary>The sink.</summary>
    public ITransactionalSink<T, TPart, TPrepared> Sink => sink;

    /// <inheritdoc/>
    public override string Verb => "Sink";

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override string? Detail => sink.ToString();

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => sink.Problems;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A sink that tells records it has seen.</summary>
/// <param name="sink">The sink.</param>
[Experimental(Experiments.Engine)]
public sealed class IdempotentSinkSpec<T>(IIdempotentSink<T> sink) : OperatorSpec
{
    /// <summary>The sink.</summary>
    public IIdempotentSink<T> Sink => sink;

    /// <inheritdoc/>
    public override string Verb => "Sink";

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override string? Detail => sink.ToString();

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => sink.Problems;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}
