using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>
/// The leader's side of the sources of a job: looks for splits and gives them to readers. What it tells of one cut and the barrier are one
/// step, and so are taking a split and giving it; workers hear of both in that order. Thread-safe.
/// </summary>
sealed class SourceLeads
{
    readonly Lock _lock = new();   // guards what is below, and the order of what is sent
    readonly Dictionary<string, ISourceLead> _sources = new(StringComparer.Ordinal);
    readonly Queue<(ISourceLead Source, int Reader)> _noticed = new();
    readonly Action<Exception> _failed;
    bool _isGiving;

    /// <param name="graph">The job.</param>
    /// <param name="plan">How it runs.</param>
    /// <param name="restored">What is restored, by operator.</param>
    /// <param name="told">What they do.</param>
    /// <param name="failed">Told of splits that could not be found.</param>
    public SourceLeads(JobGraph graph, PlanModel plan, IReadOnlyDictionary<string, RestoredOperator> restored, SourceTelling told, Action<Exception> failed)
    {
        _failed = failed;
        foreach (GraphNode node in graph.Nodes)
        {
            if (node.Spec?.Accept(new LeadFactory(this, node.Id, plan, restored.GetValueOrDefault(node.Id), told)) is { } lead) _sources.Add(node.Id, lead);
        }
    }

    /// <summary>
    /// Gives readers what they had in the snapshot. Before tasks run: a reader that began with some of its splits would be ahead of the others.
    /// </summary>
    public void GiveRestored()
    {
        foreach (ISourceLead source in _sources.Values)
        {
            for (int reader = 0; reader < source.Readers; reader++) Notice(source, reader);
        }
    }

    /// <summary>Looks for the splits of all sources; completes when all are known.</summary>
    public Task DiscoverAsync() => Task.WhenAll(_sources.Values.Select(static s => s.DiscoverAsync()));

    /// <summary>Takes the cut of a barrier and sends the barrier, with nothing between.</summary>
    /// <param name="send">Sends the barrier to the workers; given the leader's state of each source.</param>
    public void Cut(Action<IReadOnlyList<KeyValuePair<string, StateEntry>>> send)
    {
        lock (_lock) send([.. _sources.Select(static s => KeyValuePair.Create(s.Key, s.Value.Cut()))]);
    }

    /// <summary>A reader has no split and wants one.</summary>
    public void OnAsked(string source, int reader)
    {
        if (!_sources.TryGetValue(source, out ISourceLead? lead) || (uint)reader >= (uint)lead.Readers) return;
        lock (_lock) lead.OnAsked(reader);
        Notice(lead, reader);
    }

    /// <summary>A reader may get a split. One at a time: handing one out may be news to others.</summary>
    void Notice(ISourceLead source, int reader)
    {
        OperatorFailedException? failed = null;
        lock (_lock)
        {
            _noticed.Enqueue((source, reader));
            if (_isGiving) return;
            _isGiving = true;
            try
            {
                while (_noticed.TryDequeue(out (ISourceLead Source, int Reader) next)) next.Source.Give(next.Reader);
            }
            catch (OperatorFailedException failure)
            {
                _noticed.Clear();
                failed = failure;
            }
            finally
            {
                _isGiving = false;
            }
        }

        // Not under the lock: what follows is cancelled, and that calls whoever waits for it.
        if (failed is not null) _failed(failed);
    }

    interface ISourceLead
    {
        int Readers { get; }

        StateEntry Cut();

        Task DiscoverAsync();

        void OnAsked(int reader);

        void Give(int reader);
    }

    /// <summary>One source. Everything but discovery under the lock.</summary>
    sealed class SourceLead<T, TSplit> : ISourceLead where TSplit : ISplit
    {
        readonly ISource<T, TSplit> _source;
        readonly string _id;
        readonly SourceTelling _told;
        readonly SplitAssigner<TSplit> _assigner;
        readonly bool[] _hasAsked, _hasEnded;
        bool _isAssigned;

