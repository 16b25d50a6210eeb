using System.Numerics;
using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Expiry;

namespace Millrace.State.Tables;

/// <summary>Takes what a capture needs of the rows of one table, or of several of one kind. Owned by the thread that owns the tables.</summary>
/// <param name="name">The state, for errors.</param>
/// <param name="format">How rows are written.</param>
/// <param name="isForMarks">Whether the rows are marks of deletion: those a full run has no use for, and they can be forgotten.</param>
sealed class RowKeeper<TKey, TValue>(string name, RowFormat<TKey, TValue> format, bool isForMarks)
{
    readonly PagePool<TableSlot<TKey, TValue>> _pool = new();
    readonly RowPages<TableSlot<TKey, TValue>>?[] _pages = new RowPages<TableSlot<TKey, TValue>>?[CutPlan.SlicesMax];
    readonly EncodedRows?[] _encoded = new EncodedRows?[CutPlan.SlicesMax];
    readonly uint[] _newest = new uint[CutPlan.SlicesMax];
    readonly uint[] _keptAfter = new uint[CutPlan.SlicesMax];       // By slice: rows of this epoch or before are not wanted.
    readonly bool _isCopied = format.IsFixed && format.HasKeyHash && !format.NeedsFreezing && format.Ttl is null;
    readonly ExpiredMarks<TKey, TValue>? _expired = format.Ttl is null ? null : new(name, format);
    CutPlan _plan = null!;
    uint _changedAfter;     // No row that was last written at this epoch or before is wanted by any slice.
    long _expected;

    /// <summary>Whether the rows are marks of deletion.</summary>
    public bool IsForMarks => isForMarks;

    /// <summary>What a slot takes, beside one whose row is just copied: those that are encoded or frozen take several times as long.</summary>
    public int CostOfSlot => _isCopied ? 1 : 4;

    /// <summary>A capture begins.</summary>
    /// <param name="plan">What each slice wants.</param>
    /// <param name="expected">How many rows there are.</param>
    public void Begin(CutPlan plan, long expected)
    {
        _pool.BeginCapture();
        _expired?.Begin(expected);
        _plan = plan;
        _expected = expected;
        _changedAfter = uint.MaxValue;
        for (int i = 0; i < plan.Slices.Length; i++)
        {
            SlicePlan slice = plan.Slices[i];
            // A full run has no use for a mark, but whether there is a new one says whether the slice has changed.
            _changedAfter = Math.Min(_changedAfter, isForMarks && slice.IsFull ? slice.Newest : slice.ChangedAfter);
            _keptAfter[i] = isForMarks && slice.IsFull ? uint.MaxValue : slice.ChangedAfter;
            _newest[i] = slice.Newest;
        }
    }

    /// <summary>Copies the rows of a segment that belong to the cut and are wanted.</summary>
    /// <param name="slots">The slots of the segment.</param>
    /// <param name="hashes">The hashes its rows lie between; null when they can have any.</param>
    /// <param name="firstLive">The first epoch of rows that are there.</param>
    /// <param name="captureBelow">The first epoch after the cut.</param>
    /// <param name="tag">The tag of the table.</param>
    public void KeepAll(TableSlot<TKey, TValue>[] slots, (uint First, uint Last)? hashes, uint firstLive, uint captureBelow, long tag)
    {
        uint least = Math.Max(firstLive, _changedAfter + 1);
        if (_isCopied)
        {
            CopyAll(slots, hashes, least, captureBelow, tag);
            return;
        }

        foreach (ref TableSlot<TKey, TValue> slot in slots.AsSpan())
        {
            if (slot.Epoch >= least && slot.Epoch < captureBelow) Keep(ref slot, tag);
        }
    }

