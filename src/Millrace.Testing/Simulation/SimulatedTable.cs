using System.Collections.Immutable;

namespace Millrace.Testing.Simulation;

/// <summary>
/// A table outside, written in transactions: rows are visible from their commit on and never change. What a transactional sink should write
/// to in a simulation. Used by the thread of the world.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class SimulatedTable<T>
{
    readonly SortedDictionary<string, ImmutableArray<T>> _prepared = new(StringComparer.Ordinal);
    readonly Dictionary<string, ImmutableArray<T>> _committed = new(StringComparer.Ordinal);
    readonly List<T> _visible = [];
    string? _timeline, _begun;

    /// <summary>Whether a commit that is repeated writes again, which no transactional system should: to see that an oracle notices.</summary>
    public bool CommitsTwice { get; init; }

    /// <summary>What a reader sees: rows of committed transactions, in the order of the commits.</summary>
    public IReadOnlyList<T> Visible => _visible;

    /// <summary>How often what was visible was replaced, because the job began anew without state.</summary>
    public int Replacements { get; private set; }

    /// <summary>Transactions that are neither committed nor abandoned.</summary>
    public int Prepared => _prepared.Count;

    /// <summary>A sink that writes to it.</summary>
    /// <param name="process">The process that writes.</param>
    public ITransactionalSink<T, ImmutableArray<T>, SimulatedTransaction> SinkOf(SimulatedProcess process) => new Sink(this, process);

    bool Prepare(string id, ImmutableArray<T> rows)
    {
        // An attempt whose answer was lost is made again.
        if (_committed.ContainsKey(id)) return false;
        _prepared[id] = rows;
        return true;
    }

    CommitOutcome Commit(string id, SimulatedProcess process)
    {
        if (_committed.TryGetValue(id, out ImmutableArray<T> before))
        {
            if (CommitsTwice) _visible.AddRange(before);
            return CommitOutcome.Already;
        }

        if (!_prepared.Remove(id, out ImmutableArray<T> rows)) return CommitOutcome.Missing;
        if (_begun is not null && SinkContext.CompareAttempts(AttemptOf(id), _begun) < 0)
            process.World.Found ??= new SimulationException($"{process.Name} commits {id}, of a line of history that attempt {_begun} has left");
        _committed.Add(id, rows);
        _visible.AddRange(rows);
        return CommitOutcome.Committed;
    }

    int Abandon(SinkContext context, IReadOnlyList<SimulatedTransaction> owed)
    {
        string attempt = context.Attempt;
        BeginAnew(context);
        string[] left = [.. _prepared.Keys.Where(id => owed.All(o => o.Id != id) && SinkContext.CompareAttempts(AttemptOf(id), attempt) < 0)];
        foreach (string id in left) _prepared.Remove(id);
        return left.Length;
    }

    /// <summary>A job that begins anew without state writes everything again, in place of what an earlier run has written.</summary>
    void BeginAnew(SinkContext context)
    {
        if (!context.IsFresh || context.Timeline == _timeline || (_begun is not null && SinkContext.CompareAttempts(context.Attempt, _begun) < 0)) return;
        (_timeline, _begun) = (context.Timeline, context.Attempt);
        if (_visible.Count > 0) Replacements++;
        _visible.Clear();
    }

    static string AttemptOf(string id) => id[..id.IndexOf('-', StringComparison.Ordinal)];

    sealed class Sink(SimulatedTable<T> table, SimulatedProcess process) : ITransactionalSink<T, ImmutableArray<T>, SimulatedTransaction>
    {
        const int PrepareMax = 4;
        readonly Dictionary<ImmutableArray<T>, string> _names = [];

        public ValueTask CheckAsync(SinkContext context, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public async ValueTask AbandonAsync(SinkContext context, IReadOnlyList<SimulatedTransaction> owed, CancellationToken cancellationToken) =>
            await process.CallAsync($"abandon before {context.Attempt}", () => table.Abandon(context, owed)).ConfigureAwait(false);

        public ValueTask<ITransactionalWriter<T, ImmutableArray<T>>> OpenAsync(SinkContext context, FunctionContext function, CancellationToken cancellationToken) =>
            new(new PartWriter<T>($"{context.Attempt}-{context.OperatorId}-{context.Nonce}-{function.Subtask.Index}", _names.Add));

        public async ValueTask<SimulatedTransaction> PrepareAsync(ImmutableArray<T> part, CancellationToken cancellationToken)
        {
            _names.Remove(part, out string? id);
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    await process.CallAsync($"prepare {id}", () => table.Prepare(id!, part)).ConfigureAwait(false);
                    return new(id!);
                }
                catch (SimulatedFaultException) when (attempt < PrepareMax)
                {
                    // As a client of a database would.
                }
            }
        }

        public async ValueTask<CommitOutcome> CommitAsync(SimulatedTransaction prepared, CancellationToken cancellationToken) =>
            await process.CallAsync($"commit {prepared.Id}", () => table.Commit(prepared.Id, process)).ConfigureAwait(false);
    }
}

/// <summary>A prepared transaction of a <see cref="SimulatedTable{T}"/>.</summary>
/// <param name="Id">Its name, which is never used twice.</param>
public sealed record SimulatedTransaction(string Id);
