namespace Millrace.State.Tables;

/// <summary>Looks at rows one after the other, and removes some. A struct, so that it is compiled into the loop.</summary>
interface IRowSweep<TKey, TValue>
{
    /// <summary>Removes a row from the table, if it is to go. May change the values of other rows, and make none.</summary>
    /// <param name="slot">The row; not to be used once something was removed.</param>
    /// <returns>Whether it was removed.</returns>
    bool TryRemove(ref TableSlot<TKey, TValue> slot);
}

/// <summary>How far a sweep has come. Begin with <c>default</c>.</summary>
struct SweepCursor
{
    /// <summary>Places below are done; wider than a hash to say all.</summary>
    internal ulong DoneTo;

    /// <summary>The next slot of the segment.</summary>
    internal int Slot;

    /// <summary>The slots of the segment: others mean that it has grown or was split.</summary>
    internal object? Slots;
}

/// <content>How a table is gone through a little at a time, while it is written.</content>
public sealed partial class StateTable<TKey, TValue, TOps>
{
    /// <summary>
    /// Looks at the rows of some more slots. Between two calls the table may be written, by which rows may move: one that moves to where the sweep
    /// has been is not looked at, and a segment that grows is begun anew.
    /// </summary>
    /// <param name="cursor">Where to go on.</param>
    /// <param name="slots">How many slots may be looked at; reduced by those that were.</param>
    /// <param name="sweep">Looks at rows.</param>
    /// <returns>Whether all were looked at; the cursor is then used up.</returns>
    internal bool Sweep<TSweep>(ref SweepCursor cursor, ref int slots, scoped ref TSweep sweep) where TSweep : struct, IRowSweep<TKey, TValue>, allows ref struct
    {
        while (cursor.DoneTo <= uint.MaxValue)
        {
            TableSegment<TKey, TValue> segment = _directory[(int)(cursor.DoneTo >> _shift)];
            TableSlot<TKey, TValue>[] all = segment.Slots;
            if (!ReferenceEquals(cursor.Slots, all)) (cursor.Slots, cursor.Slot) = (all, 0);
            while (segment.Count > 0 && cursor.Slot < all.Length)
            {
                if (slots <= 0) return false;
                slots--;
                ref TableSlot<TKey, TValue> slot = ref all[cursor.Slot];
                // What follows a removed row may have moved into its place.
                if (slot.Epoch < _firstLiveEpoch || !sweep.TryRemove(ref slot)) cursor.Slot++;
            }

            int width = 32 - segment.Depth;
            cursor.DoneTo = ((cursor.DoneTo >> width) + 1) << width;
            cursor.Slots = null;
        }

        return true;
    }
}
