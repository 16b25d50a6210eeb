using Millrace.Engine;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Tables;

namespace Millrace.Runtime.Planning;

/// <summary>Finds the key and state types of a graph that cannot be stored, and functions that cannot be made, before anything runs.</summary>
static class TypeProblems
{
    public static IEnumerable<GraphProblem> Of(JobGraph graph) => graph.Nodes.SelectMany(static node => Of(node).Select(m => new GraphProblem(node.Id, m)));

    static IEnumerable<string> Of(GraphNode node)
    {
        IEnumerable<string> keys =
            from key in node.Inputs.Select(static e => e.KeyType).OfType<Type>().Distinct()
            from problem in KeyTypes.Problems(key)
            select $"records cannot be keyed by {key.Name}: {problem}";
        return keys.Concat(node.Spec?.Accept(new SpecProblems(node)) ?? []);
    }

    static IEnumerable<string> Storing(Type type, string role) => CodecCheck.Problems(type).Select(problem => $"{role} cannot be stored: {problem}");

    /// <summary>Makes the function once, as every parallel instance will: constructors also run while planning.</summary>
    static IEnumerable<string> Making(Func<object?> factory)
    {
        try
        {
            return factory() is null ? ["the factory of its function returned null; return a new function"] : [];
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever the user's constructor throws is a problem of the job, told with all the others.
            return [$"its function cannot be made: {failure.GetType().Name}: {failure.Message}"];
        }
    }

    sealed class SpecProblems(GraphNode node) : IOperatorSpecVisitor<IEnumerable<string>>
    {
        public IEnumerable<string> Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit => Storing(typeof(TSplit), "the position of its splits");

        public IEnumerable<string> Visit<T>(WhereSpec<T> spec) => [];

        public IEnumerable<string> Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => [];

        public IEnumerable<string> Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => [];

        public IEnumerable<string> Visit<T>(EventTimeSpec<T> spec) => [];

        public IEnumerable<string> Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec)
        {
            OperatorLists lists = new();
            string[] making = [.. Making(() => spec.Factory(lists))];
            return making.Length > 0 ? making : lists.Declarations.SelectMany(static d => Storing(d.ValueType!, $"state '{d.Name}'"));
        }

        public IEnumerable<string> Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec)
        {
            DeclaringScope scope = new();
            string[] making = [.. Making(() => spec.Factory(scope))];
            scope.Close();
            if (making.Length > 0) return making;

            IEnumerable<string> problems =
                from declaration in scope.Declarations
                from type in new[] { declaration.ValueType, declaration.MapKeyType }
                where type is not null
                from problem in Storing(type, $"state '{declaration.Name}'")
                select problem;
            if (node.WithoutEventTime() is not { } source) return problems;
            if (scope.HasEventTimers)
                problems = problems.Append($"its timers need event time, but records of '{source.Id}' reach it without timestamps; give the source a watermark strategy, or use processing timers");
            if (scope.HasEventTtl)
                problems = problems.Append($"the TTL of its state needs event time, but records of '{source.Id}' reach it without timestamps; give the source a watermark strategy, or use {nameof(StateTtl)}.{nameof(StateTtl.ProcessingTime)}");
            return problems;
        }

        public IEnumerable<string> Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
            where TFold : struct, IFold<TKey, TState, TIn, TOut> => Storing(typeof(TState), "its state");

        public IEnumerable<string> Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
            where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut> =>
            typeof(TAccumulator) == typeof(RecordList<TIn>)
                ? Making(() => spec.Aggregate().Function).Concat(Storing(typeof(TIn), "the record type of its windows"))
                : Storing(typeof(TAccumulator), "its accumulator");

        public IEnumerable<string> Visit<T>(SinkSpec<T> spec) => [];

        public IEnumerable<string> Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec) =>
            Storing(typeof(TPrepared), "what it prepares");

        public IEnumerable<string> Visit<T>(IdempotentSinkSpec<T> spec) => [];
    }
}
