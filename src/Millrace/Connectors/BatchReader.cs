using System.Diagnostics.CodeAnalysis;

namespace Millrace;

/// <summary>Records handed to a sink: a view of the engine's batch, valid during the call only.</summary>
/// <typeparam name="T">The record type.</typeparam>
public ref struct BatchReader<T>
{
    readonly ReadOnlySpan<T> _values;
    readonly ReadOnlySpan<Timestamp> _timestamps;

    /// <summary>A reader over the given spans. Made by the engine and by connector tests.</summary>
    /// <param name="values">Borrowed.</param>
    /// <param name="timestamps">Borrowed; as long as <paramref name="values"/>, or empty where the stream has no event time.</param>
    [Experimental(Experiments.Engine)]
    public BatchReader(ReadOnlySpan<T> values, ReadOnlySpan<Timestamp> timestamps)
    {
        _values = values;
        _timestamps = timestamps;
    }

    /// <summary>How many records were taken.</summary>
    public int Taken { get; private set; }

    /// <summary>The records not taken yet.</summary>
    public readonly ReadOnlySpan<T> Values => _values[Taken..];

    /// <summary>The timestamps of the records not taken yet; empty where the stream has no event time.</summary>
    public readonly ReadOnlySpan<Timestamp> Timestamps => _timestamps.IsEmpty ? default : _timestamps[Taken..];

    /// <summary>Takes the next record; false when all are taken.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T value)
    {
        if (Taken == _values.Length)
        {
            value = default;
            return false;
        }

        value = _values[Taken++];
        return true;
    }

    /// <summary>Takes <paramref name="count"/> records read through <see cref="Values"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer.</exception>
    public void Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _values.Length - Taken);
        Taken += count;
    }

    /// <summary>Takes all that is left.</summary>
    public void TakeAll() => Taken = _values.Length;
}
