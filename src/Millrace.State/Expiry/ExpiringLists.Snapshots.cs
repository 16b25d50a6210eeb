using System.Diagnostics.CodeAnalysis;
using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <content>
/// Lists with a TTL in snapshots: as lists without, and a stamp for each element after them. Chunks may be short or missing, and the tail is
/// missing where it has nothing that lives.
/// </content>
sealed partial class ExpiringLists<TKey, T, TOps>
{
    const int TailNumber = -1;

    Codec<TKey>? _keys;
    Codec<int>? _numbers;
    Codec<T>? _elements;
    RestoredStamps? _restored;

    /// <summary>Its face for snapshots.</summary>
    /// <exception cref="UnsupportedTypeException">Keys or elements cannot be stored.</exception>
    public KeyedRows Open()
    {
        Begin();
        _isFixed = _elements.IsDeeplyImmutable;
        StateSchema schema = new()
        {
            Name = name, Layout = StateLayout.Keyed, Kind = "list", Key = _keys.Schema, Sub = _numbers.Schema, Value = Codec.Of<List<T>>().Schema, Ttl = ttl.Declared,
        };
        CapturedTables[] tables =
        [
            new CapturedTables<ListChunkKey<TKey>, Stamped<T>[], ListChunkOps<TKey, TOps>>(
                name, new OneTable<ListChunkKey<TKey>, Stamped<T>[], ListChunkOps<TKey, TOps>>(_chunks), new StampedChunkFormat<TKey, T, TOps>(_keys, _numbers, _elements, ttl)),
            new CapturedTables<TKey, ExpiringListRow<T>, TOps>(
                name, new OneTable<TKey, ExpiringListRow<T>, TOps>(_rows), new StampedTailFormat<TKey, T>(_keys, _numbers, _elements, ttl)),
        ];
        return new(schema, clock, tables, this);
    }

    /// <summary>Says how elements are read.</summary>
    [MemberNotNull(nameof(_keys), nameof(_numbers), nameof(_elements))]
    public void Begin()
    {
        _keys = Codec.OfKey<TKey>();
        _numbers = Codec.OfKey<int>();
        _elements = Codec.Of<T>();
    }

    /// <inheritdoc/>
    public void OnCut() => ttl.ReadClock();

    /// <inheritdoc/>
    public void BeginRestore(RestoredFrom from)
    {
        _restored = RestoredStamps.Begin(from, ttl);
        _keys = _keys!.ReadingFrom(from.Written.Key!, SchemaUse.Key);
        _elements = _elements!.ReadingFrom(from.Written.Value.Elements());
    }

    /// <inheritdoc/>
    public void Restore(in RunRow row)
    {
        _restored ??= new(null, ttl);
        TKey key = RowReader.Key<TKey, TOps>(row, _keys!);
        int number = RowReader.Read(row.Sub, _numbers!);
        if (number < TailNumber) throw new CorruptDataException($"There is no chunk {number} of a list.", 0);
        if (row.IsDeleted)
        {
            if (number == TailNumber) _rows.Remove(row.Hash, key);
            else _chunks.Remove(ChunkHash(row.Hash, number), new(key, number));
            return;
        }

        Stamped<T>[] elements = ReadElements(row.Value, _restored.AreThere);
        if (number == TailNumber) _rows.GetOrAdd(row.Hash, key, out _) = new() { Tail = elements, InTail = elements.Length };
        else _chunks.GetOrAdd(ChunkHash(row.Hash, number), new(key, number), out _) = elements;
    }

    /// <summary>Takes out what is over. Lists with chunks are made anew of the elements that live: their chunks are full again then.</summary>
    public void OnRestored()
    {
        if (_restored is not { } stamps) return;
        _restored = null;
        RestoredTails tails = new(this, stamps);
        SweepCursor cursor = default;
        int all = int.MaxValue;
        while (!_rows.Sweep(ref cursor, ref all, ref tails)) all = int.MaxValue;
        foreach ((uint hash, TKey key, List<(int Number, Stamped<T>[] Elements)> chunks) in TakeChunks().Rows())
        {
            Stamped<T>[] tail = _rows.TryGet(hash, key, out ExpiringListRow<T> row) ? row.TailElements.ToArray() : [];
            _rows.Remove(hash, key);
            chunks.Sort(static (left, right) => left.Number.CompareTo(right.Number));
            foreach (Stamped<T> element in chunks.SelectMany(c => Judged(hash, c.Elements, stamps)).Concat(tail)) Add(hash, key, element);
        }
    }

    /// <summary>All lists that are not empty, with copies of their elements.</summary>
    public IEnumerable<(uint Hash, TKey Key, T[] Values)> Rows()
    {
        foreach ((uint hash, TKey key, _) in _rows.Rows()) yield return (hash, key, ToArray(hash, key));
    }

