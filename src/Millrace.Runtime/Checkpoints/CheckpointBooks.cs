using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What one deployment has done and not yet recorded; it rides with the next entry. Lost with the process without harm: commits and
/// deletions are repeated, and what a failed checkpoint prepared is abandoned with its deployment. Thread-safe.
/// </summary>
sealed class CheckpointBooks
{
    readonly Lock _lock = new();   // guards the sets
    readonly Dictionary<TransactionName, OwedTransaction> _strayTransactions = [];
    readonly HashSet<string> _strayKeys = new(StringComparer.Ordinal);
    readonly HashSet<string> _swept = new(StringComparer.Ordinal);
    readonly HashSet<TransactionName> _settled = [];

    /// <summary>A part of a checkpoint that will not be.</summary>
    public void Discard(WorkerSnapshot snapshot)
    {
        lock (_lock)
        {
            foreach (OwedTransaction prepared in snapshot.Operators.SelectMany(slice => slice.Prepared))
                _strayTransactions[TransactionName.Of(prepared)] = prepared;
            _strayKeys.UnionWith(snapshot.Packs.Select(pack => pack.Key));
        }
    }

    /// <summary>A manifest that was perhaps written, and is in no entry.</summary>
    public void Discard(string key)
    {
        lock (_lock) _strayKeys.Add(key);
    }

    public void Settle(TransactionName transaction)
    {
        lock (_lock) _settled.Add(transaction);
    }

    public void Sweep(IEnumerable<string> keys)
    {
        lock (_lock) _swept.UnionWith(keys);
    }

    /// <summary>A copy of what is to be recorded now.</summary>
    public CheckpointPage Open()
    {
        lock (_lock) return new CheckpointPage([.. _strayTransactions.Values], [.. _strayKeys], [.. _swept], [.. _settled]);
    }

    /// <summary>What was recorded need not be again.</summary>
    public void Close(CheckpointPage page)
    {
        lock (_lock)
        {
            foreach (OwedTransaction stray in page.StrayTransactions) _strayTransactions.Remove(TransactionName.Of(stray));
            _strayKeys.ExceptWith(page.StrayKeys);
            _swept.ExceptWith(page.Swept);
            _settled.ExceptWith(page.Settled);
        }
    }
}

/// <summary>What is recorded with an entry.</summary>
/// <param name="StrayTransactions">Prepared for checkpoints that failed: they are owed from the next one on.</param>
/// <param name="StrayKeys">Written for checkpoints that failed.</param>
/// <param name="Swept">Doomed objects that are gone.</param>
/// <param name="Settled">Transactions that are committed.</param>
sealed record CheckpointPage(
    IReadOnlyList<OwedTransaction> StrayTransactions, IReadOnlyList<string> StrayKeys, IReadOnlyList<string> Swept, IReadOnlyList<TransactionName> Settled)
{
    /// <summary>The events that need no checkpoint.</summary>
    public IEnumerable<LedgerEvent> Events()
    {
        if (Settled.Count > 0) yield return new LedgerEvent.TransactionsSettled(Settled);
        if (Swept.Count > 0) yield return new LedgerEvent.Swept(Swept);
        if (StrayKeys.Count > 0) yield return new LedgerEvent.Doomed([], [.. StrayKeys.Where(LedgerKeys.IsDisposable)]);
    }
}
