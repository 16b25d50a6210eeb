using System.Runtime.CompilerServices;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Expiry;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <content>
/// A list in snapshots: a row per full chunk, by number, and a row numbered -1 for the elements after them. So a chunk is written once,
/// and what is written again is the tail.
/// </content>
public sealed partial class TableListState<TKey, T, TOps>
{
    const int TailNumber = -1;

    bool _isFixed = true;       // Whether elements that were read cannot change.

    ISnapshotRows ISnapshotState.OpenSnapshots()
    {
        Codec<T> elements = Codec.Of<T>();
        Codec<TKey> keys = Codec.OfKey<TKey>();
        Codec<int> numbers = Codec.OfKey<int>();
        _isFixed = elements.IsDeeplyImmutable;
        StateSchema schema = new()
        {
            Name = name, Layout = StateLayout.Keyed, Kind = "list", Key = keys.Schema, Sub = numbers.Schema, Value = Codec.Of<List<T>>().Schema,
        };
        CapturedTables[] tables =
        [
            new CapturedTables<ListChunkKey<TKey>, T[], ListChunkOps<TKey, TOps>>(
                name, new OneTable<ListChunkKey<TKey>, T[], ListChunkOps<TKey, TOps>>(_chunks), new ListChunkFormat<TKey, T, TOps>(keys, numbers, elements)),
            new CapturedTables<TKey, ListRow<T>, TOps>(name, new OneTable<TKey, ListRow<T>, TOps>(_rows), new ListTailFormat<TKey, T>(keys, numbers, elements)),
        ];
        return new KeyedRows(schema, clock, tables, (in row) => Restore(row, keys, numbers, elements), CountElements)
        {
            RestoreOf = written =>
            {
                (Codec<TKey> writtenKeys, Codec<T> writtenElements) = (keys.ReadingFrom(written.Key!, SchemaUse.Key), elements.ReadingFrom(written.Value.Elements()));
                return (in row) => Restore(row, writtenKeys, numbers, writtenElements);
            },
            FormerlyStamped = () => FormerRows.OfLists<TKey, T, TOps>(name, Fill),
        };
    }

    void Restore(in RunRow row, Codec<TKey> keys, Codec<int> numbers, Codec<T> elements)
    {
        TKey key = RowReader.Key<TKey, TOps>(row, keys);
        int number = RowReader.Read(row.Sub, numbers);
        if (number < TailNumber) throw new CorruptDataException($"There is no chunk {number} of a list.", 0);
        if (row.IsDeleted)
        {
            if (number == TailNumber) _rows.Remove(row.Hash, key);
            else _chunks.Remove(ListChunkOps<TKey, TOps>.Hash(row.Hash, number), new(key, number));
            return;
        }

        T[] values = ReadElements(row.Value, elements);
        if (number != TailNumber && values.Length == ChunkElements) Keep(row.Hash, key, number, values);
        else if (number == TailNumber && values.Length < ChunkElements) SetTail(ref _rows.GetOrAdd(row.Hash, key, out _), values);
        else throw new CorruptDataException($"Chunk {number} of a list has {values.Length} elements.", 0);
    }

    /// <summary>Fills the list of a key that has none. Not counted: that is done once all are there.</summary>
    void Fill(uint hash, TKey key, T[] values)
    {
        int full = values.Length / ChunkElements;
        for (int chunk = 0; chunk < full; chunk++) Keep(hash, key, chunk, values.AsSpan(chunk * ChunkElements, ChunkElements).ToArray());
        SetTail(ref _rows.GetOrAdd(hash, key, out _), values[(full * ChunkElements)..]);
    }

    static T[] ReadElements(ReadOnlySpan<byte> bytes, Codec<T> elements)
    {
        CodecReader reader = new(bytes);
        int count = reader.ReadCount();
        if (count is < 0 or > ChunkElements) reader.Fail($"A chunk of a list has {count} elements.");
        T[] values = new T[count];
        for (int i = 0; i < count; i++) values[i] = elements.Read(ref reader);
        reader.End();
        return values;
    }

    static void SetTail(ref ListRow<T> row, T[] values)
    {
        row.Count = values.Length;
        row.Tail = values.Length == 0 ? null : values;
    }

    /// <summary>How long a list is follows from its chunks.</summary>
    void CountElements()
    {
        foreach ((_, ListChunkKey<TKey> chunk, _) in _chunks.Rows())
        {
            ref ListRow<T> row = ref _rows.Peek(default(TOps).Hash(chunk.Key), chunk.Key);
            if (Unsafe.IsNullRef(ref row))
                throw new CorruptDataException($"The list '{name}' of the key {chunk.Key} has chunk {chunk.Number} and no end.", 0);
            row.Count = checked(row.Count + ChunkElements);
        }

        foreach ((_, ListChunkKey<TKey> chunk, _) in _chunks.Rows())
        {
            if (chunk.Number >= _rows.Peek(default(TOps).Hash(chunk.Key), chunk.Key).Count / ChunkElements)
                throw new CorruptDataException($"The list '{name}' of the key {chunk.Key} has chunk {chunk.Number} without those before.", 0);
        }
    }
}

/// <summary>How full chunks of lists are written.</summary>
sealed class ListChunkFormat<TKey, T, TOps>(Codec<TKey> keys, Codec<int> numbers, Codec<T> elements) : RowFormat<ListChunkKey<TKey>, T[]>
    where TOps : struct, IKeyOps<TKey>
{
    public override bool IsFixed => elements.IsDeeplyImmutable;

    public override bool HasKeyHash => false;

    public override uint HashOf(uint slotHash, ListChunkKey<TKey> key) => default(TOps).Hash(key.Key);

    public override void WriteKey(ref CodecWriter writer, ListChunkKey<TKey> key) => keys.Write(ref writer, key.Key);

    public override void WriteSub(ref CodecWriter writer, ListChunkKey<TKey> key, long tag) => numbers.Write(ref writer, key.Number);

    public override void WriteValue(ref CodecWriter writer, in T[] value) => SequenceFormat.Write<T>(ref writer, value, elements);
}

/// <summary>How the elements after the full chunks are written.</summary>
sealed class ListTailFormat<TKey, T>(Codec<TKey> keys, Codec<int> numbers, Codec<T> elements) : RowFormat<TKey, ListRow<T>>
{
    public override bool IsFixed => elements.IsDeeplyImmutable;

    public override void WriteKey(ref CodecWriter writer, TKey key) => keys.Write(ref writer, key);

    public override void WriteSub(ref CodecWriter writer, TKey key, long tag) => numbers.Write(ref writer, -1);

    // The array may be longer by now than the row was when it was copied.
    public override void WriteValue(ref CodecWriter writer, in ListRow<T> value) =>
        SequenceFormat.Write<T>(ref writer, value.Tail.AsSpan(0, value.Count % TableLimits.ListChunkElements), elements);
}
