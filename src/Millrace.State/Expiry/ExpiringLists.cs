using System.Runtime.CompilerServices;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>
/// The elements of lists, each kept for a time. As in lists without a TTL full chunks are rows of their own; when elements in the middle are over
/// a chunk gets shorter, and when all of one are its row goes, so that nothing is ever moved from chunk to chunk. Owned by one task.
/// </summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="ttl">Its time.</param>
/// <param name="clock">Counts the snapshots of both tables.</param>
sealed partial class ExpiringLists<TKey, T, TOps>(string name, RowTtl ttl, EpochClock clock) : ISweptState, IStampedRows where TOps : struct, IKeyOps<TKey>
{
    const int ChunkElements = TableLimits.ListChunkElements;

    readonly StateTable<TKey, ExpiringListRow<T>, TOps> _rows = new(clock);
    readonly StateTable<ListChunkKey<TKey>, Stamped<T>[], ListChunkOps<TKey, TOps>> _chunks = new(clock);
    bool _isFixed = true;       // Whether elements that were read cannot change.

    /// <inheritdoc/>
    public RowTtl Ttl => ttl;

    /// <inheritdoc/>
    public long RowCount => _rows.Count;

    /// <inheritdoc/>
    public long Expired => ttl.Expired;

    /// <summary>Whether asking for rows ahead of time pays.</summary>
    public bool IsLarge => _rows.IsLarge;

