using System.Diagnostics.CodeAnalysis;
using Millrace.Engine;

namespace Millrace;

/// <summary>Where a split reader puts records: a view of the engine's batch, valid during the call only.</summary>
/// <typeparam name="T">The record type.</typeparam>
public ref struct BatchWriter<T>
{
    readonly Span<T> _values;
    readonly Span<Timestamp> _timestamps;
    readonly OutputBuffer<T>? _sides;

    /// <summary>A writer over the given spans, filled from the start. Made by the engine and by connector tests.</summary>
    /// <param name="values">Borrowed; its length is the room.</param>
    /// <param name="timestamps">Borrowed; as long as <paramref name="values"/>, or empty where the stream has no event time.</param>
    /// <param name="sides">Borrowed; knows the readers of side outputs, null when there are none.</param>
    [Experimental(Experiments.Engine)]
    public BatchWriter(Span<T> values, Span<Timestamp> timestamps, OutputBuffer<T>? sides = null)
    {
        _values = values;
        _timestamps = timestamps;
        _sides = sides;
    }

    /// <summary>How many records were added.</summary>
    public int Count { get; private set; }

    /// <summary>How many more records fit.</summary>
    public readonly int Room => _values.Length - Count;

    /// <summary>Whether another record fits.</summary>
    public readonly bool HasRoom => Count < _values.Length;

    /// <summary>Adds a record without a timestamp of its own.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no room; ask <see cref="HasRoom"/> first.</exception>
    public void Add(T value)
    {
        _values[Count] = value;
        if (!_timestamps.IsEmpty) _timestamps[Count] = Timestamp.None;
        Count++;
    }

    /// <summary>Adds a record with a timestamp, used when the watermark strategy does not read one from the record.</summary>
    /// <exception cref="IndexOutOfRangeException">There is no room; ask <see cref="HasRoom"/> first.</exception>
    public void Add(T value, Timestamp timestamp)
    {
        _values[Count] = value;
        if (!_timestamps.IsEmpty) _timestamps[Count] = timestamp;
        Count++;
    }

    /// <summary>Adds records without timestamps of their own, all at once.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="Room"/>.</exception>
    public void AddRange(ReadOnlySpan<T> values)
    {
        values.CopyTo(_values[Count..]);
        if (!_timestamps.IsEmpty) _timestamps.Slice(Count, values.Length).Fill(Timestamp.None);
        Count += values.Length;
    }

    /// <summary>Adds to a side output of the source, such as rows that could not be parsed. Needs no room.</summary>
    /// <param name="side">The side output; read with <see cref="DataStream{T}.Side"/>. Without a reader the record is dropped and counted.</param>
    /// <param name="value">The record.</param>
    public readonly void AddTo<TSide>(SideOutput<TSide> side, TSide value) => _sides?.AddSide(side, value, Timestamp.None);
}