        public SourceLead(SourceLeads leads, ISource<T, TSplit> source, string id, int readers, RestoredOperator? restored, SourceTelling told)
        {
            _source = source;
            _id = id;
            _told = told;
            _hasAsked = new bool[readers];
            _hasEnded = new bool[readers];
            _assigner = new(source.IsBounded, readers);
            if (restored is not null) _assigner.Restore(SplitState.PositionsOf<TSplit>(restored), SplitState.AssignerOf<TSplit>(restored));
            for (int reader = 0; reader < readers; reader++) _assigner.Bind(reader, new Reader(leads, this, reader));
        }

        public int Readers => _hasAsked.Length;

        public StateEntry Cut() => _assigner.Cut();

        public Task DiscoverAsync() => _assigner.DiscoverAsync(() => _source.DiscoverAsync(new(Readers, _told.Time), _told.Reading));

        public void OnAsked(int reader) => _hasAsked[reader] = true;

        public void Give(int reader)
        {
            while (!_hasEnded[reader] && (_hasAsked[reader] || !_source.IsBounded) && TryGive(reader)) { }
            if (!_source.IsBounded || _isAssigned || !_assigner.AllAssigned) return;
            _isAssigned = true;
            _told.Assigned(_id);
        }

        bool TryGive(int reader)
        {
            SplitPosition<TSplit>? split;
            try
            {
                if (_assigner.TryTake(reader, long.MaxValue, out split, out _hasEnded[reader]))
                {
                    _hasAsked[reader] = false;
                    _told.Give(_id, reader, Codec.Of<SplitPosition<TSplit>>().Encode(split));
                }
            }
            catch (SourceDiscoveryException failure)
            {
                throw new OperatorFailedException(_id, new(reader, Readers), null, failure);
            }

            if (_hasEnded[reader]) _told.End(_id, reader);
            return split is not null;
        }
    }

    sealed class Reader(SourceLeads leads, ISourceLead source, int reader) : INotifiable
    {
        public void Notify() => leads.Notice(source, reader);
    }

    sealed class LeadFactory(SourceLeads leads, string id, PlanModel plan, RestoredOperator? restored, SourceTelling told) : IOperatorSpecVisitor<ISourceLead?>
    {
        public ISourceLead? Visit<T, TSplit>(SourceSpec<T, TSplit> spec) where TSplit : ISplit =>
            new SourceLead<T, TSplit>(leads, spec.Source, id, plan.ParallelismOf(id), restored, told);

        public ISourceLead? Visit<T, TPart, TPrepared>(TransactionalSinkSpec<T, TPart, TPrepared> spec) => null;

        public ISourceLead? Visit<T>(IdempotentSinkSpec<T> spec) => null;

        public ISourceLead? Visit<T>(WhereSpec<T> spec) => null;

        public ISourceLead? Visit<TIn, TOut>(SelectSpec<TIn, TOut> spec) => null;

        public ISourceLead? Visit<TIn, TOut>(SelectManySpec<TIn, TOut> spec) => null;

        public ISourceLead? Visit<T>(EventTimeSpec<T> spec) => null;

        public ISourceLead? Visit<TIn, TOut>(ProcessSpec<TIn, TOut> spec) => null;

        public ISourceLead? Visit<TKey, TIn, TOut>(KeyedProcessSpec<TKey, TIn, TOut> spec) => null;

        public ISourceLead? Visit<TKey, TState, TIn, TOut, TFold>(FoldSpec<TKey, TState, TIn, TOut, TFold> spec)
            where TFold : struct, IFold<TKey, TState, TIn, TOut> => null;

        public ISourceLead? Visit<TKey, TIn, TAccumulator, TOut, TAggregate>(WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate> spec)
            where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut> => null;

        public ISourceLead? Visit<T>(SinkSpec<T> spec) => null;
    }
}

/// <summary>What the leader's side of sources does. Called under its lock, in the order it decides.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Reading">Cancelled when nothing more is looked for.</param>
/// <param name="Give">Gives a split to a reader.</param>
/// <param name="End">Tells a reader that there is no other.</param>
/// <param name="Assigned">Tells all readers of a source that every split is in somebody's hands.</param>
sealed record SourceTelling(TimeProvider Time, CancellationToken Reading, Action<string, int, byte[]> Give, Action<string, int> End, Action<string> Assigned);
