namespace Millrace.Testing;

/// <summary>A record and its timestamp.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="Value">The record.</param>
/// <param name="Timestamp">Its timestamp; <see cref="Timestamp.None"/> on streams without event time.</param>
public readonly record struct Timestamped<T>(T Value, Timestamp Timestamp)
{
    /// <inheritdoc/>
    public override string ToString() => Timestamp.IsNone ? $"{Value}" : $"{Value} at {TestTime.Show(Timestamp)}";
}
