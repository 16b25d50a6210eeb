namespace Millrace.State.Timers;

/// <summary>
/// A heap of four children per node, shallow because its entries are far apart in memory, in chunks, so that growing moves no more than
/// one of them. Owned by one queue.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
sealed class TimerHeap<TKey>
{
    const int ChunkBits = 10, ChunkMask = (1 << ChunkBits) - 1, FirstChunk = 16, Children = 4;

    TimerEntry<TKey>[][] _chunks = [new TimerEntry<TKey>[FirstChunk]];
    int _chunkCount = 1;

    /// <summary>How many entries there are.</summary>
    public int Count { get; private set; }

    /// <summary>The entry that comes up first. There must be one.</summary>
    public ref TimerEntry<TKey> First => ref _chunks[0][0];

    /// <summary>An entry by place.</summary>
    public ref TimerEntry<TKey> At(int index) => ref _chunks[index >> ChunkBits][index & ChunkMask];

    /// <summary>Adds an entry.</summary>
    public void Push(in TimerEntry<TKey> entry)
    {
        MakeRoom();
        SiftUp(Count++, entry);
    }

    /// <summary>Takes an entry out.</summary>
    public void RemoveAt(int index)
    {
        TimerEntry<TKey> last = At(--Count);
        At(Count) = default;
        if (index != Count)
        {
            if (index > 0 && last.IsBefore(At((index - 1) / Children))) SiftUp(index, last);
            else SiftDown(index, last);
        }

        // Memory goes only when three quarters are idle, so that a heap that goes up and down does not allocate.
        if (_chunkCount > 4 && Count <= _chunkCount << (ChunkBits - 2)) _chunks[--_chunkCount] = null!;
    }

    /// <summary>Puts a later entry in place of the first.</summary>
    public void ReplaceFirst(TimerEntry<TKey> entry) => SiftDown(0, entry);

    /// <summary>Takes all entries out and lets go of the memory.</summary>
    public void Clear()
    {
        if (Count == 0) return;
        _chunks.AsSpan(1).Clear();
        _chunkCount = 1;
        _chunks[0].AsSpan(0, Math.Min(Count, _chunks[0].Length)).Clear();
        Count = 0;
    }

    void MakeRoom()
    {
        int chunk = Count >> ChunkBits;
        if (chunk == 0)
        {
            if (Count == _chunks[0].Length) Array.Resize(ref _chunks[0], Count * 2);
            return;
        }

        if (chunk < _chunkCount) return;
        if (chunk == _chunks.Length) Array.Resize(ref _chunks, chunk * 2);
        _chunks[chunk] = new TimerEntry<TKey>[1 << ChunkBits];
        _chunkCount = chunk + 1;
    }

    void SiftUp(int hole, in TimerEntry<TKey> entry)
    {
        while (hole > 0)
        {
            int parent = (hole - 1) / Children;
            ref TimerEntry<TKey> above = ref At(parent);
            if (!entry.IsBefore(above)) break;
            At(hole) = above;
            hole = parent;
        }

        At(hole) = entry;
    }

    void SiftDown(int hole, in TimerEntry<TKey> entry)
    {
        for (int child; (child = (hole * Children) + 1) < Count;)
        {
            int least = child;
            int end = Math.Min(child + Children, Count);
            for (int other = child + 1; other < end; other++)
            {
                if (At(other).IsBefore(At(least))) least = other;
            }

            ref TimerEntry<TKey> below = ref At(least);
            if (!below.IsBefore(entry)) break;
            At(hole) = below;
            hole = least;
        }

        At(hole) = entry;
    }
}
