using Millrace.Runtime.Exchange;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Hands the splits of one source to its readers: one at a time to whoever asks when the source is bounded, once all are known; an equal
/// share each, as they are found, when it is not. Whoever takes a cut lets nobody take a split between that and the barrier: so no
/// split is in both parts of a snapshot, or in none. Thread-safe.
/// </summary>
/// <typeparam name="TSplit">The split type.</typeparam>
/// <param name="isBounded">Whether the source is bounded.</param>
/// <param name="readers">How many readers there are.</param>
public sealed class SplitAssigner<TSplit>(bool isBounded, int readers) : ISplitAssigner, ISplitSupply<TSplit> where TSplit : ISplit
{
    readonly Lock _lock = new();   // guards everything below
    readonly Queue<SplitPosition<TSplit>>[] _queues =
        [.. Enumerable.Range(0, isBounded ? 1 : readers).Select(static _ => new Queue<SplitPosition<TSplit>>())];
    readonly INotifiable?[] _readers = new INotifiable?[readers];
    readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    readonly HashSet<string> _restored = new(StringComparer.Ordinal);
    int _added;
    bool _isFound;
    bool _isComplete;
    Exception? _failure;

    /// <inheritdoc/>
    public bool AllAssigned { get; private set; }

    /// <inheritdoc/>
    public void Bind(int reader, INotifiable task) => _readers[reader] = task;

    /// <summary>Goes on from a snapshot: what readers had comes first, then what nobody had. Before discovery.</summary>
    public void Restore(IReadOnlyList<SplitPosition<TSplit>> positions, AssignerState<TSplit>? state)
    {
        lock (_lock)
        {
            foreach (SplitPosition<TSplit> position in positions.Concat(state?.Unassigned ?? []))
            {
                if (_restored.Add(position.Split.Id)) Enqueue(position);
            }

            _restored.UnionWith(state?.Known ?? []);
            // All were found before any was read, so there is nothing to look for again; a source without end goes on looking.
            _isFound = isBounded && state is { IsComplete: true };
        }
    }

    /// <inheritdoc/>
    public StateEntry Cut()
    {
        lock (_lock)
        {
            string[] known = isBounded ? [] : [.. _ids.Union(_restored, StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            return SplitState.Entry(new AssignerState<TSplit>(_isComplete, [.. _queues.SelectMany(static q => q)], known));
        }
    }

    /// <summary>Runs discovery to its end.</summary>
    public async Task DiscoverAsync(Func<IAsyncEnumerable<TSplit>> splits)
    {
        try
        {
            if (!_isFound)
            {
                await foreach (TSplit split in splits().ConfigureAwait(false)) Add(split);
            }
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

    /// <inheritdoc/>
    public bool TryTake(
        int reader, long lastBarrier, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out SplitPosition<TSplit>? split, out bool isComplete)
    {
        bool taken;
        bool allAssigned;
        lock (_lock)
        {
            if (_failure is not null) throw new SourceDiscoveryException(_failure);
            split = null;
            isComplete = false;
            Queue<SplitPosition<TSplit>> queue = _queues[isBounded ? 0 : reader];
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
            if (!_restored.Contains(split.Id)) Enqueue(new(split, Timestamp.None, Timestamp.None));
        }

        if (!isBounded) NotifyAll();
    }

    void Enqueue(SplitPosition<TSplit> split) => _queues[_added++ % _queues.Length].Enqueue(split);

    void NotifyAll()
    {
        foreach (INotifiable? reader in _readers) reader?.Notify();
    }
}

/// <summary>The leader's part of a source.</summary>
public interface ISplitAssigner
{
    /// <summary>What nobody has, for the cut of a barrier that is about to be given to the readers. Thread-safe.</summary>
    StateEntry Cut();
}

/// <summary>The splits of a source could not be found.</summary>
/// <param name="cause">Why.</param>
public sealed class SourceDiscoveryException(Exception cause) : Exception(cause.Message, cause);
