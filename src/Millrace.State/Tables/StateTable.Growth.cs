namespace Millrace.State.Tables;

/// <content>How a table grows.</content>
public sealed partial class StateTable<TKey, TValue, TOps>
{
    // Chance makes no segment so much fuller than the others that it would have to be split after all.
    const int ReservedRowsOfSegment = TableLimits.UnsplitRows / 100 * 95;

    ReadyStock<TableSlot<TKey, TValue>[]>? _stock;

    /// <summary>Makes room for rows that are about to be added to an empty table, so that it need not grow. Otherwise does nothing.</summary>
    /// <param name="rows">About as many.</param>
    internal void Reserve(long rows)
    {
        if (Count > 0 || _directory.Length > 1 || IsCaptureOpen || rows <= _directory[0].RowsMax) return;
        int slots = TableLimits.FirstSlots, bits = 0;
        while (slots < TableLimits.SegmentSlotsMax && rows > (slots >> 3) * 3) slots *= 2;
        while (rows >> bits > ReservedRowsOfSegment && bits < TableLimits.ReservedBitsMax) bits++;
        _directory = new TableSegment<TKey, TValue>[1 << bits];
        for (int i = 0; i < _directory.Length; i++)
        {
            _directory[i] = new(slots, bits);
            _directory[i].LimitRows(i);
        }

        _shift = 32 - bits;
        SlotCount = (long)slots << bits;
    }

    void Grow(TableSegment<TKey, TValue> segment, uint hash)
    {
        // Slots move, so what a capture needs of them is copied now.
        if (IsCaptureOpen) CaptureSegment(segment, _places.Of(hash));
        if (segment.Slots.Length < TableLimits.SegmentSlotsMax)
        {
            TableSlot<TKey, TValue>[] old = segment.Slots;
            SlotCount += old.Length;
            segment.Slots = new TableSlot<TKey, TValue>[old.Length * 2];
            segment.LimitRows(0);
            segment.Count = 0;
            foreach (ref TableSlot<TKey, TValue> slot in old.AsSpan()) Place(segment, ref slot);
            return;
        }

        if (segment.Depth == 32 - _shift) DoubleDirectory();
        Split(segment, hash);
    }

    void DoubleDirectory()
    {
        Invariant.That(_shift > 4, "the directory of a table stays below 2^28 segments");
        var doubled = new TableSegment<TKey, TValue>[_directory.Length * 2];
        for (int i = 0; i < doubled.Length; i++) doubled[i] = _directory[i >> 1];
        _directory = doubled;
        _shift--;
    }

    void Split(TableSegment<TKey, TValue> segment, uint hash)
    {
        TableSlot<TKey, TValue>[] old = segment.Slots;
        int depth = segment.Depth + 1;
        TableSegment<TKey, TValue> low = segment;
        TableSegment<TKey, TValue> high = new(NewSlots(old.Length), depth) { CapturedFor = low.CapturedFor };
        low.Depth = depth;
        low.Count = 0;
        low.Slots = _spare ?? NewSlots(old.Length);
        SlotCount += old.Length;

        int span = 1 << (32 - _shift - depth);
        int start = (int)((ulong)_places.Of(hash) >> _shift) & ~((span << 1) - 1);
        low.LimitRows(start / span);
        high.LimitRows((start / span) + 1);
        _directory.AsSpan(start, span).Fill(low);
        _directory.AsSpan(start + span, span).Fill(high);
        foreach (ref TableSlot<TKey, TValue> slot in old.AsSpan())
        {
            if (slot.Epoch >= _firstLiveEpoch) Place(SegmentOf(slot.Hash), ref slot);
        }

        Array.Clear(old);
        _spare = old;
    }

    TableSlot<TKey, TValue>[] NewSlots(int count)
    {
        if (_directory.Length < TableLimits.StockedSegmentsMin) return new TableSlot<TKey, TValue>[count];
        _stock ??= new(TableLimits.StockedSegments, static () => Touched(new TableSlot<TKey, TValue>[TableLimits.SegmentSlotsMax]));
        return _stock.TryTake() ?? new TableSlot<TKey, TValue>[count];
    }

    static TableSlot<TKey, TValue>[] Touched(TableSlot<TKey, TValue>[] slots)
    {
        int step = Math.Max(1, Environment.SystemPageSize / SlotBytes);
        for (int i = 0; i < slots.Length; i += step) slots[i] = default;
        return slots;
    }

    void Place(TableSegment<TKey, TValue> segment, ref TableSlot<TKey, TValue> slot)
    {
        if (slot.Epoch < _firstLiveEpoch) return;
        TableSlot<TKey, TValue>[] slots = segment.Slots;
        uint mask = (uint)(slots.Length - 1);
        uint at = slot.Hash & mask;
        while (slots[at].Epoch >= _firstLiveEpoch) at = (at + 1) & mask;
        slots[at] = slot;
        segment.Count++;
    }
}
