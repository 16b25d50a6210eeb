using Millrace.Engine;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// The leader's side of the sinks of a job: checks that their promises can hold, ends what earlier deployments left behind, and commits
/// what is owed. Knows no tasks. Thread-safe.
/// </summary>
/// <param name="graph">The job.</param>
/// <param name="contextOf">Makes the context of a sink.</param>
public sealed class OwedSinks(JobGraph graph, Func<string, SinkContext> contextOf)
{
    readonly Dictionary<string, ISinkLead> _sinks = graph.Nodes
        .Select(node => (node.Id, Lead: node.Spec?.Accept(LeadFactory.Instance)))
        .Where(static s => s.Lead is not null)
        .ToDictionary(static s => s.Id, static s => s.Lead!, StringComparer.Ordinal);

    /// <summary>Whether any sink commits in transactions.</summary>
    public bool AnyTransactional => _sinks.Values.Any(static s => s.IsTransactional);

    /// <summary>Whether the job has the sink.</summary>
    public bool Has(string operatorId) => _sinks.ContainsKey(operatorId);

    /// <summary>Refuses to start where a promise cannot hold.</summary>
    /// <exception cref="SinkRefusedException">Names the sink, the setting and the cure.</exception>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        foreach ((string id, ISinkLead sink) in _sinks)
        {
            try
            {
                await sink.CheckAsync(contextOf(id), cancellationToken).ConfigureAwait(false);
            }
            catch (SinkRefusedException refused)
            {
                throw new SinkRefusedException($"sink '{id}': {refused.Message}");
            }
        }
    }

    /// <summary>Ends what earlier deployments left behind, and raises fences. After everything owed was committed that could be.</summary>
    public async Task BeginAttemptAsync(IReadOnlyList<OwedTransaction> owed, CancellationToken cancellationToken)
    {
        foreach ((string id, ISinkLead sink) in _sinks)
        {
            OwedTransaction[] own = [.. owed.Where(o => o.Operator == id)];
            await sink.BeginAttemptAsync(contextOf(id), own, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Commits what is owed.</summary>
    /// <exception cref="TransactionMissingException">Somebody else undid it.</exception>
    public async Task<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken)
    {
        if (!_sinks.TryGetValue(owed.Operator, out ISinkLead? sink))
            throw new InvalidOperationException($"transaction '{owed.Id}' is owed by sink '{owed.Operator}', which the program does not have; drop it by name or run a program that has it");
        CommitOutcome outcome = await sink.CommitAsync(owed, cancellationToken).ConfigureAwait(false);
        return outcome == CommitOutcome.Missing ? throw new TransactionMissingException(owed) : outcome;
    }

    interface ISinkLead
    {
        bool IsTransactional { get; }

        ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken);

        ValueTask BeginAttemptAsync(SinkContext context, OwedTransaction[] owed, CancellationToken cancellationToken);

        ValueTask<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken);
    }

    sealed class TransactionalLead<T, TPart, TPrepared>(ITransactionalSink<T, TPart, TPrepared> sink) : ISinkLead
    {
        public bool IsTransactional => true;

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => sink.CheckAsync(context, cancellationToken);

        public ValueTask BeginAttemptAsync(SinkContext context, OwedTransaction[] owed, CancellationToken cancellationToken) =>
            sink.AbandonAsync(context, [.. owed.Select(Decode)], cancellationToken);

        public ValueTask<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken) =>
            sink.CommitAsync(Decode(owed), cancellationToken);

        static TPrepared Decode(OwedTransaction owed) => Codec.Of<TPrepared>().Decode(owed.Data.Span);
    }

    sealed class IdempotentLead<T>(IIdempotentSink<T> sink) : ISinkLead
    {
        public bool IsTransactional => false;

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask BeginAttemptAsync(SinkContext context, OwedTransaction[] owed, CancellationToken cancellationToken) =>
            sink.RaiseFenceAsync(context, cancellationToken);

        public ValueTask<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken) =>
            throw new System.Diagnostics.UnreachableException("an idempotent sink owes nothing");
    }

    sealed class LeadFactory : IOperatorSpecVisitor<ISinkLead?>
    {
        public static readonly LeadFactory Instance = new();

        public ISinkLead? Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec) => new TransactionalLead<T, TPart, TPrepared>(spec.Sink);

        public ISinkLead? Visit<T>(IdempotentSinkSpec<T> spec) => new IdempotentLead<T>(spec.Sink);

        public ISinkLead? Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit => null;

        public ISinkLead? Visit<T>(WhereSpec<T> spec) => null;

        public ISinkLead? Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => null;

        public ISinkLead? Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => null;

        public ISinkLead? Visit<T>(EventTimeSpec<T> spec) => null;

        public ISinkLead? Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec) => null;

        public ISinkLead? Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec) => null;

        public ISinkLead? Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
            where TFold : struct, IFold<TKey, TState, TIn, TOut> => null;

        public ISinkLead? Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
            where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut> => null;

        public ISinkLead? Visit<T>(SinkSpec<T> spec) => null;
    }
}

/// <summary>A prepared transaction is neither committed nor prepared any more.</summary>
/// <param name="owed">The transaction.</param>
public sealed class TransactionMissingException(OwedTransaction owed) : Exception(
    $"sink '{owed.Operator}' does not find the prepared transaction '{owed.Id}' ({owed.Text}), and it was not committed either: somebody else undid it, so records are lost. "
    + "Restore an older savepoint, or accept the loss by dropping the sink's transactions by name.");
