using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Hands the splits of one source to its readers: one at a time to whoever asks when the source is bounded, once all are known; an equal
/// share each, as they are found, when it is not. Thread-safe.
/// </summary>
/// <typeparam name="TSplit">The split type.</typeparam>
/// <param name="isBounded">Whether the source is bounded.</param>
/// <param name="readers">How many readers there are.</param>
public sealed class SplitAssigner<TSplit>(bool isBounded, int readers) where TSplit : ISplit
{
    readonly Lock _lock = new();   // guards everything below
    readonly Queue<TSplit>[] _queues = [.. Enumerable.Range(0, isBounded ? 1 : readers).Select(static _ => new Queue<TSplit>())];
    readonly INotifiable?[] _readers = new INotifiable?[readers];
    readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    bool _isComplete;
    Exception? _failure;

    /// <summary>Whether every split of a bounded source is in the hands of a reader, so that readers alone know how far event time is.</summary>
    public bool AllAssigned { get; private set; }

    /// <summary>Tells the assigner whom to notify of new splits. Before discovery.</summary>
    public void Bind(int reader, INotifiable task) => _readers[reader] = task;

    /// <summary>Runs discovery to its end.</summary>
    public async Task DiscoverAsync(Func<IAsyncEnumerable<TSplit>> splits)
    {
        try
        {
            await foreach (TSplit split in splits().ConfigureAwait(false)) Add(split);
        }
        catch (Exception failure)
        {
            // Rethrown where the readers ask for splits, in the task that names the source.
            lock (_lock) _failure = failure;
        }

        lock (_lock)
        {
            _isComplete = true;
            AllAssigned = !isBounded || _queues[0].Count == 0;
        }

        NotifyAll();
    }

    /// <summary>Takes the next split for a reader; false when there is none now.</summary>
    /// <param name="reader">The reader's index.</param>
    /// <param name="split">The split.</param>
    /// <param name="isComplete">Whether there will never be another for this reader.</param>
    public bool TryTake(int reader, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TSplit split, out bool isComplete)
    {
        bool taken;
        bool allAssigned;
        lock (_lock)
        {
            if (_failure is not null) throw new SourceDiscoveryException(_failure);
            Queue<TSplit> queue = _queues[isBounded ? 0 : reader];
            split = default;
            // Watermarks are held back until all splits are known. Reading before would let late records pass, depending on who is faster.
            taken = (_isComplete || !isBounded) && queue.TryDequeue(out split);
            isComplete = _isComplete && queue.Count == 0;
            allAssigned = isComplete && isBounded && !AllAssigned;
            AllAssigned |= allAssigned;
        }

        if (allAssigned) NotifyAll();
        return taken;
    }

    void Add(TSplit split)
    {
        lock (_lock)
        {
            if (!_ids.Add(split.Id)) throw new InvalidOperationException($"the source has two splits with the id '{split.Id}'; ids must differ");
            _queues[(_ids.Count - 1) % _queues.Length].Enqueue(split);
        }

        if (!isBounded) NotifyAll();
    }

    void NotifyAll()
    {
        foreach (INotifiable? reader in _readers) reader?.Notify();
    }
}

/// <summary>The splits of a source could not be found.</summary>
/// <param name="cause">Why.</param>
public sealed class SourceDiscoveryException(Exception cause) : Exception(cause.Message, cause);
