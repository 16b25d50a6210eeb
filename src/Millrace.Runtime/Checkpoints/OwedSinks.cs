using Millrace.Engine;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// The leader's side of the sinks of a job: checks that their promises can hold, ends what earlier deployments left behind, and commits
/// what is owed. Knows no tasks. Thread-safe.
/// </summary>
/// <param name="graph">The job.</param>
public sealed class OwedSinks(JobGraph graph) : IOwedCommits
{
    readonly Dictionary<string, ISinkLead> _sinks = graph.Nodes
        .Select(node => (node.Id, Lead: node.Spec?.Accept(LeadFactory.Instance)))
        .Where(static s => s.Lead is not null)
        .ToDictionary(static s => s.Id, static s => s.Lead!, StringComparer.Ordinal);

    /// <summary>Refuses to start where a promise cannot hold.</summary>
    /// <param name="contextOf">Makes the context of a sink from its id.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SinkRefusedException">Names the sink, the setting and the cure.</exception>
    public async Task CheckAsync(Func<string, SinkContext> contextOf, CancellationToken cancellationToken)
    {
        foreach ((string id, ISinkLead sink) in _sinks)
        {
            try
            {
                await AskAsync(id, "say whether it can keep its promise", () => sink.CheckAsync(contextOf(id), cancellationToken), cancellationToken).ConfigureAwait(false);
            }
            catch (SinkRefusedException refused)
            {
                throw new SinkRefusedException($"sink '{id}': {refused.Message}");
            }
        }
    }

    /// <summary>Ends what earlier deployments left behind, and raises fences. After everything owed was committed that could be.</summary>
    /// <param name="contextOf">Makes the context of a sink from its id.</param>
    /// <param name="owed">What could not be committed yet, of all sinks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task BeginAttemptAsync(Func<string, SinkContext> contextOf, IReadOnlyList<OwedTransaction> owed, CancellationToken cancellationToken)
    {
        foreach ((string id, ISinkLead sink) in _sinks)
        {
            OwedTransaction[] own = [.. owed.Where(o => o.Operator == id)];
            await AskAsync(id, "end what earlier deployments left behind", () => sink.BeginAttemptAsync(contextOf(id), own, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The program does not have the sink.</exception>
    /// <exception cref="SinkFailedException">It could not commit, now: what it writes to may be away.</exception>
    public async ValueTask<CommitOutcome> CommitAsync(OwedTransaction transaction, CancellationToken cancellationToken)
    {
        if (!_sinks.TryGetValue(transaction.Operator, out ISinkLead? sink))
        {
            throw new InvalidOperationException(
                $"transaction '{transaction.Id}' is owed by sink '{transaction.Operator}', which the program does not have; drop it by name or run a program that has it");
        }

        CommitOutcome outcome = default;
        await AskAsync(transaction.Operator, $"commit {transaction.Text}", async () => outcome = await sink.CommitAsync(transaction, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        return outcome;
    }

    /// <summary>What each transactional sink prepares, by its id.</summary>
    public IReadOnlyDictionary<string, TypeSchema> Prepared =>
        _sinks.Where(static s => s.Value.Prepared is not null).ToDictionary(static s => s.Key, static s => s.Value.Prepared!, StringComparer.Ordinal);

    /// <summary>
    /// Operators that cannot commit what is owed under their id, with the reason and the cure: the type of what they prepare has changed, or they are
    /// no transactional sinks any more. Asked before anything is led or deployed.
    /// </summary>
    /// <param name="owed">What is owed; operators that the program does not have are left out.</param>
    public IEnumerable<(string Operator, string Why)> Unreadable(IEnumerable<OwedTransaction> owed) =>
    [
        .. from schema in owed.Select(static o => (o.Operator, o.Schema)).Distinct()
           where graph.Nodes.Any(n => n.Id == schema.Operator)
           let problem = Problem(schema.Operator, schema.Schema)
           where problem is not null
           select (schema.Operator, problem),
    ];

    /// <summary>Asks a sink for something. A failure that may pass - neither the end of the job, nor a refusal, which comes again - is told with its name and what it could not do.</summary>
    static async Task AskAsync(string sink, string what, Func<ValueTask> ask, CancellationToken cancellationToken)
    {
        try
        {
            await ask().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not (SinkRefusedException or SinkFencedException) && !(failure is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            throw new SinkFailedException(sink, what, failure);
        }
    }

    string? Problem(string id, TypeSchema written)
    {
        if (_sinks.GetValueOrDefault(id)?.Prepared is not { } declared) return $"operator '{id}' is no transactional sink any more; make it one again";
        SchemaResolution resolution = StateResolver.ResolvePrepared(written, declared);
        return resolution.IsCompatible ? null : string.Join("; ", resolution.Problems);
    }

    interface ISinkLead
    {
        /// <summary>What it prepares; null where it owes nothing.</summary>
        TypeSchema? Prepared { get; }

        ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken);

        ValueTask BeginAttemptAsync(SinkContext context, OwedTransaction[] owed, CancellationToken cancellationToken);

        ValueTask<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken);
    }

    sealed class TransactionalLead<T, TPart, TPrepared>(ITransactionalSink<T, TPart, TPrepared> sink) : ISinkLead
    {
        public TypeSchema? Prepared => Codec.Of<TPrepared>().Schema;

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => sink.CheckAsync(context, cancellationToken);

        public ValueTask BeginAttemptAsync(SinkContext context, OwedTransaction[] owed, CancellationToken cancellationToken) =>
            sink.AbandonAsync(context, [.. owed.Select(Decode)], cancellationToken);

        public ValueTask<CommitOutcome> CommitAsync(OwedTransaction owed, CancellationToken cancellationToken) =>
            sink.CommitAsync(Decode(owed), cancellationToken);

        static TPrepared Decode(OwedTransaction owed) => Codec.Of<TPrepared>().ReadingFrom(owed.Schema).Decode(owed.Data.Span);
    }

    sealed class IdempotentLead<T>(IIdempotentSink<T> sink) : ISinkLead
    {
        public TypeSchema? Prepared => null;

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
