using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Deletes by exact key what the ledger has doomed. Idempotent: after a crash it begins again. Thread-safe.</summary>
/// <param name="store">The store.</param>
/// <param name="keys">Where the job is in it.</param>
public sealed class SnapshotCleaner(IObjectStore store, LedgerKeys keys)
{
    const int ParallelDeletes = 8;

    /// <summary>Deletes objects whose doom was committed by this leader, or accepted by it.</summary>
    /// <param name="doomed">Relative to the root of the job.</param>
    /// <param name="term">The term of this leader.</param>
    /// <param name="cancellationToken">Cancels; what is left is still doomed.</param>
    /// <exception cref="StoreUnavailableException">The store refused; what is left is still doomed.</exception>
    public ValueTask DeleteAsync(IReadOnlyCollection<string> doomed, long term, CancellationToken cancellationToken) =>
        DeleteAsync(doomed, term, new StoreMeter(), cancellationToken);

    /// <summary>The same, for whoever counts what is asked of the store.</summary>
    /// <param name="doomed">Relative to the root of the job.</param>
    /// <param name="term">The term of this leader.</param>
    /// <param name="meter">Counts the requests.</param>
    /// <param name="cancellationToken">Cancels; what is left is still doomed.</param>
    /// <exception cref="StoreUnavailableException">The store refused; what is left is still doomed.</exception>
    public async ValueTask DeleteAsync(IReadOnlyCollection<string> doomed, long term, StoreMeter meter, CancellationToken cancellationToken)
    {
        IObjectStore metered = store.Metered(meter);
        foreach (string[] some in doomed.Chunk(ParallelDeletes)) await Task.WhenAll(some.Select(key => DeleteAsync(metered, key, term, cancellationToken)));
    }

    /// <summary>Deletes what an earlier leader doomed and did not get to, and says so in the ledger.</summary>
    /// <returns>How many objects.</returns>
    public async ValueTask<int> ResumeAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> doomed = ledger.State.Doomed;
        if (doomed.Count == 0) return 0;
        // Doomed is doomed, whoever leads; the question only spares a process that was overtaken the work.
        await ledger.CheckAsync(cancellationToken);
        await DeleteAsync(doomed, ledger.Claim.Term, cancellationToken);
        await ledger.AppendAsync([new LedgerEvent.Swept(doomed)], cancellationToken);
        return doomed.Count;
    }

    async Task DeleteAsync(IObjectStore metered, string key, long term, CancellationToken cancellationToken)
    {
        Invariant.That(LedgerKeys.IsDisposableBy(key, term), "terms, entries that count and strangers are never deleted");
        await metered.DeleteAsync(keys.Of(key), cancellationToken);
    }
}
