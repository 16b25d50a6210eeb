using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// Copies the rows of a cut out of segments, where a row is plain memory. This is what a task is held up by, so nothing else is in the loop, and where
/// the next row of a slice goes stays in one cache line.
/// </summary>
unsafe ref struct PlainRowCopy<TKey, TValue>
{
    readonly CutPlan _plan;
    readonly RowPages<TableSlot<TKey, TValue>>?[] _pages;
    readonly PagePool<TableSlot<TKey, TValue>> _pool;
    readonly long _expected;
    readonly long _tag;
    readonly uint _least, _epochs;
    Targets _targets;

    /// <summary>Prepares.</summary>
    /// <param name="plan">What each slice wants.</param>
    /// <param name="pages">Receives the rows, by slice.</param>
    /// <param name="pool">Where pages come from.</param>
    /// <param name="expected">How many rows there may be at most.</param>
    /// <param name="tag">The tag of the table.</param>
    /// <param name="newest">By slice: the epoch that ended with its newest run.</param>
    /// <param name="keptAfter">By slice: rows of this epoch or before are not wanted.</param>
    /// <param name="least">The first epoch whose rows count.</param>
    /// <param name="captureBelow">The first epoch after the cut.</param>
    public PlainRowCopy(
        CutPlan plan, RowPages<TableSlot<TKey, TValue>>?[] pages, PagePool<TableSlot<TKey, TValue>> pool, long expected, long tag,
        ReadOnlySpan<uint> newest, ReadOnlySpan<uint> keptAfter, uint least, uint captureBelow)
    {
        (_plan, _pages, _pool, _expected, _tag) = (plan, pages, pool, expected, tag);
        (_least, _epochs) = (least, captureBelow > least ? captureBelow - least : 0);
        for (int i = 0; i < CutPlan.SlicesMax; i++)
        {
            ref Target target = ref _targets[i];
            (target.KeptAfter, target.Newest) = (keptAfter[i], newest[i]);
        }
    }

    /// <summary>Copies the wanted rows of a segment.</summary>
    /// <returns>A bit for each slice that has rows which changed since its newest run.</returns>
    public uint Copy(ReadOnlySpan<TableSlot<TKey, TValue>> slots)
    {
        CutPlan plan = _plan;
        uint least = _least, epochs = _epochs, changed = 0;
        ref Target first = ref _targets[0];
        foreach (ref readonly TableSlot<TKey, TValue> slot in slots)
        {
            uint epoch = slot.Epoch;
            if (epoch - least >= epochs) continue;
            int index = plan.SliceOf(slot.Hash);
            ref Target target = ref Unsafe.Add(ref first, index);
            if (epoch > target.Newest) changed |= 1u << index;
            if (epoch <= target.KeptAfter) continue;
            if (target.At == target.End) Open(ref target, index);
            byte* at = target.At;
            target.At = at + Unsafe.SizeOf<TableSlot<TKey, TValue>>();
            Unsafe.WriteUnaligned(at, slot);
        }

        for (int i = 0; i < CutPlan.SlicesMax; i++) Close(ref _targets[i], i);
        return changed;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void Open(ref Target target, int slice)
    {
        Close(ref target, slice);
        RowPages<TableSlot<TKey, TValue>> pages = _pages[slice] ??= new(_pool, _expected);
        target.Begin = target.At = (byte*)Unsafe.AsPointer(ref pages.Room(_tag, out int rows));
        target.End = target.Begin + (rows * Unsafe.SizeOf<TableSlot<TKey, TValue>>());
    }

    readonly void Close(ref Target target, int slice)
    {
        if (target.At == target.Begin) return;
        _pages[slice]!.Added((int)((target.At - target.Begin) / Unsafe.SizeOf<TableSlot<TKey, TValue>>()));
        target.Begin = target.At;
    }

    /// <summary>Where the next row of a slice goes, and which rows it wants.</summary>
    struct Target
    {
        public byte* Begin, At, End;
        public uint KeptAfter, Newest;
    }

    [InlineArray(CutPlan.SlicesMax)]
    struct Targets
    {
        Target _first;
    }
}
