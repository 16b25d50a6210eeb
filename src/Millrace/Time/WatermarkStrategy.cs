namespace Millrace;

/// <summary>
/// Where a record's timestamp comes from and how far behind the newest one a stream's watermark stays. A watermark W
/// says: no record with a timestamp up to and including W is expected any more. Immutable; shared by all tasks.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed record WatermarkStrategy<T>
{
    internal WatermarkStrategy(Func<T, Timestamp>? timestampOf, TimeSpan? outOfOrderness)
    {
        TimestampOf = timestampOf;
        OutOfOrderness = outOfOrderness;
    }

    /// <summary>Reads a record's timestamp; null when the source supplies timestamps itself.</summary>
    public Func<T, Timestamp>? TimestampOf { get; }

    /// <summary>
    /// How far behind the largest timestamp seen a record may come without being late; null when the stream has
    /// timestamps but never a watermark before its end.
    /// </summary>
    public TimeSpan? OutOfOrderness { get; }

    /// <summary>After how long without a record a split stops holding back the watermark; null means never, the default.</summary>
    public TimeSpan? IdleAfter { get; private init; }

    /// <summary>The same strategy, with splits that count as idle after <paramref name="idleAfter"/> without a record.</summary>
    /// <param name="idleAfter">More than zero. Validated when the graph is built.</param>
    public WatermarkStrategy<T> WithIdleness(TimeSpan idleAfter) => this with { IdleAfter = idleAfter };
}

/// <summary>The standard watermark strategies.</summary>
public static class WatermarkStrategy
{
    /// <summary>Records come at most <paramref name="bound"/> out of order: the watermark is the largest timestamp minus the bound, minus one tick.</summary>
    /// <param name="bound">Zero or more. Validated when the graph is built.</param>
    /// <param name="timestampOf">Reads a record's timestamp. Pure; shared by all parallel instances.</param>
    public static WatermarkStrategy<T> BoundedOutOfOrderness<T>(TimeSpan bound, Func<T, Timestamp> timestampOf)
    {
        ArgumentNullException.ThrowIfNull(timestampOf);
        return new(timestampOf, bound);
    }

    /// <summary>As the other overload, for a source that supplies timestamps itself.</summary>
    /// <param name="bound">Zero or more. Validated when the graph is built.</param>
    public static WatermarkStrategy<T> BoundedOutOfOrderness<T>(TimeSpan bound) => new(null, bound);

    /// <summary>Timestamps never fall within a split: the watermark is the largest timestamp minus one tick.</summary>
    /// <param name="timestampOf">Reads a record's timestamp. Pure; shared by all parallel instances.</param>
    public static WatermarkStrategy<T> Monotonous<T>(Func<T, Timestamp> timestampOf) => BoundedOutOfOrderness(TimeSpan.Zero, timestampOf);

    /// <summary>Timestamps, but no watermark before the input ends: windows fire only at the end.</summary>
    /// <param name="timestampOf">Reads a record's timestamp. Pure; shared by all parallel instances.</param>
    public static WatermarkStrategy<T> NoWatermarks<T>(Func<T, Timestamp> timestampOf)
    {
        ArgumentNullException.ThrowIfNull(timestampOf);
        return new(timestampOf, null);
    }
}
