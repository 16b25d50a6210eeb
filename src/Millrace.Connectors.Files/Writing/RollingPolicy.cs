namespace Millrace.Connectors.Files;

/// <summary>When an output file is complete. Decided by what readers should see, not by how often checkpoints are taken.</summary>
/// <param name="Bytes">Given size; null for the default.</param>
/// <param name="Age">Given age; null for the default.</param>
internal sealed record RollingPolicy(long? Bytes, TimeSpan? Age)
{
    public const long DefaultBytes = 128L << 20;

    public static readonly TimeSpan DefaultAge = TimeSpan.FromSeconds(60);

    public bool IsGiven => Bytes is not null || Age is not null;

    public IEnumerable<string> Problems
    {
        get
        {
            if (Bytes is < 1) yield return $"files are to be rolled by a size of {Bytes} bytes; give one byte or more to RollBy";
            if (Age < TimeSpan.Zero && Age != Timeout.InfiniteTimeSpan)
                yield return $"files are to be rolled by a time of {Age}; give zero (every checkpoint) or more to RollBy, or Timeout.InfiniteTimeSpan";
        }
    }

    /// <summary>Whether a file of so many bytes takes no more. Without checkpoints everything appears at the end, and only a size that was asked for counts.</summary>
    public bool IsFull(long bytes, bool isDurable) => bytes >= (Bytes ?? (isDurable ? DefaultBytes : long.MaxValue));

    /// <summary>Whether a file so old takes no more.</summary>
    public bool IsOld(TimeSpan age) => (Age ?? DefaultAge) is var limit && limit != Timeout.InfiniteTimeSpan && age >= limit;
}
