using System.Globalization;

namespace Millrace;

/// <summary>Which time a <see cref="StateTtl"/> counts.</summary>
public enum TtlTime
{
    /// <summary>The watermark. What was kept at a time is over once the watermark has reached that time plus the lifetime.</summary>
    EventTime,

    /// <summary>The clock of the machine, read once per batch of records.</summary>
    ProcessingTime,
}

/// <summary>What renews the lifetime of state.</summary>
public enum TtlRefresh
{
    /// <summary>Creating and writing it.</summary>
    OnWrite,

    /// <summary>Reading it as well. Each read is then a write, which snapshots see as a change.</summary>
    OnReadAndWrite,
}

/// <summary>
/// How long state is kept (time to live): per value, per element of a list, per entry of a map. What is over is never returned, and is
/// removed and counted a little at a time. Immutable; part of the state's schema, so a changed one is seen when a snapshot is restored.
/// </summary>
/// <example><c>state.Value&lt;decimal&gt;("owed", StateTtl.EventTime(TimeSpan.FromHours(1)))</c></example>
public sealed record StateTtl
{
    /// <summary>The longest lifetime: 36,500 days.</summary>
    public static readonly TimeSpan LifetimeMax = TimeSpan.FromDays(36_500);

    StateTtl(TtlTime time, TimeSpan lifetime)
    {
        if (lifetime <= TimeSpan.Zero || lifetime > LifetimeMax)
        {
            throw new ArgumentOutOfRangeException(
                nameof(lifetime), lifetime, $"a TTL is more than zero and at most {LifetimeMax.Days.ToString("N0", CultureInfo.InvariantCulture)} days; for state that is kept for good, give none");
        }

        Time = time;
        Lifetime = lifetime;
    }

    /// <summary>Which time is counted.</summary>
    public TtlTime Time { get; }

    /// <summary>How long state is kept from when it was last renewed. More than zero, at most <see cref="LifetimeMax"/>.</summary>
    public TimeSpan Lifetime { get; }

    /// <summary>What renews it.</summary>
    /// <value>The default is <see cref="TtlRefresh.OnWrite"/>.</value>
    public TtlRefresh Refresh { get; init; }

    /// <summary>
    /// State that lives in event time. It is renewed at the greater of the record's timestamp and the watermark, so a late record's state
    /// lives as long as any other; a firing timer renews it at its deadline. It is over when the watermark reaches the last renewal plus the
    /// lifetime, inclusive: as if an event timer set for then had cleared it before any other timer fired. The end of input ends nothing.
    /// </summary>
    /// <param name="lifetime">More than zero, at most <see cref="LifetimeMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of range.</exception>
    public static StateTtl EventTime(TimeSpan lifetime) => new(TtlTime.EventTime, lifetime);

    /// <summary>
    /// State that lives on the clock of the machine. It is over when the clock shows the last renewal plus the lifetime. Time in which the
    /// job does not run counts.
    /// </summary>
    /// <param name="lifetime">More than zero, at most <see cref="LifetimeMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The lifetime is out of range.</exception>
    public static StateTtl ProcessingTime(TimeSpan lifetime) => new(TtlTime.ProcessingTime, lifetime);

    /// <summary>The same, renewed by reads as well.</summary>
    public StateTtl RefreshedOnRead() => this with { Refresh = TtlRefresh.OnReadAndWrite };

    /// <summary>In words: <c>01:00:00 of event time since the last write</c>.</summary>
    public override string ToString() =>
        $"{Lifetime.ToString("c", CultureInfo.InvariantCulture)} of {(Time == TtlTime.EventTime ? "event time" : "processing time")} since the last {(Refresh == TtlRefresh.OnWrite ? "write" : "read or write")}";
}
