using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>Which rows of a slice a cut wants, by the epoch of their last write.</summary>
/// <param name="Least">The first epoch whose rows count.</param>
/// <param name="CaptureBelow">The first epoch after the cut.</param>
/// <param name="Newest">The epoch that ended with the newest run.</param>
/// <param name="KeptAfter">Rows of this epoch or before are not wanted.</param>
readonly record struct WantedEpochs(uint Least, uint CaptureBelow, uint Newest, uint KeptAfter);

/// <summary>Copies the rows of a cut out of a segment that lies in one slice, where a row is plain memory.</summary>
static class PlainRows
{
    /// <summary>
    /// Copies the wanted rows. Which these are is as good as chance to a processor, so nothing depends on it but how far the next copy is from the one before:
    /// every slot is copied, and the next one over it where it is not wanted. Twice as fast as leaving them out.
    /// </summary>
    /// <param name="slots">The slots of the segment.</param>
    /// <param name="pages">Receives the rows.</param>
    /// <param name="tag">The tag of the table.</param>
    /// <param name="wanted">Which rows are wanted.</param>
    /// <returns>Whether there is a row that has changed since the newest run.</returns>
    public static bool CopySlice<TKey, TValue>(
        ReadOnlySpan<TableSlot<TKey, TValue>> slots, RowPages<TableSlot<TKey, TValue>> pages, long tag, WantedEpochs wanted)
    {
        // As "from the first, so many", one comparison tells whether an epoch is among them; the sum stays right where it wraps round.
        ulong first = Math.Max(wanted.Least, (ulong)wanted.KeptAfter + 1), firstChanged = Math.Max(wanted.Least, (ulong)wanted.Newest + 1);
        uint kept = (uint)(Math.Max(first, wanted.CaptureBelow) - first), changed = (uint)(Math.Max(firstChanged, wanted.CaptureBelow) - firstChanged);
        uint keptFrom = (uint)first, changedFrom = (uint)firstChanged;
        int hasChanged = 0;
        while (slots.Length > 0)
        {
            ref TableSlot<TKey, TValue> room = ref pages.Room(tag, out int rows);
            ReadOnlySpan<TableSlot<TKey, TValue>> some = slots[..Math.Min(rows, slots.Length)];
            slots = slots[some.Length..];
            nint at = 0;
            foreach (ref readonly TableSlot<TKey, TValue> slot in some)
            {
                uint epoch = slot.Epoch;
                Unsafe.AddByteOffset(ref room, at) = slot;
                at += Number(epoch - keptFrom < kept) * Unsafe.SizeOf<TableSlot<TKey, TValue>>();
                hasChanged |= Number(epoch - changedFrom < changed);
            }

            pages.Added((int)(at / Unsafe.SizeOf<TableSlot<TKey, TValue>>()));
        }

        return hasChanged != 0;
    }

    static int Number(bool condition) => Unsafe.BitCast<bool, byte>(condition);
}
