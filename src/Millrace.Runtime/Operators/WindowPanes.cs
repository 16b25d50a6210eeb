using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>The accumulators of one slice of time, by key.</summary>
sealed class WindowPane<TKey, TAccumulator, TOps>(EpochClock clock) where TOps : struct, IKeyOps<TKey>
{
    /// <summary>The accumulators.</summary>
    public readonly StateTable<TKey, TAccumulator, TOps> Table = new(clock);

    /// <summary>The first tick of the slice.</summary>
    public long First { get; private set; }

    /// <summary>How many ticks the last tick of the slice is after the first.</summary>
    public ulong Length { get; private set; }

    /// <summary>The first window with this slice.</summary>
    public Int128 FirstWindow { get; private set; }

    /// <summary>The last window with this slice.</summary>
    public Int128 LastWindow { get; private set; }

    /// <summary>Whether a timestamp is inside.</summary>
    public bool Covers(long ticks) => unchecked((ulong)(ticks - First)) <= Length;

    /// <summary>Makes it the pane of another slice.</summary>
    public void Move(WindowSlices slices, long first)
    {
        First = first;
        Length = unchecked((ulong)(slices.LastOf(first) - first));
        FirstWindow = slices.FirstWindowOf(first);
        LastWindow = slices.LastWindowOf(first);
    }
}

/// <summary>
/// The panes with records: found by slice as records come, walked in order of time as windows fire. New ones are put in order only then,
/// all at once, so that records in any order cost the same. A pane that is dropped while it is captured is left to the capture, and its memory
/// is used again after that.
/// </summary>
sealed class WindowPanes<TKey, TAccumulator, TOps>(WindowSlices slices) : ITableSet<TKey, TAccumulator, TOps> where TOps : struct, IKeyOps<TKey>
{
    readonly Dictionary<StateTable<TKey, TAccumulator, TOps>, WindowPane<TKey, TAccumulator, TOps>> _captured = [];
    readonly Dictionary<long, WindowPane<TKey, TAccumulator, TOps>> _byFirst = [];
    readonly List<WindowPane<TKey, TAccumulator, TOps>> _added = [];
    readonly Stack<WindowPane<TKey, TAccumulator, TOps>> _spare = new(WindowLimits.SpareTablesMin);
    WindowPane<TKey, TAccumulator, TOps>[] _ring = new WindowPane<TKey, TAccumulator, TOps>[16];
    KeyRange? _owned;
    int _head;
    long _spareBytes;

    /// <summary>Counts the snapshots of all panes.</summary>
    public EpochClock Clock { get; } = new();

    /// <inheritdoc/>
    public long DroppedBelow { get; private set; } = long.MinValue;

    /// <inheritdoc/>
    public uint LastDropped { get; private set; }

    /// <summary>How many panes there are.</summary>
    public int Live => _byFirst.Count;

    /// <summary>How many are in order.</summary>
    public int Count { get; private set; }

    /// <summary>A pane, counted in order of time.</summary>
    public WindowPane<TKey, TAccumulator, TOps> this[int index] => _ring[(_head + index) & (_ring.Length - 1)];

    /// <summary>The pane of a slice, made when there is none.</summary>
    /// <param name="first">The slice's first tick.</param>
    /// <param name="isNew">Whether it was made.</param>
    public WindowPane<TKey, TAccumulator, TOps> GetOrAdd(long first, out bool isNew)
    {
        isNew = !_byFirst.TryGetValue(first, out WindowPane<TKey, TAccumulator, TOps>? pane);
        if (pane is not null) return pane;
        if (_spare.TryPop(out pane)) _spareBytes -= BytesOf(pane);
        else pane = NewPane();
        pane.Table.Resume();
        pane.Move(slices, first);
        _byFirst.Add(first, pane);
        _added.Add(pane);
        return pane;
    }

    /// <summary>Puts new panes in order.</summary>
    public void Settle()
    {
        if (_added.Count == 0) return;
        if (_added.Count > 1) _added.Sort(static (left, right) => left.First.CompareTo(right.First));
        Reserve(Count + _added.Count);
        int old = Count - 1;
        int next = _added.Count - 1;
        Count += _added.Count;
        for (int to = Count - 1; next >= 0; to--)
        {
            bool isOldLater = old >= 0 && this[old].First > _added[next].First;
            _ring[(_head + to) & (_ring.Length - 1)] = isOldLater ? this[old--] : _added[next--];
        }

        _added.Clear();
    }

    /// <summary>How many panes are wholly before a tick that begins a slice.</summary>
    public int CountBefore(long ticks)
    {
        int low = 0;
        for (int high = Count; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (this[middle].First < ticks) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>How many panes begin at a tick or before.</summary>
    public int CountThrough(long ticks) => ticks == long.MaxValue ? Count : CountBefore(ticks + 1);

    /// <summary>How many panes are in no window after the given one.</summary>
    public int CountDone(Int128 window)
    {
        int low = 0;
        for (int high = Count; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (this[middle].LastWindow <= window) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Drops the earliest pane and keeps its memory for another.</summary>
    public void DropFirst()
    {
        WindowPane<TKey, TAccumulator, TOps> pane = this[0];
        _ring[_head] = null!;
        _head = (_head + 1) & (_ring.Length - 1);
        Count--;
        _byFirst.Remove(pane.First);
        // No pane before this one can come again: the windows it was in are over, and so are those of earlier ones.
        DroppedBelow = Math.Max(DroppedBelow, pane.First + 1);
        if (pane.Table.Count > 0) LastDropped = Clock.Now;
        if (pane.Table.IsCaptureOpen) _captured.Add(pane.Table, pane);
        else Spare(pane);
    }

    /// <inheritdoc/>
    public void Own(KeyRange owned) => _owned = owned;

    /// <inheritdoc/>
    public void AddTo(List<(StateTable<TKey, TAccumulator, TOps> Table, long Tag)> tables)
    {
        foreach (WindowPane<TKey, TAccumulator, TOps> pane in _byFirst.Values) tables.Add((pane.Table, pane.First));
    }

    /// <inheritdoc/>
    public void OnCaptured(StateTable<TKey, TAccumulator, TOps> table)
    {
        if (_captured.Remove(table, out WindowPane<TKey, TAccumulator, TOps>? pane)) Spare(pane);
    }

    void Spare(WindowPane<TKey, TAccumulator, TOps> pane)
    {
        if (_spare.Count >= WindowLimits.SpareTablesMin && _spareBytes + BytesOf(pane) > WindowLimits.SpareBytesMax) return;
        _spareBytes += BytesOf(pane);
        pane.Table.Clear();
        _spare.Push(pane);
    }

    WindowPane<TKey, TAccumulator, TOps> NewPane()
    {
        WindowPane<TKey, TAccumulator, TOps> pane = new(Clock);
        if (_owned is { } owned) pane.Table.Own(owned);
        return pane;
    }

    static long BytesOf(WindowPane<TKey, TAccumulator, TOps> pane) => pane.Table.SlotCount * StateTable<TKey, TAccumulator, TOps>.SlotBytes;

    void Reserve(int count)
    {
        if (count <= _ring.Length) return;
        var larger = new WindowPane<TKey, TAccumulator, TOps>[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count)];
        for (int i = 0; i < Count; i++) larger[i] = this[i];
        _ring = larger;
        _head = 0;
    }
}
