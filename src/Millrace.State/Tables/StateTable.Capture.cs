using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>Stands for the value in a mark that says that a row was deleted.</summary>
readonly struct Deletion;

/// <content>
/// How a table is captured while it is written: segment by segment, and each row that is written before its segment's turn is copied first.
/// </content>
public sealed partial class StateTable<TKey, TValue, TOps>
{
    RowKeeper<TKey, TValue>? _keeper;
    StateTable<TKey, Deletion, TOps>? _marks;
    ulong _capturedTo;      // Places below are captured; wider than a place to say all.
    long _tag;
    bool _marksDeletions;

    /// <summary>Whether rows at the cut are still to be copied.</summary>
    public bool IsCaptureOpen => _captureBelow != 0;

    /// <summary>The deletions since <see cref="DeletionsKnownSince"/> of rows that were not made again; null for none.</summary>
    internal StateTable<TKey, Deletion, TOps>? Marks => _marks;

    /// <summary>The epoch from whose end on every deletion has its mark.</summary>
    internal uint DeletionsKnownSince { get; private set; }

    /// <summary>What is written from now on belongs to the clock's present epoch. For a table that takes up work again.</summary>
    public void Resume() => _epoch = _clock.Now;

    /// <summary>From now on removed rows leave marks.</summary>
    internal void MarkDeletions()
    {
        if (_marksDeletions) return;
        _marksDeletions = true;
        DeletionsKnownSince = _epoch;
    }

    /// <summary>Begins a capture of all rows. The clock has been advanced for it.</summary>
    /// <param name="keeper">Receives the rows.</param>
    /// <param name="tag">Handed to the keeper with each row.</param>
    internal void BeginCapture(RowKeeper<TKey, TValue> keeper, long tag)
    {
        Invariant.That(!IsCaptureOpen && _epoch < _clock.Now, "a capture begins an epoch of its own");
        _epoch = _clock.Now;
        if (Count == 0) return;
        _captureBelow = _epoch;
        _capturedTo = 0;
        _keeper = keeper;
        _tag = tag;
    }

    /// <summary>Copies the rows of more segments.</summary>
    /// <param name="slots">How many may still be looked at, where rows are just copied; the last segment may exceed it.</param>
    /// <returns>Whether all is copied.</returns>
    internal bool CaptureNext(ref int slots)
    {
        while (IsCaptureOpen)
        {
            if (_capturedTo > uint.MaxValue)
            {
                EndCapture();
                return true;
            }

            if (slots <= 0) return false;
            TableSegment<TKey, TValue> segment = _directory[(int)(_capturedTo >> _shift)];
            slots -= segment.Slots.Length * _keeper!.CostOfSlot;
            CaptureSegment(segment, (uint)_capturedTo);
            // By places, not by number in the directory, which may double before the next call.
            int width = 32 - segment.Depth;
            _capturedTo = ((_capturedTo >> width) + 1) << width;
        }

        return true;
    }

    /// <summary>Closes a capture, complete or not.</summary>
    internal void EndCapture()
    {
        _captureBelow = 0;
        _keeper = null;
        if (_marks is { Count: 0, IsCaptureOpen: false }) _marks = null;
    }

    /// <param name="segment">The segment.</param>
    /// <param name="place">Any of its places.</param>
    void CaptureSegment(TableSegment<TKey, TValue> segment, uint place)
    {
        if (segment.CapturedFor == _captureBelow) return;
        segment.CapturedFor = _captureBelow;
        if (segment.Count == 0) return;
        uint width = (uint)(uint.MaxValue >> segment.Depth);
        _keeper!.KeepAll(segment.Slots, _places.HashesOf(place & ~width, place | width), _firstLiveEpoch, _captureBelow, _tag);
        if (_keeper.IsForMarks) Forget(segment, _keeper);
    }

    /// <summary>A row is about to change that the capture may not have yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    void KeepFirst(TableSegment<TKey, TValue> segment, ref TableSlot<TKey, TValue> slot)
    {
        if (segment.CapturedFor != _captureBelow) _keeper!.Keep(ref slot, _tag);
    }

    /// <summary>Takes the marks out of a segment that no later snapshot needs, once they are a quarter of it.</summary>
    void Forget(TableSegment<TKey, TValue> segment, RowKeeper<TKey, TValue> keeper)
    {
        TableSlot<TKey, TValue>[] old = segment.Slots;
        int forgotten = 0;
        foreach (ref TableSlot<TKey, TValue> slot in old.AsSpan())
        {
            if (slot.Epoch >= _firstLiveEpoch && keeper.CanForget(ref slot)) forgotten++;
        }

        if (forgotten * 4 < segment.Count || forgotten == 0) return;
        segment.Slots = new TableSlot<TKey, TValue>[old.Length];
        segment.Count = 0;
        Count -= forgotten;
        foreach (ref TableSlot<TKey, TValue> slot in old.AsSpan())
        {
            if (slot.Epoch >= _firstLiveEpoch && !keeper.CanForget(ref slot)) Place(segment, ref slot);
        }
    }

    void MarkDeleted(uint hash, TKey key)
    {
        _marks ??= new(_clock) { _places = _places };
        _marks.GetOrAdd(hash, key, out _);
        if (_marks.Count <= Math.Max(Count, TableLimits.MarksMin) || IsCaptureOpen || _marks.IsCaptureOpen) return;
        // Writing everything once is cheaper by now than remembering what went.
        _marks = null;
        DeletionsKnownSince = _clock.Now;
    }
}
