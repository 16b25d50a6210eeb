using Millrace.Engine;

namespace Millrace.Runtime.Planning;

/// <summary>How an operator of a plan gives its output event time.</summary>
/// <param name="OutOfOrderness">How far watermarks stay behind the newest record; null when there are none before the end.</param>
/// <param name="IdleAfter">After how long without a record a split no longer holds back the watermark; null for never.</param>
sealed record PlanTextWatermarks(TimeSpan? OutOfOrderness, TimeSpan? IdleAfter)
{
    /// <summary>The strategy of an operator; null when it has none of its own.</summary>
    public static PlanTextWatermarks? Of(GraphNode node) => node.Spec?.Accept(Reader.Instance);

    /// <summary>For people.</summary>
    public override string ToString() =>
        (OutOfOrderness is { } bound ? $"watermarks {bound:g} behind" : "no watermarks before the end")
        + (IdleAfter is { } idle ? $", idle after {idle:g}" : "");

    sealed class Reader : IOperatorSpecVisitor<PlanTextWatermarks?>
    {
        public static readonly Reader Instance = new();

        public PlanTextWatermarks? Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit => From(spec.Watermarks);

        public PlanTextWatermarks? Visit<T>(EventTimeSpec<T> spec) => From(spec.Watermarks);

        public PlanTextWatermarks? Visit<T>(WhereSpec<T> spec) => null;

        public PlanTextWatermarks? Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => null;

        public PlanTextWatermarks? Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => null;

        public PlanTextWatermarks? Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec) => null;

        public PlanTextWatermarks? Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec) => null;

        public PlanTextWatermarks? Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
            where TFold : struct, IFold<TKey, TState, TIn, TOut> => null;

        public PlanTextWatermarks? Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
            where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut> => null;

        public PlanTextWatermarks? Visit<T>(SinkSpec<T> spec) => null;

        public PlanTextWatermarks? Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec) => null;

        public PlanTextWatermarks? Visit<T>(IdempotentSinkSpec<T> spec) => null;

        static PlanTextWatermarks? From<T>(WatermarkStrategy<T>? strategy) =>
            strategy is null ? null : new(strategy.OutOfOrderness, strategy.IdleAfter);
    }
}
