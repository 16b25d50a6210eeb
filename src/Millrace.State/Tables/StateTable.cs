using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Millrace.State.Tables;

/// <summary>
/// Rows of one state of one task: an open-addressing table over flat slots, cut into segments so that growing is incremental: a small
/// table doubles its only segment, a large one splits the segment that is full (extendible hashing, Fagin et al. 1979), so no step
/// moves more than <see cref="TableLimits.SegmentSlotsMax"/> slots. Owned by one task; not thread-safe.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TValue">The value type, stored in the slot.</typeparam>
/// <typeparam name="TOps">Equality of keys, as a struct so that probing is compiled per key type.</typeparam>
public sealed partial class StateTable<TKey, TValue, TOps> where TOps : struct, IKeyOps<TKey>
{
    readonly EpochClock _clock;
    TableSegment<TKey, TValue>[] _directory = [new(TableLimits.FirstSlots, 0)];
    TableSlot<TKey, TValue>[]? _spare;
    RowPlaces _places = RowPlaces.Spread;
    int _shift = 32;
    uint _firstLiveEpoch;
    uint _epoch;
    uint _captureBelow;     // While a capture is open: rows with an earlier epoch are in it; otherwise zero, which no epoch is below.

    /// <summary>An empty table.</summary>
    /// <param name="clock">Counts its snapshots; shared by the tables of one state. A clock of its own by default.</param>
    public StateTable(EpochClock? clock = null)
    {
        _clock = clock ?? new();
        _epoch = _firstLiveEpoch = _clock.Now;
    }

    /// <summary>Says which hashes its keys have, before the first row: rows are then kept about in the order of their hashes, which makes snapshots faster.</summary>
    /// <param name="owned">The slice of the hash space.</param>
    public void Own(KeyRange owned)
    {
        Invariant.That(Count == 0 && _directory.Length == 1, "a table learns which hashes it has before its first row");
        _places = RowPlaces.InOrder(owned);
    }

    /// <summary>Counts the table's snapshots and clears.</summary>
    public EpochClock Clock => _clock;

    /// <summary>How many rows there are.</summary>
    public long Count { get; private set; }

    /// <summary>How many slots are allocated.</summary>
    public long SlotCount { get; private set; } = TableLimits.FirstSlots;

    /// <summary>The number of bytes of one slot.</summary>
    public static int SlotBytes => Unsafe.SizeOf<TableSlot<TKey, TValue>>();

    /// <summary>Whether the table is too large for the caches near a core, so that <see cref="Prefetch"/> pays.</summary>
    public bool IsLarge => SlotCount * SlotBytes > TableLimits.NearCacheBytes;

