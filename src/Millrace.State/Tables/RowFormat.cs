using System.Buffers.Binary;
using System.Collections.Immutable;
using Millrace.State.Codecs;
using Millrace.State.Expiry;

namespace Millrace.State.Tables;

/// <summary>How the rows of a table are written in snapshots. Immutable and thread-safe.</summary>
/// <typeparam name="TKey">The key of the table: the stream's, or that and what tells rows of one key apart.</typeparam>
/// <typeparam name="TValue">The value of the table.</typeparam>
abstract class RowFormat<TKey, TValue>
{
    /// <summary>Whether a copied slot, once frozen, can never change.</summary>
    public virtual bool IsFixed => true;

    /// <summary>Whether copies are to be frozen.</summary>
    public virtual bool NeedsFreezing => false;

    /// <summary>The value as it is now, whatever becomes of the one given.</summary>
    public virtual TValue Freeze(TValue value) => value;

    /// <summary>The time of rows that can be over, whatever it is when they are captured; null where none ever is.</summary>
    public virtual RowTtl? Ttl => null;

    /// <summary>Whether a row is over, so that a snapshot is better off without it.</summary>
    public virtual bool IsOver(in TValue value, in TtlLimit limit) => false;

    /// <summary>Whether the hash of a slot is that of the stream's key.</summary>
    public virtual bool HasKeyHash => true;

    /// <summary>The hash of the stream's key; that of the slot only says where the row is in memory.</summary>
    public virtual uint HashOf(uint slotHash, TKey key) => slotHash;

    /// <summary>Writes the stream's key.</summary>
    public abstract void WriteKey(ref CodecWriter writer, TKey key);

    /// <summary>Writes what tells rows of one key apart.</summary>
    public virtual void WriteSub(ref CodecWriter writer, TKey key, long tag)
    {
    }

    /// <summary>Writes the value.</summary>
    public abstract void WriteValue(ref CodecWriter writer, in TValue value);

    /// <summary>Encodes rows of a part, as many as a batch takes, up to the first that is of another part.</summary>
    /// <param name="name">The state, for errors.</param>
    /// <param name="pages">The rows of the part.</param>
    /// <param name="order">The rows to encode.</param>
    /// <param name="batch">Receives them.</param>
    /// <returns>How many.</returns>
    /// <exception cref="UnencodableValueException">A key or value cannot be stored; the message names the state and the key.</exception>
    public virtual int Encode(string name, RowPages<TableSlot<TKey, TValue>> pages, in RowOrder order, RowBatch batch) =>
        RowEncoding.Encode(new CalledBody<TKey, TValue>(this), name, pages, order, batch);
}

/// <summary>One value per key.</summary>
class ValueRowFormat<TKey, TValue> : RowFormat<TKey, TValue>
{
    readonly Codec<TKey> _key = Codec.OfKey<TKey>();
    readonly ValueFormat<TValue> _value;
    readonly Codec<TValue>? _codec;

    public ValueRowFormat(ValueFormat<TValue> value)
    {
        _value = value;
        _codec = (value as CodecFormat<TValue>)?.Codec;
    }

    public override bool IsFixed => _value.IsFixed;

    public override bool NeedsFreezing => _value.NeedsFreezing;

    public override TValue Freeze(TValue frozen) => _value.Freeze(frozen);

    public override void WriteKey(ref CodecWriter writer, TKey key) => _key.Write(ref writer, key);

    public override void WriteValue(ref CodecWriter writer, in TValue written) => _value.Write(ref writer, written);

    public override int Encode(string name, RowPages<TableSlot<TKey, TValue>> pages, in RowOrder order, RowBatch batch) => _codec is null
        ? base.Encode(name, pages, order, batch)
        : RowEncoding.Encode(new ValueBody<TKey, TValue>(_key, _codec, IsTagged), name, pages, order, batch);

    /// <summary>Whether the tag tells rows of one key apart.</summary>
    protected virtual bool IsTagged => false;
}

/// <summary>One value per key and tag of the table it is in.</summary>
sealed class TaggedRowFormat<TKey, TValue>(ValueFormat<TValue> value) : ValueRowFormat<TKey, TValue>(value)
{
    public override void WriteSub(ref CodecWriter writer, TKey key, long tag) => OrderedNumber.Write(ref writer, tag);

    protected override bool IsTagged => true;
}

/// <summary>The marks of deletion of a table's rows.</summary>
sealed class MarkFormat<TKey, TValue>(RowFormat<TKey, TValue> rows) : RowFormat<TKey, Deletion>
{
    public override bool HasKeyHash => rows.HasKeyHash;

    public override uint HashOf(uint slotHash, TKey key) => rows.HashOf(slotHash, key);

    public override void WriteKey(ref CodecWriter writer, TKey key) => rows.WriteKey(ref writer, key);

    public override void WriteSub(ref CodecWriter writer, TKey key, long tag) => rows.WriteSub(ref writer, key, tag);

    public override void WriteValue(ref CodecWriter writer, in Deletion value)
    {
    }
}

/// <summary>A number whose bytes are in the order of the numbers: eight, highest first, the sign turned round.</summary>
static class OrderedNumber
{
    public const int Bytes = 8;

    public static TypeSchema Schema { get; } = new(new SchemaType.Scalar("ordered64"), ImmutableArray<SchemaDefinition>.Empty);

    public static void Write(ref CodecWriter writer, long number)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number ^ long.MinValue);
        writer.WriteRaw(bytes);
    }

    public static long Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Bytes) throw new CorruptDataException($"A sub-key has {bytes.Length} bytes instead of {Bytes}.", 0);
        return BinaryPrimitives.ReadInt64BigEndian(bytes) ^ long.MinValue;
    }
}
