using Millrace.State.Codecs;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>A value, element or entry with the time of its last renewal.</summary>
/// <typeparam name="T">The value's type.</typeparam>
struct Stamped<T>(T value, long stamp)
{
    public T Value = value;

    public long Stamp = stamp;
}

/// <summary>Writes a value as its own format does, and then its stamp.</summary>
sealed class StampedFormat<T>(ValueFormat<T> values) : ValueFormat<Stamped<T>>
{
    public override TypeSchema Schema => values.Schema;

    public override bool IsFixed => values.IsFixed;

    public override bool NeedsFreezing => values.NeedsFreezing;

    public override Stamped<T> Freeze(Stamped<T> value) => new(values.Freeze(value.Value), value.Stamp);

    public override ValueFormat<Stamped<T>> ReadingFrom(TypeSchema written) =>
        values.ReadingFrom(written) is var reading && ReferenceEquals(reading, values) ? this : new StampedFormat<T>(reading);

    public override void Write(ref CodecWriter writer, Stamped<T> value)
    {
        values.Write(ref writer, value.Value);
        writer.WriteFixed64((ulong)value.Stamp);
    }

    public override Stamped<T> Read(ref CodecReader reader)
    {
        T value = values.Read(ref reader);
        return new(value, (long)reader.ReadFixed64());
    }
}

/// <summary>One stamped value per key, left out of snapshots once it is over.</summary>
sealed class StampedRowFormat<TKey, T>(ValueFormat<Stamped<T>> values, RowTtl ttl) : ValueRowFormat<TKey, Stamped<T>>(values)
{
    public override RowTtl? Ttl => ttl;

    public override bool IsOver(in Stamped<T> value, in TtlLimit limit) => limit.IsOver(value.Stamp);
}
