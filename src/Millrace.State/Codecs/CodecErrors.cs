namespace Millrace.State.Codecs;

/// <summary>
/// Bytes are not what a codec wrote: they are damaged, cut off, or of another type. Nothing was read; the caller knows the
/// object, key and state the bytes belong to and says so.
/// </summary>
/// <param name="message">What was found and where, for people.</param>
/// <param name="offset">The position in the bytes at which reading stopped: 0 to their length.</param>
public sealed class CorruptDataException(string message, int offset) : Exception($"{message} (at byte {offset})")
{
    /// <summary>The position in the bytes at which reading stopped: 0 to their length.</summary>
    public int Offset { get; } = offset;
}

/// <summary>
/// A value cannot be encoded although its type can: it is nested deeper than <see cref="CodecLimits.DepthMax"/>, an object of
/// a derived class where members would be lost, or a collection with its own comparer. What was written of it is to be dropped.
/// </summary>
/// <param name="message">What is wrong with the value and the cure, for people.</param>
public sealed class UnencodableValueException(string message) : Exception(message);
