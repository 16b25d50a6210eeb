using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>
/// What one deployment has done and not yet recorded, shared by what does it: <see cref="UnrecordedDeeds"/> behind a lock. Thread-safe.
/// </summary>
sealed class CheckpointBooks
{
    readonly Lock _lock = new();   // guards _deeds
    UnrecordedDeeds _deeds = UnrecordedDeeds.None;

    /// <summary>A part of a checkpoint that will not be.</summary>
    public void Discard(WorkerSnapshot snapshot)
    {
        lock (_lock) _deeds = _deeds.Discard(snapshot);
    }

    /// <summary>A manifest that was perhaps written, and is in no entry.</summary>
    public void Discard(string key)
    {
        lock (_lock) _deeds = _deeds.Discard(key);
    }

    public void Settle(TransactionName transaction)
    {
        lock (_lock) _deeds = _deeds.Settle(transaction);
    }

    public void Sweep(IEnumerable<string> keys)
    {
        lock (_lock) _deeds = _deeds.Sweep(keys);
    }

    /// <summary>A copy of what is to be recorded now.</summary>
    public CheckpointPage Open()
    {
        lock (_lock) return _deeds.Open();
    }

    /// <summary>What was recorded need not be again.</summary>
    public void Close(CheckpointPage page)
    {
        lock (_lock) _deeds = _deeds.Close(page);
    }
}
