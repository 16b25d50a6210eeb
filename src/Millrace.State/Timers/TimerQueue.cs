namespace Millrace.State.Timers;

/// <summary>
/// The timers of one operator in one domain of time, of all names together: in order of deadline, then in order of setting. What is stored
/// are the rows; the heap is derived from them, and an entry that comes up is checked against its row. A row has one entry that counts; one
/// moved to a later deadline keeps it, and moves on when it comes up, so that timers moved with every record cost a write to their row.
/// Owned by one task; not thread-safe.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
public sealed class TimerQueue<TKey>
{
    // More than the two that balance one new stale entry against a heap of which half is stale.
    const int SweepEntries = 8;

    readonly TimerHeap<TKey> _heap = new();
    readonly List<TimerRows<TKey>> _timers = [];
    long _sequence;
    int _stale;
    int _sweep;

    /// <summary>How many timers are set.</summary>
    public int Count => _heap.Count - _stale;

    /// <summary>When to look next, <see cref="Timestamp.MaxValue"/> for never: no timer is due earlier, but the first may have been cancelled or moved on.</summary>
    public Timestamp Next => _heap.Count == 0 ? Timestamp.MaxValue : _heap.First.Deadline;

    /// <summary>How many entries the heap holds, those that no longer count included.</summary>
    internal int EntryCount => _heap.Count;

    /// <summary>Whether an entry has come up.</summary>
    /// <param name="limit">Inclusive.</param>
    public bool IsDue(Timestamp limit) => _heap.Count > 0 && _heap.First.Deadline <= limit;

    /// <summary>
    /// Handles the entry that has come up first. False when it fires nothing: one small step of engine work either way, so that a caller
    /// can stop between any two.
    /// </summary>
    /// <param name="due">The timer that fires; its row is gone already.</param>
    public bool TryTake(out TimerEntry<TKey> due)
    {
        due = _heap.First;
        switch (_timers[due.Timer].Take(ref due))
        {
            case TimerFate.Moved:
                _heap.ReplaceFirst(due);
                return false;
            case TimerFate.Stale:
                _heap.RemoveAt(0);
                _stale--;
                return false;
            default:
                _heap.RemoveAt(0);
                Sweep();
                return true;
        }
    }

    /// <summary>The function's handle of an entry's timer.</summary>
    public IKeyedTimer HandleOf(in TimerEntry<TKey> entry) => _timers[entry.Timer].Handle;

    /// <summary>All timers, by name in the order of declaration.</summary>
    public IReadOnlyList<TimerRows<TKey>> Timers => _timers;

    /// <summary>Makes the heap anew from the rows.</summary>
    internal void Rebuild()
    {
        _heap.Clear();
        _stale = 0;
        foreach (TimerRows<TKey> timer in _timers) timer.PushAll();
    }

    /// <summary>
    /// Makes the heap from restored rows, which may come from several instances: numbered anew by deadline, then by the number they had, so that
    /// equal deadlines keep their order within each instance, and what is set from now on comes after them.
    /// </summary>
    internal void OnRestored()
    {
        _heap.Clear();
        _stale = 0;
        List<TimerEntry<TKey>> entries = [];
        for (int timer = 0; timer < _timers.Count; timer++)
        {
            foreach ((uint hash, TKey key, Timestamp deadline, long sequence) in _timers[timer].Rows())
                entries.Add(new() { Deadline = deadline, Sequence = sequence, Key = key, Hash = hash, Timer = timer });
        }

        entries.Sort(static (left, right) =>
            left.IsBefore(right) ? -1 : right.IsBefore(left) ? 1 : left.Hash != right.Hash ? left.Hash.CompareTo(right.Hash) : left.Timer.CompareTo(right.Timer));
        _sequence = 0;
        foreach (TimerEntry<TKey> entry in entries) _timers[entry.Timer].Restored(entry with { Sequence = ++_sequence });
    }

    /// <summary>Adds the rows of a declared timer.</summary>
    /// <returns>What <see cref="TimerEntry{TKey}.Timer"/> is for its entries.</returns>
    internal int Add(TimerRows<TKey> rows)
    {
        _timers.Add(rows);
        return _timers.Count - 1;
    }

    /// <summary>The number of the next setting.</summary>
    internal long NextSequence() => ++_sequence;

    /// <summary>Adds the entry of a row.</summary>
    internal void Push(in TimerEntry<TKey> entry) => _heap.Push(entry);

    /// <summary>An entry of the heap counts no longer.</summary>
    internal void OnStale()
    {
        _stale++;
        Sweep();
    }

    /// <summary>
    /// Takes stale entries out, a few per call, as long as they outnumber the others: memory stays in proportion to the timers that are set,
    /// and no call pays for a whole sweep.
    /// </summary>
    void Sweep()
    {
        if (_stale == _heap.Count)
        {
            _heap.Clear();
            _stale = 0;
            return;
        }

        for (int steps = 0; steps < SweepEntries && _stale > _heap.Count - _stale; steps++)
        {
            if (_sweep <= 0 || _sweep > _heap.Count) _sweep = _heap.Count;
            int at = --_sweep;
            ref TimerEntry<TKey> entry = ref _heap.At(at);
            if (!_timers[entry.Timer].IsStale(entry)) continue;
            _heap.RemoveAt(at);
            _stale--;
            // Another entry is in its place now.
            _sweep = at + 1;
        }
    }
}
