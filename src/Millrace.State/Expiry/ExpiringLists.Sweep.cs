using System.Runtime.CompilerServices;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <content>How lists are gone through for elements that are over: the chunks first, then what follows them.</content>
sealed partial class ExpiringLists<TKey, T, TOps>
{
    const int SlotsOfChunk = 16;        // What looking at the elements of a chunk is worth.
    const int LeastOver = ChunkElements / 4;     // A chunk is not copied for fewer, unless it is read.

    SweepCursor _chunkSweep;
    SweepCursor _rowSweep;
    bool _chunksAreSwept;

    /// <inheritdoc/>
    public bool Sweep(ref int slots)
    {
        if (!_chunksAreSwept)
        {
            ChunkSweeper chunks = new(this, ref slots);
            if (!_chunks.Sweep(ref _chunkSweep, ref slots, ref chunks)) return false;
            (_chunkSweep, _chunksAreSwept) = (default, true);
        }

        RowSweeper rows = new(this);
        if (!_rows.Sweep(ref _rowSweep, ref slots, ref rows)) return false;
        (_rowSweep, _chunksAreSwept) = (default, false);
        return true;
    }

    readonly ref struct ChunkSweeper(ExpiringLists<TKey, T, TOps> lists, ref int slots) : IRowSweep<ListChunkKey<TKey>, Stamped<T>[]>
    {
        readonly ref int _slots = ref slots;

        public bool TryRemove(ref TableSlot<ListChunkKey<TKey>, Stamped<T>[]> slot)
        {
            _slots -= SlotsOfChunk;
            (TKey key, int number) = slot.Key;
            uint hash = default(TOps).Hash(key);
            ref ExpiringListRow<T> row = ref lists._rows.Peek(hash, key);
            Invariant.That(!Unsafe.IsNullRef(ref row), "a list with a chunk has a row for its key");
            long before = lists._chunks.Count;
            lists.Shorten(hash, key, number, LeastOver, ref row);
            bool isRemoved = lists._chunks.Count < before;
            if (!isRemoved) lists.Keep(slot.Value);
            lists.DropIfEmpty(hash, key, ref row);
            return isRemoved;
        }
    }

    readonly struct RowSweeper(ExpiringLists<TKey, T, TOps> lists) : IRowSweep<TKey, ExpiringListRow<T>>
    {
        public bool TryRemove(ref TableSlot<TKey, ExpiringListRow<T>> slot)
        {
            (uint hash, TKey key) = (slot.Hash, slot.Key);
            lists.ShortenTail(hash, key, ref slot.Value);
            if (lists.DropIfEmpty(hash, key, ref slot.Value)) return true;
            lists.Keep(slot.Value.TailElements);
            return false;
        }
    }

    void Keep(ReadOnlySpan<Stamped<T>> elements)
    {
        foreach (ref readonly Stamped<T> element in elements)
        {
            // A few that are over may be left in a chunk: they are no reason for another pass.
            if (!ttl.IsOver(element.Stamp)) ttl.Sweeps.Keep(ttl.Counted(element.Stamp));
        }
    }
}
