using System.Buffers.Binary;
using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>
/// The stamps in rows of states with a TTL: after the value, when it was last renewed, as eight bytes, ticks, lowest first; for a list one for
/// each element of the row, in their order. What was kept before there was event time has the stamp of <see cref="Timestamp.None"/>.
/// </summary>
public static class RowStamps
{
    /// <summary>The bytes of a stamp.</summary>
    public const int Bytes = sizeof(long);

    /// <summary>The value of a row without its stamps; all of it where the state has no TTL.</summary>
    /// <param name="schema">The state as it was written.</param>
    /// <param name="value">The row's value as it was written.</param>
    /// <exception cref="CorruptDataException">There are fewer bytes than stamps take.</exception>
    public static ReadOnlySpan<byte> ValueOf(StateSchema schema, ReadOnlySpan<byte> value) => value[..^LengthOf(schema, value)];

    /// <summary>When the value, or each element, of a row was last renewed; empty where the state has no TTL.</summary>
    /// <param name="schema">The state as it was written.</param>
    /// <param name="value">The row's value as it was written.</param>
    /// <exception cref="CorruptDataException">There are fewer bytes than stamps take.</exception>
    public static Timestamp[] Of(StateSchema schema, ReadOnlySpan<byte> value)
    {
        ReadOnlySpan<byte> bytes = value[^LengthOf(schema, value)..];
        Timestamp[] stamps = new Timestamp[bytes.Length / Bytes];
        for (int i = 0; i < stamps.Length; i++) stamps[i] = new(BinaryPrimitives.ReadInt64LittleEndian(bytes[(i * Bytes)..]));
        return stamps;
    }

    /// <summary>A changed value with the stamps of the one before: by position in a list, where elements that are added have the latest of the row.</summary>
    /// <param name="schema">The state.</param>
    /// <param name="before">The row's value as it was written.</param>
    /// <param name="value">The changed value, without stamps.</param>
    /// <exception cref="CorruptDataException">There are fewer bytes than stamps take.</exception>
    public static byte[] Carry(StateSchema schema, ReadOnlySpan<byte> before, byte[] value)
    {
        if (schema.Ttl is null) return value;
        Timestamp[] stamps = Of(schema, before);
        Timestamp latest = stamps.Length == 0 ? Timestamp.None : stamps.Max();
        int count = CountOf(schema, value);
        Timestamp[] carried = new Timestamp[count];
        for (int i = 0; i < count; i++) carried[i] = i < stamps.Length ? stamps[i] : latest;
        return Append(value, carried);
    }

    /// <summary>A value with its stamps after it.</summary>
    /// <param name="value">The value, without stamps.</param>
    /// <param name="stamps">One, or one for each element.</param>
    public static byte[] Append(ReadOnlySpan<byte> value, ReadOnlySpan<Timestamp> stamps)
    {
        byte[] row = new byte[value.Length + (stamps.Length * Bytes)];
        value.CopyTo(row);
        for (int i = 0; i < stamps.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(row.AsSpan(value.Length + (i * Bytes)), stamps[i].Ticks);
        return row;
    }

    static int CountOf(StateSchema schema, ReadOnlySpan<byte> value) => schema.Kind == "list" ? Math.Max(new CodecReader(value).ReadCount(), 0) : 1;

    static int LengthOf(StateSchema schema, ReadOnlySpan<byte> value)
    {
        if (schema.Ttl is null) return 0;
        long length = (long)Bytes * CountOf(schema, value);
        if (length > value.Length) throw new CorruptDataException($"A row of {value.Length} bytes has stamps of {length}.", 0);
        return (int)length;
    }
}
