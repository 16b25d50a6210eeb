namespace Millrace.State.Tables;

/// <summary>One row of a table.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TValue">The value type.</typeparam>
public struct TableSlot<TKey, TValue>
{
    /// <summary>The key's hash.</summary>
    public uint Hash;

    /// <summary>When the row was last written, in the table's own count of snapshots and clears; rows older than the last clear are empty slots.</summary>
    public uint Epoch;

    /// <summary>The key.</summary>
    public TKey Key;

    /// <summary>The value.</summary>
    public TValue Value;
}

/// <summary>What is done with each row of <see cref="StateTable{TKey, TValue, TOps}.Update"/>. A struct, so that it is compiled into the loop.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TValue">The value type.</typeparam>
public interface IRowStep<TKey, TValue>
{
    /// <summary>Whether it wants the next row.</summary>
    bool CanGoOn { get; }

    /// <summary>Handles a row.</summary>
    /// <param name="index">The position of the key among those given.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value, in place.</param>
    /// <param name="isNew">Whether the row was just made, with the default value.</param>
    void Step(int index, TKey key, ref TValue value, bool isNew);
}

/// <summary>A position in a table. Begin with <c>default</c>.</summary>
public struct TableCursor
{
    internal int Segment;
    internal int Next;
}

/// <summary>The part of a table that shares <see cref="Depth"/> leading bits of their places (<see cref="RowPlaces"/>).</summary>
sealed class TableSegment<TKey, TValue>(TableSlot<TKey, TValue>[] slots, int depth)
{
    public TableSegment(int slots, int depth)
        : this(new TableSlot<TKey, TValue>[slots], depth)
    {
    }

    public TableSlot<TKey, TValue>[] Slots = slots;
    public int Count;
    public int Depth = depth;

    /// <summary>Rows at which it grows; set with <see cref="LimitRows"/> whenever the slots or the depth have changed.</summary>
    public int RowsMax = TableLimits.RowsMax(slots.Length, 0);

    /// <summary>The capture that has all it needs of this segment, by the epoch it began with.</summary>
    public uint CapturedFor;

    /// <summary>Whether slots still refer to what a clear has removed.</summary>
    public bool HoldsRemoved;

    /// <summary>Sets the rows at which it grows.</summary>
    /// <param name="prefix">The leading bits its rows share.</param>
    public void LimitRows(int prefix) => RowsMax = TableLimits.RowsMax(Slots.Length, prefix);
}

/// <summary>Limits of tables.</summary>
public static class TableLimits
{
    /// <summary>Slots of a new table.</summary>
    public const int FirstSlots = 16;

    /// <summary>Slots of a segment at most: what one step of growth moves. A power of two.</summary>
    public const int SegmentSlotsMax = 1 << 13;

    /// <summary>Segments that room is made in ahead of time, as a power of two: 256 million slots. Beyond that a table grows as it fills.</summary>
    public const int ReservedBitsMax = 15;

    /// <summary>Segments of a table from which on some are made ahead of need.</summary>
    public const int StockedSegmentsMin = 64;

    /// <summary>Segments made ahead of need: more than are split in one step.</summary>
    public const int StockedSegments = 8;

    /// <summary>Pages of a capture from which on some are made ahead of need, and how many.</summary>
    public const int StockedPagesMin = 128, StockedPages = 16;

    /// <summary>Slots of a segment up to which at most three eighths are used, instead of two thirds or more.</summary>
    public const int SparseSlotsMax = 1 << 12;

    /// <summary>Bytes of a table from which on asking for slots ahead of time pays: half of a small second-level cache.</summary>
    public const int NearCacheBytes = 256 << 10;

    /// <summary>Marks of deletion a table may keep, however few rows it has.</summary>
    public const int MarksMin = 4_096;

    /// <summary>Rows of a state up to which it is written whole whenever it has changed.</summary>
    public const int WholeRowsMax = 4_096;

    /// <summary>Bytes of slots of a state up to which it is written whole whenever it has changed.</summary>
    public const int WholeBytesMax = 64 << 10;

    /// <summary>Bytes of a page of captured rows, about: from there on the collector does not move it.</summary>
    public const int PageBytes = 96 << 10;

    /// <summary>Pages that may be kept for the next capture of a state, however few the last one took.</summary>
    public const int IdlePagesMin = 128;

    /// <summary>Snapshots taken and not confirmed whose changes are remembered.</summary>
    public const int UnconfirmedMax = 256;

    /// <summary>Elements of a full chunk of a list: what one append moves at most. A power of two.</summary>
    public const int ListChunkElements = 256;

    /// <summary>Elements there is room for in a list of one.</summary>
    public const int ListFirstElements = 4;

    /// <summary>Rows that no segment of the largest size is split at.</summary>
    internal const int UnsplitRows = SegmentSlotsMax / 3 * 2;

    /// <summary>
    /// Rows at which a segment grows. Small ones have few collisions, as slots are cheap that the near cache holds anyway. Large ones fill up at
    /// the same pace, so each has a limit of its own between two thirds and four fifths: otherwise most of them would be split within
    /// a few batches of records. Multiples of the golden ratio lie apart however many there are.
    /// </summary>
    internal static int RowsMax(int slots, int prefix) => slots <= SparseSlotsMax
        ? (slots >> 3) * 3
        : UnsplitRows + (int)(((ulong)((uint)prefix * RowPlaces.Remix) * (SegmentSlotsMax / 8)) >> 32);
}
