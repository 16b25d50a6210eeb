namespace Millrace;

/// <summary>One record as an operator sees it. A view into the engine's batch: valid during the call only, never copied.</summary>
/// <typeparam name="T">The record type.</typeparam>
public readonly ref struct Record<T>
{
    readonly ref readonly T _value;

    /// <summary>A record over <paramref name="value"/>, which must outlive it. Made by the engine, and by unit tests of functions.</summary>
    /// <param name="value">Borrowed.</param>
    /// <param name="timestamp">The event timestamp, or <see cref="Timestamp.None"/>.</param>
    public Record(ref readonly T value, Timestamp timestamp)
    {
        _value = ref value;
        Timestamp = timestamp;
    }

    /// <summary>The value. Immutable from the moment it was emitted.</summary>
    public ref readonly T Value => ref _value;

    /// <summary>The event timestamp; <see cref="Timestamp.None"/> on streams without event time.</summary>
    public Timestamp Timestamp { get; }
}