    /// <summary>Asks the memory for a key's slot ahead of its use. Does nothing on processors without the instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void Prefetch(uint hash)
    {
        if (!Sse.IsSupported) return;
        TableSlot<TKey, TValue>[] slots = SegmentOf(hash).Slots;
        // The address may be stale by the time it is used, when the collector moves the array: then the prefetch is wasted, nothing else.
        Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(slots), hash & (uint)(slots.Length - 1))));
    }

    /// <summary>The value of a key, in place; a null reference when there is none. Counts as a write. Valid until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue Find(uint hash, TKey key)
    {
        TableSegment<TKey, TValue> segment = SegmentOf(hash);
        TableSlot<TKey, TValue>[] slots = segment.Slots;
        ref TableSlot<TKey, TValue> first = ref MemoryMarshal.GetArrayDataReference(slots);
        uint mask = (uint)(slots.Length - 1);
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ref TableSlot<TKey, TValue> slot = ref Unsafe.Add(ref first, at);
            if (slot.Epoch < _firstLiveEpoch) return ref Unsafe.NullRef<TValue>();
            if (slot.Hash != hash || !default(TOps).Equals(slot.Key, key)) continue;
            if (slot.Epoch < _captureBelow) KeepFirst(segment, ref slot);
            slot.Epoch = _epoch;
            return ref slot.Value;
        }
    }

    /// <summary>
    /// The value of a key, in place; a null reference when there is none. Does not count as a write: for reading without a copy, and for what
    /// is derived and not part of a snapshot. Valid until the next call.
    /// </summary>
    public ref TValue Peek(uint hash, TKey key)
    {
        TableSlot<TKey, TValue>[] slots = SegmentOf(hash).Slots;
        ref TableSlot<TKey, TValue> first = ref MemoryMarshal.GetArrayDataReference(slots);
        uint mask = (uint)(slots.Length - 1);
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ref TableSlot<TKey, TValue> slot = ref Unsafe.Add(ref first, at);
            if (slot.Epoch < _firstLiveEpoch) return ref Unsafe.NullRef<TValue>();
            if (slot.Hash == hash && default(TOps).Equals(slot.Key, key)) return ref slot.Value;
        }
    }

    /// <summary>Reads the value of a key. Does not count as a write.</summary>
    public bool TryGet(uint hash, TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        TableSlot<TKey, TValue>[] slots = SegmentOf(hash).Slots;
        ref TableSlot<TKey, TValue> first = ref MemoryMarshal.GetArrayDataReference(slots);
        uint mask = (uint)(slots.Length - 1);
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ref TableSlot<TKey, TValue> slot = ref Unsafe.Add(ref first, at);
            if (slot.Epoch < _firstLiveEpoch)
            {
                value = default;
                return false;
            }

            if (slot.Hash != hash || !default(TOps).Equals(slot.Key, key)) continue;
            value = slot.Value;
            return true;
        }
    }

    /// <summary>Reads the value of a key and counts as a write: for values that can be changed by whoever gets them.</summary>
    public bool TryFind(uint hash, TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        ref TValue found = ref Find(hash, key);
        bool has = !Unsafe.IsNullRef(ref found);
        value = has ? found : default;
        return has;
    }

    /// <summary>The value of a key, in place, made as <c>default</c> when there is none. Counts as a write. Valid until the next call.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="key">The key.</param>
    /// <param name="isNew">Whether the row was just made.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(uint hash, TKey key, out bool isNew)
    {
        TableSegment<TKey, TValue> segment = SegmentOf(hash);
        TableSlot<TKey, TValue>[] slots = segment.Slots;
        ref TableSlot<TKey, TValue> first = ref MemoryMarshal.GetArrayDataReference(slots);
        uint mask = (uint)(slots.Length - 1);
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            ref TableSlot<TKey, TValue> slot = ref Unsafe.Add(ref first, at);
            if (slot.Epoch < _firstLiveEpoch)
            {
                isNew = true;
                return ref Insert(segment, ref slot, hash, key);
            }

            if (slot.Hash != hash || !default(TOps).Equals(slot.Key, key)) continue;
            if (slot.Epoch < _captureBelow) KeepFirst(segment, ref slot);
            slot.Epoch = _epoch;
            isNew = false;
            return ref slot.Value;
        }
    }

    /// <summary>
    /// Calls the step with the rows of many keys in order, making those that do not exist. What finding a row needs of the table stays in
    /// registers from one key to the next, which is what this is for. Counts as a write.
    /// </summary>
    /// <param name="keys">The keys.</param>
    /// <param name="hashes">Their hashes.</param>
    /// <param name="step">Called once per key, until it wants to stop. Must not use the table.</param>
    /// <returns>How many keys the step was called for.</returns>
    public int Update<TStep>(ReadOnlySpan<TKey> keys, ReadOnlySpan<uint> hashes, scoped ref TStep step)
        where TStep : struct, IRowStep<TKey, TValue>, allows ref struct
    {
        int count = Math.Min(keys.Length, hashes.Length);
        int done = 0;
        while (done < count && step.CanGoOn)
        {
            // A table of one segment keeps it in registers: that halves the cost of a row in the near cache.
            if (_directory.Length == 1)
            {
                done = UpdateOnly(_directory[0], keys[..count], hashes[..count], done, ref step);
            }
            else
            {
                ref TValue value = ref GetOrAdd(hashes[done], keys[done], out bool isNew);
                step.Step(done, keys[done], ref value, isNew);
                done++;
            }
        }

        return done;
    }

    /// <summary>Goes on from a key, as long as the table does not grow.</summary>
    int UpdateOnly<TStep>(TableSegment<TKey, TValue> segment, ReadOnlySpan<TKey> keys, ReadOnlySpan<uint> hashes, int start, scoped ref TStep step)
        where TStep : struct, IRowStep<TKey, TValue>, allows ref struct
    {
        TableSlot<TKey, TValue>[] slots = segment.Slots;
        ref TableSlot<TKey, TValue> first = ref MemoryMarshal.GetArrayDataReference(slots);
        uint mask = (uint)(slots.Length - 1);
        uint firstLive = _firstLiveEpoch;
        uint epoch = _epoch;
        uint captureBelow = segment.CapturedFor == _captureBelow ? 0 : _captureBelow;
        int i = start;
        for (; i < keys.Length && i < hashes.Length && step.CanGoOn; i++)
        {
            uint hash = hashes[i];
            TKey key = keys[i];
            for (uint at = hash & mask; ; at = (at + 1) & mask)
            {
                ref TableSlot<TKey, TValue> slot = ref Unsafe.Add(ref first, at);
                if (slot.Hash == hash && slot.Epoch >= firstLive && default(TOps).Equals(slot.Key, key))
                {
                    if (slot.Epoch < captureBelow) KeepFirst(segment, ref slot);
                    slot.Epoch = epoch;
                    step.Step(i, key, ref slot.Value, isNew: false);
                    break;
                }

                if (slot.Epoch >= firstLive) continue;
                step.Step(i, key, ref Insert(segment, ref slot, hash, key), isNew: true);
                if (segment.Slots != slots) return i + 1;
                break;
            }
        }

        return i;
    }

    /// <summary>Removes a key's row; false when there was none.</summary>
    public bool Remove(uint hash, TKey key)
    {
        TableSegment<TKey, TValue> segment = SegmentOf(hash);
        TableSlot<TKey, TValue>[] slots = segment.Slots;
        uint mask = (uint)(slots.Length - 1);
        for (uint at = hash & mask; ; at = (at + 1) & mask)
        {
            if (slots[at].Epoch < _firstLiveEpoch) return false;
            if (slots[at].Hash != hash || !default(TOps).Equals(slots[at].Key, key)) continue;
            if (slots[at].Epoch < _captureBelow) KeepFirst(segment, ref slots[at]);
            ShiftBack(slots, at, mask);
            segment.Count--;
            Count--;
            if (_marksDeletions) MarkDeleted(hash, key);
            return true;
        }
    }

    /// <summary>
    /// Removes all rows and keeps the memory: their epochs just become too old, so no step of it is long. Where slots hold references, a
    /// segment lets go of them when its next row is made. No capture may be open, and it leaves no marks of deletion: it is for tables that
    /// are thrown away as a whole.
    /// </summary>
    public void Clear()
    {
        Invariant.That(!IsCaptureOpen, "a table that is being captured is not cleared");
        foreach (TableSegment<TKey, TValue> segment in _directory)
        {
            segment.HoldsRemoved |= segment.Count > 0;
            segment.Count = 0;
        }

        Count = 0;
        if (_epoch == _clock.Now) _clock.Advance();
        _firstLiveEpoch = _epoch = _clock.Now;
    }

    /// <summary>
    /// Moves to the next row, in an order that depends on the table alone. The table must not be written while a cursor is used.
    /// </summary>
    /// <param name="cursor">Begins as <c>default</c>.</param>
    /// <returns>False after the last row.</returns>
    public bool MoveNext(ref TableCursor cursor)
    {
        for (; cursor.Segment < _directory.Length; cursor.Segment++, cursor.Next = 0)
        {
            TableSegment<TKey, TValue> segment = _directory[cursor.Segment];
            if (!IsFirstEntry(cursor.Segment, segment)) continue;
            for (TableSlot<TKey, TValue>[] slots = segment.Slots; cursor.Next < slots.Length;)
            {
                if (slots[cursor.Next++].Epoch >= _firstLiveEpoch) return true;
            }
        }

        return false;
    }

    /// <summary>The row a cursor is on. Valid until the table is written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TableSlot<TKey, TValue> At(in TableCursor cursor) => ref _directory[cursor.Segment].Slots[cursor.Next - 1];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    TableSegment<TKey, TValue> SegmentOf(uint hash) =>
        Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_directory), (nint)((ulong)_places.Of(hash) >> _shift));

    bool IsFirstEntry(int index, TableSegment<TKey, TValue> segment) =>
        (index & ((1 << (32 - _shift - segment.Depth)) - 1)) == 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    ref TValue Insert(TableSegment<TKey, TValue> segment, ref TableSlot<TKey, TValue> slot, uint hash, TKey key)
    {
        if (segment.Count >= segment.RowsMax)
        {
            Grow(segment, hash);
            return ref GetOrAdd(hash, key, out _);
        }

        if (segment.HoldsRemoved) LetGo(segment);
        if (_marks is { Count: > 0 } marks) marks.Remove(hash, key);
        segment.Count++;
        Count++;
        slot.Hash = hash;
        slot.Epoch = _epoch;
        slot.Key = key;
        slot.Value = default!;
        return ref slot.Value;
    }

    static void LetGo(TableSegment<TKey, TValue> segment)
    {
        segment.HoldsRemoved = false;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TableSlot<TKey, TValue>>()) Array.Clear(segment.Slots);
    }

    void ShiftBack(TableSlot<TKey, TValue>[] slots, uint hole, uint mask)
    {
        // Deletion without tombstones (Knuth, TAOCP 3, 6.4, algorithm R): later rows of the run move up while that brings them nearer home.
        for (uint at = (hole + 1) & mask; slots[at].Epoch >= _firstLiveEpoch; at = (at + 1) & mask)
        {
            uint home = slots[at].Hash & mask;
            if (((at - home) & mask) < ((at - hole) & mask)) continue;
            slots[hole] = slots[at];
            hole = at;
        }

        slots[hole] = default;
    }
}
