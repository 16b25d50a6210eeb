using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// A list per key: short ones in one array that the key's row holds; from there on full chunks of
/// <see cref="TableLimits.ListChunkElements"/> elements are rows of their own that never change. So an append costs one probe and moves
/// at most one chunk, and what changes between two snapshots is the tail.
/// </summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="clock">Counts the snapshots of both tables.</param>
public sealed partial class TableListState<TKey, T, TOps>(string name, KeyContext<TKey> context, EpochClock clock) : ListState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    const int ChunkElements = TableLimits.ListChunkElements;

    readonly StateTable<TKey, ListRow<T>, TOps> _rows = new(clock);
    readonly StateTable<ListChunkKey<TKey>, T[], ListChunkOps<TKey, TOps>> _chunks = new(clock);

    /// <summary>No lists yet.</summary>
    /// <param name="name">The name it was declared with.</param>
    /// <param name="context">The current key.</param>
    public TableListState(string name, KeyContext<TKey> context)
        : this(name, context, new())
    {
    }

    /// <inheritdoc/>
    public bool IsLarge => _rows.IsLarge;

    /// <inheritdoc/>
    public override int Count
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            return _rows.TryGet(hash, key, out ListRow<T> row) ? row.Count : 0;
        }
    }

    /// <inheritdoc/>
    public override T this[int index]
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            int count = TryRead(hash, key, out ListRow<T> row) ? row.Count : 0;
            if ((uint)index >= (uint)count) throw new ArgumentOutOfRangeException(nameof(index), index, $"the list '{name}' has {count} elements");
            int chunk = index / ChunkElements;
            return (chunk == count / ChunkElements ? row.Tail! : ChunkAt(hash, key, chunk))[index % ChunkElements];
        }
    }

    /// <inheritdoc/>
    public override void Add(T value)
    {
        uint hash = context.Require(name, out TKey key);
        Append(hash, key, ref _rows.GetOrAdd(hash, key, out _), value);
    }

    /// <inheritdoc/>
    public override void Set(ReadOnlySpan<T> values)
    {
        uint hash = context.Require(name, out TKey key);
        Remove(hash, key);
        if (values.IsEmpty) return;
        ref ListRow<T> row = ref _rows.GetOrAdd(hash, key, out _);
        row.Count = values.Length;
        int full = values.Length / ChunkElements;
        if (values.Length % ChunkElements != 0) row.Tail = values[(full * ChunkElements)..].ToArray();
        for (int chunk = 0; chunk < full; chunk++) Keep(hash, key, chunk, values.Slice(chunk * ChunkElements, ChunkElements).ToArray());
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        Remove(hash, key);
    }

    /// <inheritdoc/>
    public override T[] ToArray()
    {
        uint hash = context.Require(name, out TKey key);
        return TryRead(hash, key, out ListRow<T> row) ? Copy(hash, key, row) : [];
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _rows.Prefetch(hash);
    }

    /// <summary>All lists that are not empty: hash, key and a copy of the elements, in the order of the table.</summary>
    internal IEnumerable<(uint Hash, TKey Key, T[] Values)> Rows()
    {
        foreach ((uint hash, TKey key, ListRow<T> row) in _rows.Rows()) yield return (hash, key, Copy(hash, key, row));
    }

    /// <summary>How many rows there are, of keys and of full chunks.</summary>
    internal (long Keys, long Chunks) RowCounts => (_rows.Count, _chunks.Count);

    void Append(uint hash, TKey key, ref ListRow<T> row, T value)
    {
        int at = row.Count % ChunkElements;
        T[] tail = row.Tail ?? [];
        if (at == tail.Length) row.Tail = tail = Grown(tail);
        tail[at] = value;
        row.Count = checked(row.Count + 1);
        if (at + 1 < ChunkElements) return;
        row.Tail = null;
        Keep(hash, key, (row.Count / ChunkElements) - 1, tail);
    }

    static T[] Grown(T[] tail)
    {
        // Never in place: a snapshot may hold the old one.
        T[] grown = new T[Math.Clamp(tail.Length * 2, TableLimits.ListFirstElements, ChunkElements)];
        tail.CopyTo(grown, 0);
        return grown;
    }

    T[] Copy(uint hash, TKey key, ListRow<T> row)
    {
        T[] all = new T[row.Count];
        int full = row.Count / ChunkElements;
        for (int chunk = 0; chunk < full; chunk++) ChunkAt(hash, key, chunk).CopyTo(all, chunk * ChunkElements);
        row.Tail?.AsSpan(0, row.Count % ChunkElements).CopyTo(all.AsSpan(full * ChunkElements));
        return all;
    }

    void Keep(uint hash, TKey key, int number, T[] chunk) =>
        _chunks.GetOrAdd(ListChunkOps<TKey, TOps>.Hash(hash, number), new(key, number), out _) = chunk;

    /// <summary>Reads the row of a key for its elements: counts as a write when they can be changed by whoever gets them.</summary>
    bool TryRead(uint hash, TKey key, out ListRow<T> row) => _isFixed ? _rows.TryGet(hash, key, out row) : _rows.TryFind(hash, key, out row);

    T[] ChunkAt(uint hash, TKey key, int number)
    {
        uint chunkHash = ListChunkOps<TKey, TOps>.Hash(hash, number);
        ref T[] chunk = ref (_isFixed ? ref _chunks.Peek(chunkHash, new(key, number)) : ref _chunks.Find(chunkHash, new(key, number)));
        Invariant.That(!Unsafe.IsNullRef(ref chunk), "a list has a row for each full chunk");
        return chunk;
    }

    void Remove(uint hash, TKey key)
    {
        if (!_rows.TryGet(hash, key, out ListRow<T> row)) return;
        _rows.Remove(hash, key);
        for (int number = row.Count / ChunkElements; number-- > 0;) _chunks.Remove(ListChunkOps<TKey, TOps>.Hash(hash, number), new(key, number));
    }
}
