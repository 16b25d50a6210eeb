using System.Collections.Concurrent;

namespace Millrace.State.Tables;

/// <summary>
/// Memory that a task will need soon, made and touched in the background. The first touch of a page is a fault, a quarter of a millisecond on a virtual
/// machine in need of memory, and a segment has 64 pages: a task that grew five of them in one step stood still for 34 ms. Whether there is any at hand makes no
/// difference to what the task does. Thread-safe.
/// </summary>
/// <typeparam name="T">What is in stock.</typeparam>
/// <param name="size">How many are kept ready.</param>
/// <param name="make">Makes one and touches all of it. Called on any thread.</param>
sealed class ReadyStock<T>(int size, Func<T> make) where T : class
{
    readonly ConcurrentQueue<T> _ready = new();
    int _isFilling;

    /// <summary>Takes one; null when none is ready, and what is not touched yet does.</summary>
    public T? TryTake()
    {
        _ready.TryDequeue(out T? ready);
        if (Interlocked.Exchange(ref _isFilling, 1) == 0) _ = FillAsync();
        return ready;
    }

    async Task FillAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (_ready.Count < size) _ready.Enqueue(make());
        }
        finally
        {
            // One that is taken in between is made up for after the next. Out of memory here, the task makes its own, and says so.
            Volatile.Write(ref _isFilling, 0);
        }
    }
}