    /// <summary>Asks the memory for the rows of these keys.</summary>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _rows.Prefetch(hash);
    }

    /// <summary>How many elements live.</summary>
    public int Count(uint hash, TKey key)
    {
        ref ExpiringListRow<T> row = ref Live(hash, key);
        return Unsafe.IsNullRef(ref row) ? 0 : row.Count;
    }

    /// <summary>An element of those that live. Reads the list, which renews it where reads do.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="key">The key.</param>
    /// <param name="index">Less than <see cref="Count"/>, which was just called.</param>
    public T At(uint hash, TKey key, int index)
    {
        ref ExpiringListRow<T> row = ref Read(hash, key);
        // As long as no chunk has become shorter, the place follows from the index.
        int chunks = row.NextChunk - row.FirstChunk;
        int number = row.FirstChunk;
        if (row.InChunks == chunks * ChunkElements)
        {
            number += index / ChunkElements;
            return number < row.NextChunk ? ChunkAt(hash, key, number)![index % ChunkElements].Value : row.Tail![index - row.InChunks].Value;
        }

        for (; number < row.NextChunk; number++)
        {
            if (ChunkAt(hash, key, number) is not { } chunk) continue;
            if (index < chunk.Length) return chunk[index].Value;
            index -= chunk.Length;
        }

        return row.Tail![index].Value;
    }

    /// <summary>The elements that live. Reads the list, which renews it where reads do.</summary>
    public T[] ToArray(uint hash, TKey key)
    {
        if (Count(hash, key) == 0) return [];
        ref ExpiringListRow<T> row = ref Read(hash, key);
        T[] all = new T[row.Count];
        int at = 0;
        for (int number = row.FirstChunk; number < row.NextChunk; number++)
        {
            foreach (Stamped<T> element in ChunkAt(hash, key, number).AsSpan()) all[at++] = element.Value;
        }

        foreach (Stamped<T> element in row.TailElements) all[at++] = element.Value;
        return all;
    }

    /// <summary>Appends an element.</summary>
    public void Add(uint hash, TKey key, T value) => Add(hash, key, new Stamped<T>(value, ttl.Stamp));

    /// <summary>Removes all elements. Those that were over before are counted, as anywhere.</summary>
    public void Remove(uint hash, TKey key)
    {
        if (Count(hash, key) == 0) return;
        ExpiringListRow<T> row = _rows.Peek(hash, key);
        _rows.Remove(hash, key);
        for (int number = row.NextChunk; --number >= row.FirstChunk;) _chunks.Remove(ChunkHash(hash, number), new(key, number));
    }

    void Add(uint hash, TKey key, Stamped<T> element)
    {
        ref ExpiringListRow<T> row = ref _rows.GetOrAdd(hash, key, out bool isNew);
        row.Oldest = isNew ? element.Stamp : Math.Min(row.Oldest, element.Stamp);
        Stamped<T>[] tail = row.Tail ?? [];
        if (row.InTail == tail.Length)
        {
            // Never in place: a snapshot may hold the old one.
            tail = new Stamped<T>[Math.Clamp(tail.Length * 2, TableLimits.ListFirstElements, ChunkElements)];
            row.Tail.AsSpan(0, row.InTail).CopyTo(tail);
            row.Tail = tail;
        }

        tail[row.InTail++] = element;
        if (row.InTail < ChunkElements) return;
        row.Tail = null;
        row.InTail = 0;
        row.InChunks = checked(row.InChunks + ChunkElements);
        int number = row.NextChunk++;
        _chunks.GetOrAdd(ChunkHash(hash, number), new(key, number), out _) = tail;
    }

    /// <summary>The row of a key that has elements which live, all others having been removed; a null reference when it has none.</summary>
    ref ExpiringListRow<T> Live(uint hash, TKey key)
    {
        ref ExpiringListRow<T> row = ref _rows.Peek(hash, key);
        if (Unsafe.IsNullRef(ref row) || ttl.Limit.UpTo < row.Oldest) return ref row;
        long oldest = long.MaxValue;
        for (int number = row.FirstChunk; number < row.NextChunk; number++)
        {
            // Nothing is added to either table here, so the row stays where it is.
            Shorten(hash, key, number, leastOver: 1, ref row);
            if (ChunkAt(hash, key, number) is { } chunk) oldest = StampedElements.Oldest<T>(chunk, oldest);
        }

        ShortenTail(hash, key, ref row);
        if (DropIfEmpty(hash, key, ref row)) return ref Unsafe.NullRef<ExpiringListRow<T>>();
        row.Oldest = StampedElements.Oldest(row.TailElements, oldest);
        return ref row;
    }

    /// <summary>The row of a list with elements, all of which live, to be read.</summary>
    ref ExpiringListRow<T> Read(uint hash, TKey key)
    {
        ref ExpiringListRow<T> row = ref _rows.Peek(hash, key);
        bool renews = ttl.IsRefreshedOnRead && row.Oldest < ttl.Stamp;
        if (!renews && _isFixed) return ref row;
        row = ref _rows.Find(hash, key);
        for (int number = row.FirstChunk; number < row.NextChunk; number++)
        {
            ref Stamped<T>[] chunk = ref _chunks.Find(ChunkHash(hash, number), new(key, number));
            if (!Unsafe.IsNullRef(ref chunk) && renews) chunk = StampedElements.Renewed<T>(chunk, ttl);
        }

        if (!renews) return ref row;
        row.Tail = StampedElements.Renewed(row.TailElements, ttl);
        row.Oldest = ttl.Stamp;
        return ref row;
    }

    /// <summary>Takes what is over out of a chunk, if it is as much as that.</summary>
    void Shorten(uint hash, TKey key, int number, int leastOver, ref ExpiringListRow<T> row)
    {
        TtlLimit limit = ttl.Limit;
        uint chunkHash = ChunkHash(hash, number);
        ref Stamped<T>[] chunk = ref _chunks.Peek(chunkHash, new(key, number));
        if (Unsafe.IsNullRef(ref chunk))
        {
            if (number == row.FirstChunk) row.FirstChunk++;
            return;
        }

        int over = StampedElements.Over<T>(chunk, limit);
        if (over < Math.Min(leastOver, chunk.Length)) return;
        ttl.Expired += over;
        row.InChunks -= over;
        if (over < chunk.Length)
        {
            chunk = ref _chunks.Find(chunkHash, new(key, number));
            chunk = StampedElements.Without<T>(chunk, over, limit);
            return;
        }

        _chunks.Remove(chunkHash, new(key, number));
        if (number == row.FirstChunk) row.FirstChunk++;
    }

    void ShortenTail(uint hash, TKey key, ref ExpiringListRow<T> row)
    {
        TtlLimit limit = ttl.Limit;
        int over = StampedElements.Over(row.TailElements, limit);
        if (over == 0) return;
        ttl.Expired += over;
        row = ref _rows.Find(hash, key);
        row.Tail = StampedElements.Without(row.TailElements, over, limit);
        row.InTail -= over;
    }

    bool DropIfEmpty(uint hash, TKey key, ref ExpiringListRow<T> row)
    {
        if (row.Count > 0) return false;
        _rows.Remove(hash, key);
        return true;
    }

    static uint ChunkHash(uint hash, int number) => ListChunkOps<TKey, TOps>.Hash(hash, number);

    Stamped<T>[]? ChunkAt(uint hash, TKey key, int number)
    {
        ref Stamped<T>[] chunk = ref _chunks.Peek(ChunkHash(hash, number), new(key, number));
        return Unsafe.IsNullRef(ref chunk) ? null : chunk;
    }
}
