using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Tables;

namespace Millrace.State.Timers;

/// <summary>How the deadline of a key is written: with the order of setting. The entry of the heap is derived.</summary>
sealed class SingleTimerFormat : ValueFormat<SingleTimerRow>
{
    readonly Codec<(Timestamp Deadline, long Sequence)> _codec = Codec.Of<(Timestamp Deadline, long Sequence)>();

    public override TypeSchema Schema => _codec.Schema;

    // The engine's own type: another schema would be another format.
    public override ValueFormat<SingleTimerRow> ReadingFrom(TypeSchema written) =>
        written.Equals(Schema) ? this : throw new IncompatibleSchemaException($"what was written as {written} are no deadlines");

    public override bool IsFixed => true;

    public override void Write(ref CodecWriter writer, SingleTimerRow value) => _codec.Write(ref writer, (value.Deadline, value.Sequence));

    public override SingleTimerRow Read(ref CodecReader reader)
    {
        (Timestamp deadline, long sequence) = _codec.Read(ref reader);
        return new() { Deadline = deadline, Sequence = sequence };
    }
}

/// <summary>How deadlines of a set are written: each with the order of setting.</summary>
sealed class TimerSetFormat<TKey, TOps>(Codec<TKey> keys, Codec<Timestamp> deadlines, Codec<long> sequences) : RowFormat<TimerSetKey<TKey>, long>
    where TOps : struct, IKeyOps<TKey>
{
    public override bool HasKeyHash => false;

    public override uint HashOf(uint slotHash, TimerSetKey<TKey> key) => default(TOps).Hash(key.Key);

    public override void WriteKey(ref CodecWriter writer, TimerSetKey<TKey> key) => keys.Write(ref writer, key.Key);

    public override void WriteSub(ref CodecWriter writer, TimerSetKey<TKey> key, long tag) => deadlines.Write(ref writer, key.Deadline);

    public override void WriteValue(ref CodecWriter writer, in long value) => sequences.Write(ref writer, value);
}
