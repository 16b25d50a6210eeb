using System.Runtime.CompilerServices;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Timers;

/// <summary>The deadline of a key. What follows <see cref="Sequence"/> is derived: the entry of the heap that stands for it.</summary>
struct SingleTimerRow
{
    /// <summary>When it fires.</summary>
    public Timestamp Deadline;

    /// <summary>When it was set, in the order of the queue.</summary>
    public long Sequence;

    /// <summary>When the entry comes up: at the deadline or before.</summary>
    public Timestamp EntryDeadline;

    /// <summary>The number of the entry.</summary>
    public long EntrySequence;
}

/// <summary>The rows of a timer with at most one deadline per key.</summary>
/// <param name="queue">The queue of its domain of time.</param>
/// <param name="context">The current key.</param>
/// <param name="handle">The function's handle.</param>
/// <param name="kind">What snapshots call it.</param>
sealed class SingleTimerRows<TKey, TOps>(TimerQueue<TKey> queue, KeyContext<TKey> context, IKeyedTimer handle, string kind) : TimerRows<TKey>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, SingleTimerRow, TOps> _rows = new();
    int _timer = -1;

    /// <inheritdoc/>
    public override IKeyedTimer Handle => handle;

    /// <inheritdoc/>
    public override long Count => _rows.Count;

    /// <inheritdoc/>
    public bool IsLarge => _rows.IsLarge;

    /// <summary>Takes its place in the queue.</summary>
    public void Join() => _timer = queue.Add(this);

    /// <summary>Sets or moves the deadline of the current key.</summary>
    public void Set(Timestamp deadline)
    {
        if (deadline.IsNone) throw TimerDeadline.None(handle.Name);
        uint hash = context.Require(handle.Name, out TKey key);
        // Looked at before it is written: setting the same deadline again with every record is common, and is no change.
        ref SingleTimerRow row = ref _rows.Peek(hash, key);
        if (!Unsafe.IsNullRef(ref row) && row.Deadline == deadline) return;
        row = ref _rows.GetOrAdd(hash, key, out bool isNew);
        row.Deadline = deadline;
        row.Sequence = queue.NextSequence();
        if (!isNew && row.EntryDeadline <= deadline) return;
        Push(hash, key, ref row);
        if (!isNew) queue.OnStale();
    }

    /// <summary>Cancels the deadline of the current key.</summary>
    public void Cancel()
    {
        uint hash = context.Require(handle.Name, out TKey key);
        if (_rows.Remove(hash, key)) queue.OnStale();
    }

    /// <summary>Reads the deadline of the current key.</summary>
    public bool TryGet(out Timestamp deadline)
    {
        uint hash = context.Require(handle.Name, out TKey key);
        bool has = _rows.TryGet(hash, key, out SingleTimerRow row);
        deadline = has ? row.Deadline : default;
        return has;
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _rows.Prefetch(hash);
    }

    internal override bool IsStale(in TimerEntry<TKey> entry)
    {
        ref SingleTimerRow row = ref _rows.Peek(entry.Hash, entry.Key);
        return Unsafe.IsNullRef(ref row) || row.EntrySequence != entry.Sequence;
    }

    internal override TimerFate Take(ref TimerEntry<TKey> entry)
    {
        ref SingleTimerRow row = ref _rows.Peek(entry.Hash, entry.Key);
        if (Unsafe.IsNullRef(ref row) || row.EntrySequence != entry.Sequence) return TimerFate.Stale;
        if (row.Sequence == entry.Sequence)
        {
            _rows.Remove(entry.Hash, entry.Key);
            return TimerFate.Due;
        }

        entry.Deadline = row.EntryDeadline = row.Deadline;
        entry.Sequence = row.EntrySequence = row.Sequence;
        return TimerFate.Moved;
    }

    ISnapshotRows ISnapshotState.OpenSnapshots() => KeyedRows.OfTable(handle.Name, kind, _rows, new SingleTimerFormat());

    internal override void Restored(in TimerEntry<TKey> entry)
    {
        ref SingleTimerRow row = ref _rows.Peek(entry.Hash, entry.Key);
        row.Sequence = entry.Sequence;
        Push(entry.Hash, entry.Key, ref row);
    }

    internal override void PushAll()
    {
        TableCursor cursor = default;
        while (_rows.MoveNext(ref cursor))
        {
            ref TableSlot<TKey, SingleTimerRow> slot = ref _rows.At(cursor);
            Push(slot.Hash, slot.Key, ref slot.Value);
        }
    }

    internal override IEnumerable<(uint Hash, TKey Key, Timestamp Deadline, long Sequence)> Rows()
    {
        foreach ((uint hash, TKey key, SingleTimerRow row) in _rows.Rows()) yield return (hash, key, row.Deadline, row.Sequence);
    }

    void Push(uint hash, TKey key, ref SingleTimerRow row)
    {
        row.EntryDeadline = row.Deadline;
        row.EntrySequence = row.Sequence;
        queue.Push(new() { Deadline = row.Deadline, Sequence = row.Sequence, Key = key, Hash = hash, Timer = _timer });
    }
}

/// <summary>What is wrong with deadlines.</summary>
static class TimerDeadline
{
    public static ArgumentOutOfRangeException None(string name) =>
        new("deadline", $"the timer '{name}' is set to {nameof(Timestamp)}.{nameof(Timestamp.None)}; give it a moment, or cancel it");
}
