using Millrace.Engine;
using Millrace.State;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Planning;

/// <summary>Finds the key and state types of a graph that cannot be stored, before anything runs.</summary>
static class TypeProblems
{
    public static IEnumerable<GraphProblem> Of(JobGraph graph) => graph.Nodes.SelectMany(Of);

    static IEnumerable<GraphProblem> Of(GraphNode node)
    {
        IEnumerable<GraphProblem> keys = node.Inputs.Select(static e => e.KeyType).OfType<Type>().Distinct()
            .SelectMany(static key => KeyTypes.Problems(key).Select(problem => (key, problem)))
            .Select(found => new GraphProblem(node.Id, $"records cannot be keyed by {found.key.Name}: {found.problem}"));
        IEnumerable<GraphProblem> states = (node.Spec?.Accept(StateTypes.Instance) ?? [])
            .SelectMany(static state => CodecCheck.Problems(state.Type).Select(problem => (state, problem)))
            .Select(found => new GraphProblem(node.Id, $"{found.state.Role} cannot be stored: {found.problem}"));
        return keys.Concat(states);
    }

    /// <summary>The types an operator keeps in its state.</summary>
    sealed class StateTypes : IOperatorSpecVisitor<IEnumerable<(Type Type, string Role)>>
    {
        public static readonly StateTypes Instance = new();

        public IEnumerable<(Type, string)> Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit => [];

        public IEnumerable<(Type, string)> Visit<T>(WhereSpec<T> spec) => [];

        public IEnumerable<(Type, string)> Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => [];

        public IEnumerable<(Type, string)> Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => [];

        public IEnumerable<(Type, string)> Visit<T>(EventTimeSpec<T> spec) => [];

        public IEnumerable<(Type, string)> Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec) => [];

        public IEnumerable<(Type, string)> Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec) => [];

        public IEnumerable<(Type, string)> Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
            where TFold : struct, IFold<TKey, TState, TIn, TOut> => [(typeof(TState), "its state")];

        public IEnumerable<(Type, string)> Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
            where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut> =>
            typeof(TAccumulator) == typeof(RecordList<TIn>) ? [(typeof(TIn), "the records of its windows")] : [(typeof(TAccumulator), "its accumulator")];

        public IEnumerable<(Type, string)> Visit<T>(SinkSpec<T> spec) => [];
    }
}
