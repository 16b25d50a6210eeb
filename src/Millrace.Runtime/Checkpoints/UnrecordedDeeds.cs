using System.Collections.Immutable;
using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What one deployment has done and not yet recorded; it rides with the next entry. Lost with the process without harm: commits and
/// deletions are repeated, and what a failed checkpoint prepared is abandoned with its deployment. Immutable.
/// </summary>
sealed record UnrecordedDeeds
{
    /// <summary>Nothing.</summary>
    public static readonly UnrecordedDeeds None = new();

    /// <summary>Prepared for checkpoints that failed, in the order they came.</summary>
    public ImmutableArray<OwedTransaction> StrayTransactions { get; private init; } = [];

    /// <summary>Written for checkpoints that failed.</summary>
    public ImmutableSortedSet<string> StrayKeys { get; private init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Doomed objects that are gone.</summary>
    public ImmutableSortedSet<string> Swept { get; private init; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Transactions that are committed.</summary>
    public ImmutableArray<TransactionName> Settled { get; private init; } = [];

    /// <summary>A part of a checkpoint will not be: its transactions are owed from the next one on, its packs are garbage.</summary>
    public UnrecordedDeeds Discard(WorkerSnapshot snapshot) => this with
    {
        StrayTransactions = [.. StrayTransactions.Concat(snapshot.Operators.SelectMany(static slice => slice.Prepared)).DistinctBy(TransactionName.Of)],
        StrayKeys = StrayKeys.Union(snapshot.Packs.Select(static pack => pack.Key)),
    };

    /// <summary>An object was perhaps written, and is in no entry.</summary>
    public UnrecordedDeeds Discard(string key) => this with { StrayKeys = StrayKeys.Add(key) };

    /// <summary>A transaction was committed.</summary>
    public UnrecordedDeeds Settle(TransactionName transaction) => Settled.Contains(transaction) ? this : this with { Settled = Settled.Add(transaction) };

    /// <summary>Doomed objects were deleted.</summary>
    public UnrecordedDeeds Sweep(IEnumerable<string> keys) => this with { Swept = Swept.Union(keys) };

    /// <summary>What is to be recorded now.</summary>
    public CheckpointPage Open() => new(StrayTransactions, StrayKeys, Swept, Settled);

    /// <summary>What was recorded need not be again; what came since stays.</summary>
    public UnrecordedDeeds Close(CheckpointPage page)
    {
        HashSet<TransactionName> owed = [.. page.StrayTransactions.Select(TransactionName.Of)], settled = [.. page.Settled];
        return this with
        {
            StrayTransactions = StrayTransactions.RemoveAll(stray => owed.Contains(TransactionName.Of(stray))),
            StrayKeys = StrayKeys.Except(page.StrayKeys),
            Swept = Swept.Except(page.Swept),
            Settled = Settled.RemoveAll(settled.Contains),
        };
    }
}

/// <summary>What is recorded with an entry.</summary>
/// <param name="StrayTransactions">Prepared for checkpoints that failed: they are owed from the next one on.</param>
/// <param name="StrayKeys">Written for checkpoints that failed.</param>
/// <param name="Swept">Doomed objects that are gone.</param>
/// <param name="Settled">Transactions that are committed.</param>
sealed record CheckpointPage(
    IReadOnlyList<OwedTransaction> StrayTransactions, IReadOnlyCollection<string> StrayKeys, IReadOnlyCollection<string> Swept, IReadOnlyList<TransactionName> Settled)
{
    /// <summary>The events that need no checkpoint.</summary>
    public IEnumerable<LedgerEvent> Events()
    {
        if (Settled.Count > 0) yield return new LedgerEvent.TransactionsSettled(Settled);
        if (Swept.Count > 0) yield return new LedgerEvent.Swept([.. Swept]);
        if (StrayKeys.Count > 0) yield return new LedgerEvent.Doomed([], [.. StrayKeys.Where(LedgerKeys.IsDisposable)]);
    }
}
