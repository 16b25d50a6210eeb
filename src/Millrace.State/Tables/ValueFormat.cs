using Millrace.Engine;
using Millrace.State.Codecs;
using Millrace.State.Evolution;

namespace Millrace.State.Tables;

/// <summary>How values of state are written in snapshots, and what a copy of one is worth. Immutable and thread-safe.</summary>
/// <typeparam name="T">The type of values.</typeparam>
public abstract class ValueFormat<T>
{
    /// <summary>What the bytes mean.</summary>
    public abstract TypeSchema Schema { get; }

    /// <summary>
    /// Whether a value, once frozen, can never change. If not, what a snapshot has of it is encoded before user code sees the value again, and
    /// reading a value counts as a write.
    /// </summary>
    public abstract bool IsFixed { get; }

    /// <summary>Whether a copy must be <see cref="Freeze">frozen</see> to be fixed.</summary>
    public virtual bool NeedsFreezing => false;

    /// <summary>The value as it is now, whatever becomes of the one given.</summary>
    public virtual T Freeze(T value) => value;

    /// <summary>Writes a value.</summary>
    public abstract void Write(ref CodecWriter writer, T value);

    /// <summary>Reads a value.</summary>
    /// <exception cref="CorruptDataException">The bytes are not a value of this type.</exception>
    public abstract T Read(ref CodecReader reader);

    /// <summary>A format that reads what was written with a schema: this one when the schema is its own.</summary>
    /// <exception cref="IncompatibleSchemaException">What was written cannot be read as the type.</exception>
    public abstract ValueFormat<T> ReadingFrom(TypeSchema written);

    /// <summary>The format of a type.</summary>
    /// <exception cref="UnsupportedTypeException">The type cannot be stored.</exception>
    public static ValueFormat<T> Of() =>
        typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(RecordList<>)
            ? (ValueFormat<T>)Activator.CreateInstance(typeof(RecordListFormat<>).MakeGenericType(typeof(T).GetGenericArguments()))!
            : new CodecFormat<T>(Codec.Of<T>());
}

/// <summary>Values as their codec writes them.</summary>
sealed class CodecFormat<T>(Codec<T> codec) : ValueFormat<T>
{
    readonly bool _isFixed = codec.IsDeeplyImmutable;

    /// <summary>The codec.</summary>
    public Codec<T> Codec => codec;

    public override TypeSchema Schema => codec.Schema;

    public override bool IsFixed => _isFixed;

    public override void Write(ref CodecWriter writer, T value) => codec.Write(ref writer, value);

    public override T Read(ref CodecReader reader) => codec.Read(ref reader);

    public override ValueFormat<T> ReadingFrom(TypeSchema written) =>
        codec.ReadingFrom(written) is var reading && ReferenceEquals(reading, codec) ? this : new CodecFormat<T>(reading);
}

/// <summary>The records of a window, written as a list. Records are only ever appended, so a view of those there are is fixed where records are.</summary>
sealed class RecordListFormat<T>(Codec<T> codec) : ValueFormat<RecordList<T>>
{
    readonly Codec<T> _codec = codec;

    public RecordListFormat()
        : this(Codec.Of<T>())
    {
    }

    public override TypeSchema Schema { get; } = Codec.Of<List<T>>().Schema;

    public override bool IsFixed => _codec.IsDeeplyImmutable;

    public override bool NeedsFreezing => true;

    public override RecordList<T> Freeze(RecordList<T> value) => value.Freeze();

    public override void Write(ref CodecWriter writer, RecordList<T> value) => SequenceFormat.Write(ref writer, value.Span, _codec);

    public override ValueFormat<RecordList<T>> ReadingFrom(TypeSchema written) =>
        written.Equals(Schema) ? this : new RecordListFormat<T>(_codec.ReadingFrom(written.Elements()));

    public override RecordList<T> Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) reader.Fail("A list of records is absent.");
        RecordList<T> records = new();
        for (int i = 0; i < count; i++) records.Add(_codec.Read(ref reader));
        return records;
    }
}