    StateTable<TKey, List<(int Number, Stamped<T>[] Elements)>, TOps> TakeChunks()
    {
        StateTable<TKey, List<(int Number, Stamped<T>[] Elements)>, TOps> lists = new();
        foreach ((_, ListChunkKey<TKey> chunk, Stamped<T>[] elements) in _chunks.Rows())
        {
            ref List<(int Number, Stamped<T>[] Elements)> chunks = ref lists.GetOrAdd(default(TOps).Hash(chunk.Key), chunk.Key, out bool isNew);
            if (isNew) chunks = [];
            chunks.Add((chunk.Number, elements));
        }

        _chunks.Clear();
        return lists;
    }

    /// <summary>The elements that live, with the stamps they have from now on.</summary>
    Stamped<T>[] Judged(uint hash, ReadOnlySpan<Stamped<T>> elements, RestoredStamps stamps)
    {
        List<Stamped<T>> living = new(elements.Length);
        foreach (Stamped<T> element in elements)
        {
            if (stamps.AreOver(hash, element.Stamp)) ttl.Expired++;
            else living.Add(new(element.Value, stamps.Stamp(element.Stamp)));
        }

        return [.. living];
    }

    Stamped<T>[] ReadElements(ReadOnlySpan<byte> bytes, bool haveStamps)
    {
        CodecReader reader = new(bytes);
        int count = reader.ReadCount();
        if (count is < 0 or > ChunkElements) reader.Fail($"A chunk of a list has {count} elements.");
        Stamped<T>[] elements = new Stamped<T>[count];
        foreach (ref Stamped<T> element in elements.AsSpan()) element = new(_elements!.Read(ref reader), RowTtl.Unstamped);
        if (haveStamps)
        {
            foreach (ref Stamped<T> element in elements.AsSpan()) element.Stamp = (long)reader.ReadFixed64();
        }

        reader.End();
        return elements;
    }

    readonly struct RestoredTails(ExpiringLists<TKey, T, TOps> lists, RestoredStamps stamps) : IRowSweep<TKey, ExpiringListRow<T>>
    {
        public bool TryRemove(ref TableSlot<TKey, ExpiringListRow<T>> slot)
        {
            ref ExpiringListRow<T> row = ref slot.Value;
            row.Tail = lists.Judged(slot.Hash, row.TailElements, stamps);
            row.InTail = row.Tail.Length;
            row.Oldest = StampedElements.Oldest(row.TailElements, long.MaxValue);
            return lists.DropIfEmpty(slot.Hash, slot.Key, ref row);
        }
    }
}

/// <summary>How elements with stamps are written.</summary>
static class StampedSequence
{
    public static void Write<T>(ref CodecWriter writer, ReadOnlySpan<Stamped<T>> elements, Codec<T> codec)
    {
        writer.WriteCount(elements.Length);
        foreach (ref readonly Stamped<T> element in elements) codec.Write(ref writer, element.Value);
        foreach (ref readonly Stamped<T> element in elements) writer.WriteFixed64((ulong)element.Stamp);
    }
}

/// <summary>How chunks of lists with a TTL are written.</summary>
sealed class StampedChunkFormat<TKey, T, TOps>(Codec<TKey> keys, Codec<int> numbers, Codec<T> elements, RowTtl ttl) : RowFormat<ListChunkKey<TKey>, Stamped<T>[]>
    where TOps : struct, IKeyOps<TKey>
{
    public override RowTtl? Ttl => ttl;

    public override bool IsFixed => elements.IsDeeplyImmutable;

    public override bool HasKeyHash => false;

    public override bool IsOver(in Stamped<T>[] value, in TtlLimit limit) => StampedElements.Over<T>(value, limit) == value.Length;

    public override uint HashOf(uint slotHash, ListChunkKey<TKey> key) => default(TOps).Hash(key.Key);

    public override void WriteKey(ref CodecWriter writer, ListChunkKey<TKey> key) => keys.Write(ref writer, key.Key);

    public override void WriteSub(ref CodecWriter writer, ListChunkKey<TKey> key, long tag) => numbers.Write(ref writer, key.Number);

    public override void WriteValue(ref CodecWriter writer, in Stamped<T>[] value) => StampedSequence.Write<T>(ref writer, value, elements);
}

/// <summary>How the elements after the chunks of lists with a TTL are written.</summary>
sealed class StampedTailFormat<TKey, T>(Codec<TKey> keys, Codec<int> numbers, Codec<T> elements, RowTtl ttl) : RowFormat<TKey, ExpiringListRow<T>>
{
    public override RowTtl? Ttl => ttl;

    public override bool IsFixed => elements.IsDeeplyImmutable;

    // An empty tail has nothing to say either: a mark of deletion takes the place of an earlier one.
    public override bool IsOver(in ExpiringListRow<T> value, in TtlLimit limit) => StampedElements.Over(value.TailElements, limit) == value.InTail;

    public override void WriteKey(ref CodecWriter writer, TKey key) => keys.Write(ref writer, key);

    public override void WriteSub(ref CodecWriter writer, TKey key, long tag) => numbers.Write(ref writer, -1);

    public override void WriteValue(ref CodecWriter writer, in ExpiringListRow<T> value) => StampedSequence.Write(ref writer, value.TailElements, elements);
}