    /// <summary>As <see cref="Keep"/> for each row, where a row is just copied.</summary>
    void CopyAll(TableSlot<TKey, TValue>[] slots, (uint First, uint Last)? hashes, uint least, uint captureBelow, long tag)
    {
        CutPlan plan = _plan;
        uint changed;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TableSlot<TKey, TValue>>())
        {
            changed = CopyReferences(slots, least, captureBelow, tag);
        }
        else if (slots.Length > TableLimits.SparseSlotsMax && hashes is { } only && plan.SliceOf(only.First) == plan.SliceOf(only.Last))
        {
            int slice = plan.SliceOf(only.First);
            RowPages<TableSlot<TKey, TValue>> pages = _pages[slice] ??= new(_pool, _expected);
            changed = PlainRows.CopySlice<TKey, TValue>(slots, pages, tag, new(least, captureBelow, _newest[slice], _keptAfter[slice])) ? 1u << slice : 0;
        }
        else
        {
            changed = new PlainRowCopy<TKey, TValue>(plan, _pages, _pool, _expected, tag, _newest, _keptAfter, least, captureBelow).Copy(slots);
        }

        for (; changed != 0; changed &= changed - 1) plan.Slices[BitOperations.TrailingZeroCount(changed)].HasChanged = true;
    }

    uint CopyReferences(TableSlot<TKey, TValue>[] slots, uint least, uint captureBelow, long tag)
    {
        CutPlan plan = _plan;
        ReadOnlySpan<uint> newest = _newest, keptAfter = _keptAfter;
        uint changed = 0;
        foreach (ref TableSlot<TKey, TValue> slot in slots.AsSpan())
        {
            uint epoch = slot.Epoch;
            if (epoch < least || epoch >= captureBelow) continue;
            int index = plan.SliceOf(slot.Hash);
            if (epoch > newest[index]) changed |= 1u << index;
            if (epoch <= keptAfter[index]) continue;
            (_pages[index] ??= new(_pool, _expected)).Add(tag) = slot;
        }

        return changed;
    }

    /// <summary>Copies a row of the cut, if it is wanted.</summary>
    public void Keep(ref TableSlot<TKey, TValue> slot, long tag)
    {
        uint hash = format.HashOf(slot.Hash, slot.Key);
        int index = _plan.SliceOf(hash);
        SlicePlan slice = _plan.Slices[index];
        if (slot.Epoch > slice.Newest) slice.HasChanged = true;
        if (slot.Epoch <= slice.ChangedAfter || (isForMarks && slice.IsFull)) return;
        if (_expired is not null && _expired.TryTake(ref slot, index, slice.IsFull, tag)) return;
        if (!format.IsFixed)
        {
            Encode(hash, index, ref slot, tag);
            return;
        }

        RowPages<TableSlot<TKey, TValue>> pages = _pages[index] ??= new(_pool, _expected);
        ref TableSlot<TKey, TValue> copy = ref pages.Add(tag);
        copy = slot;
        if (format.NeedsFreezing) copy.Value = format.Freeze(copy.Value);
    }

    /// <summary>Whether no later snapshot needs a mark.</summary>
    public bool CanForget(ref TableSlot<TKey, TValue> slot) =>
        slot.Epoch <= _plan.Slices[_plan.SliceOf(format.HashOf(slot.Hash, slot.Key))].NeededAfter;

    /// <summary>Hands over what was copied of a slice.</summary>
    public void Take(int slice, List<RunPart> into)
    {
        _expired?.Take(slice, into);
        if (_pages[slice] is { } pages) into.Add(new SlotPart<TKey, TValue>(name, pages, format, isForMarks));
        if (_encoded[slice] is { } encoded) into.Add(new EncodedPart(encoded, isForMarks));
        _pages[slice] = null;
        _encoded[slice] = null;
    }

    /// <summary>Drops what was copied and not handed over.</summary>
    public void Drop()
    {
        foreach (RowPages<TableSlot<TKey, TValue>>? pages in _pages) pages?.Dispose();
        foreach (EncodedRows? encoded in _encoded) encoded?.Dispose();
        Array.Clear(_pages);
        Array.Clear(_encoded);
        _expired?.Drop();
    }

    void Encode(uint hash, int slice, ref TableSlot<TKey, TValue> slot, long tag)
    {
        try
        {
            (_encoded[slice] ??= new()).Add(hash, format, ref slot, tag);
        }
        catch (UnencodableValueException e)
        {
            throw new UnencodableValueException($"The state '{name}' of the key {slot.Key} cannot be stored: {e.Message}");
        }
    }
}
