using Millrace.Runtime.Messages;
using Millrace.Runtime.Tasks;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Workers;

/// <summary>A snapshot of which tasks still owe their part. Thread-safe, except as its owner's lock guards it.</summary>
sealed class PendingSnapshot(Barrier barrier, PackWriter packs, StoreMeter meter, HashSet<StreamTask> waitingFor)
{
    readonly Lock _lock = new();   // guards _slices, _unwritten, _isGivenUp
    readonly List<OperatorSlice> _slices = [];
    readonly TaskCompletionSource _quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _unwritten = waitingFor.Count;
    int _writing;
    bool _isGivenUp;

    public Barrier Barrier => barrier;

    public PackWriter Packs => packs;

    /// <summary>Whether a task's part has not come. Under the owner's lock.</summary>
    public bool Waits(StreamTask task) => waitingFor.Contains(task);

    /// <summary>A task's part has come; false when it had come before. Under the owner's lock.</summary>
    public bool TryTake(StreamTask task)
    {
        if (!waitingFor.Remove(task)) return false;
        lock (_lock) _writing++;
        return true;
    }

    /// <summary>A task's part is written.</summary>
    /// <returns>Whether it was the last, and the snapshot is still wanted.</returns>
    public bool Add(IReadOnlyList<OperatorSlice> slices)
    {
        lock (_lock)
        {
            _slices.AddRange(slices);
            return --_unwritten == 0 && !_isGivenUp;
        }
    }

    /// <summary>The writing of a part has ended, however it did.</summary>
    public void OnWritten()
    {
        lock (_lock)
        {
            if (--_writing == 0 && _isGivenUp) _quiet.TrySetResult();
        }
    }

    /// <summary>Nobody wants it any more: leaves no object, once nobody writes to it.</summary>
    public async Task GiveUpAsync()
    {
        lock (_lock)
        {
            _isGivenUp = true;
            if (_writing == 0) _quiet.TrySetResult();
        }

        await _quiet.Task.ConfigureAwait(false);
        await packs.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>What the leader is told.</summary>
    public WorkerSnapshot Result(IReadOnlyList<PackEntry> written)
    {
        lock (_lock) return new(barrier.Id, written, [.. _slices]) { Requests = meter.Counts };
    }
}

/// <summary>What a finished task contributes to every later snapshot.</summary>
sealed class FinishedTask(StreamTask task)
{
    readonly HashSet<long> _given = [];
    readonly Cell[] _operators = [.. task.Driver.Cells.Where(static c => c.IsOperator)];

    public StreamTask Task => task;

    public TaskCut CutFor(Barrier barrier)
    {
        _given.Add(barrier.Id);
        // Transactions of a checkpoint that is confirmed need not be told again, and must not: they may be acknowledged by now.
        OperatorCut[] operators = [.. _operators.Select(c => c.FinalCut(barrier.Confirmed))];
        // Only one that was given them has them: a later one may have been cut before the task had finished.
        return new(barrier, _given.Contains(barrier.Confirmed) ? [.. operators.Select(static o => o with { Prepared = null })] : operators, []);
    }
}
