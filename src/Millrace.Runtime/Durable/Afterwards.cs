using Millrace.Runtime.Checkpoints;

namespace Millrace.Runtime.Durable;

/// <summary>
/// What follows a step of a job without holding it up: begun at once, and waited for at the job's end. What is not done by then is found by the next start. Thread-safe.
/// </summary>
/// <param name="time">The clock of the wait.</param>
sealed class Afterwards(TimeProvider time) : IDisposable
{
    static readonly TimeSpan s_closeMax = TimeSpan.FromSeconds(10);

    readonly CancellationTokenSource _closing = new();
    readonly Lock _lock = new();   // guards _begun
    readonly List<Task> _begun = [];

    /// <summary>Begins.</summary>
    public void Run(Func<CancellationToken, Task> work)
    {
        Task begun = RunAsync(work);
        lock (_lock)
        {
            _begun.RemoveAll(static t => t.IsCompletedSuccessfully);
            if (!begun.IsCompletedSuccessfully) _begun.Add(begun);
        }
    }

    /// <summary>Waits for everything that was begun: a few seconds, then it is cancelled.</summary>
    public async Task CloseAsync()
    {
        Task[] begun;
        lock (_lock) begun = [.. _begun];
        Task all = Task.WhenAll(begun);
        if (!all.IsCompleted) await Task.WhenAny(all, Task.Delay(s_closeMax, time)).ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        await all.ConfigureAwait(false);
    }

    public void Dispose() => _closing.Dispose();

    async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The job has ended meanwhile; what is left is in the ledger.
        }
        catch (LedgerFencedException)
        {
            // Another process leads, and finds what is left in the ledger; the job itself is told by its next entry.
        }
    }
}
