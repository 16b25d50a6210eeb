using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Checkpoints;

/// <summary>Keeps <c>HEAD</c> up to date, one write at a time, the newest place only; nobody waits for it and a failure is counted. Thread-safe.</summary>
sealed class HeadHint(IObjectStore store, LedgerKeys keys)
{
    readonly Lock _lock = new();   // guards _next and _writing
    LedgerPosition? _next;
    Task _writing = Task.CompletedTask;
    long _failures;

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Reads the hint; the default value when there is none, or none that can be read.</summary>
    public static async ValueTask<LedgerHead> ReadAsync(IObjectStore store, LedgerKeys keys, CancellationToken cancellationToken)
    {
        byte[]? bytes = await store.TryGetAsync(keys.Head, cancellationToken);
        return bytes is null ? default : LedgerHead.Read(bytes);
    }

    /// <summary>Has a place written, soon, unless a newer one comes first.</summary>
    public void Offer(LedgerPosition position)
    {
        lock (_lock)
        {
            _next = position;
            if (_writing.IsCompleted) _writing = WriteAsync();
        }
    }

    /// <summary>Completes when nothing is left to write.</summary>
    public Task DrainAsync()
    {
        lock (_lock) return _writing;
    }

    async Task WriteAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);   // the caller holds the lock
        while (Take() is { } position)
        {
            try
            {
                await store.PutAsync(keys.Head, new LedgerHead(position.Term, position.Sequence).ToBytes(), CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                Interlocked.Increment(ref _failures);
            }
        }
    }

    // The task must count as completed before the next offer looks, or that offer would be lost: so the last look ends it under the lock.
    LedgerPosition? Take()
    {
        lock (_lock)
        {
            LedgerPosition? position = _next;
            _next = null;
            if (position is null) _writing = Task.CompletedTask;
            return position;
        }
    }
}
