using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// Deletes the entries of superseded terms in the background, as <see cref="PruneMachine"/> says; nobody waits for it, and a store that refuses is
/// asked again later. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="keys">Where the job is in it.</param>
/// <param name="time">The clock, for the pause after a refusal.</param>
/// <param name="leader">What the process knows, with its last entry committed.</param>
/// <param name="lost">Cancelled when it leads no longer.</param>
sealed class EntryPruner(IObjectStore store, LedgerKeys keys, TimeProvider time, Func<LeaderState> leader, CancellationToken lost) : IAsyncDisposable
{
    // Few: what the job itself asks of the store at the same time comes first.
    const int ParallelDeletes = 4;

    // The store has already tried for as long as it does; entries that stay for a while do no harm.
    static readonly TimeSpan s_pause = TimeSpan.FromMinutes(1);

    readonly Lock _lock = new();   // guards _running and _failedAt
    readonly CancellationTokenSource _ending = new();
    volatile PruneProgress _progress = PruneProgress.None;
    Task<StoreUnavailableException?> _running = Task.FromResult<StoreUnavailableException?>(null);
    long? _failedAt;
    bool _isEnded;
    long _deleted, _failures;

    /// <summary>Entries deleted, those that were gone already included.</summary>
    public long Deleted => Interlocked.Read(ref _deleted);

    /// <summary>How many times it stopped because the store refused.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Whether entries are left that this process may delete.</summary>
    public bool HasWork => PruneMachine.Next(leader(), _progress) is not null;

    /// <summary>What is to be recorded with the next entry.</summary>
    public IEnumerable<LedgerEvent> Events(LedgerState state) => _progress.Events(state);

    /// <summary>Begins in the background, if anything is left and the store has not just refused.</summary>
    public void Offer()
    {
        if (!HasWork) return;
        lock (_lock)
        {
            if (_failedAt is { } failedAt && time.GetElapsedTime(failedAt) < s_pause) return;
        }

        _ = RunAsync();
    }

    /// <summary>Joins the run that is under way, or begins one. It ends when nothing is left, the store refuses, or a later term was claimed.</summary>
    /// <returns>What the store refused with; null otherwise.</returns>
    public Task<StoreUnavailableException?> RunAsync()
    {
        lock (_lock)
        {
            if (_running.IsCompleted && !_isEnded) _running = RunOnceAsync();
            return _running;
        }
    }

    /// <summary>Stops; what is left is for the next leader, or the next time.</summary>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_lock)
        {
            if (_isEnded) return;
            _isEnded = true;
            running = _running;
        }

        _ending.Cancel();   // at once, or more deletions would be sent meanwhile
        await running;
        _ending.Dispose();
    }

    async Task<StoreUnavailableException?> RunOnceAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // the caller holds the lock
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(lost, _ending.Token);
        try
        {
            while (PruneMachine.Next(leader(), _progress) is { } batch && await AskAsync(batch, cancel.Token))
            {
                foreach (string[] some in batch.Keys(keys).Chunk(ParallelDeletes)) await Task.WhenAll(some.Select(key => DeleteAsync(key, cancel.Token)));
                _progress = _progress.After(batch);
            }

            return null;
        }
        catch (StoreUnavailableException refused)
        {
            Interlocked.Increment(ref _failures);
            lock (_lock) _failedAt = time.GetTimestamp();
            return refused;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    async Task<bool> AskAsync(PruneBatch batch, CancellationToken cancellationToken)
    {
        byte[]? later = await store.TryGetAsync(keys.Term(batch.Question.Term), cancellationToken);
        return PruneMachine.IsAllowed(later is null ? new LedgerReply.Missing() : new LedgerReply.Found(later));
    }

    async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await store.DeleteAsync(key, cancellationToken);
        Interlocked.Increment(ref _deleted);
    }
}
