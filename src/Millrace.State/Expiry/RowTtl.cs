namespace Millrace.State.Expiry;

/// <summary>Up to which stamp rows are over, at one moment.</summary>
/// <param name="UpTo">The newest stamp that is over; <see cref="RowTtl.Unstamped"/> for none.</param>
/// <param name="Began">What stands in for the stamp of what was kept before there was any time.</param>
readonly record struct TtlLimit(long UpTo, long Began)
{
    /// <summary>Nothing is over.</summary>
    public static TtlLimit None => new(RowTtl.Unstamped, RowTtl.Unstamped);

    /// <summary>Whether what has this stamp is over.</summary>
    public bool IsOver(long stamp) => stamp <= UpTo && (stamp != RowTtl.Unstamped || (Began != RowTtl.Unstamped && Began <= UpTo));
}

/// <summary>
/// The time of one state with a TTL: what is over now, and what is kept now is stamped with. A stamp is the time of the last renewal, not of
/// the end, so that another lifetime means something for rows that are there already. Owned by one task; not thread-safe.
/// </summary>
/// <param name="declared">The TTL.</param>
/// <param name="clock">The clock of the machine.</param>
sealed class RowTtl(StateTtl declared, Func<Timestamp> clock)
{
    /// <summary>The stamp of what was kept before there was any time: it counts from the first there is.</summary>
    public const long Unstamped = long.MinValue;

    long _now = Unstamped;
    long _upTo = Unstamped;
    long _began = Unstamped;

    /// <summary>The TTL.</summary>
    public StateTtl Declared => declared;

    /// <summary>Whether reads renew.</summary>
    public bool IsRefreshedOnRead { get; } = declared.Refresh == TtlRefresh.OnReadAndWrite;

    /// <summary>Where time stands; <see cref="Unstamped"/> before there is any.</summary>
    public long Now => _now;

    /// <summary>What is kept now is stamped with.</summary>
    public long Stamp { get; private set; } = Unstamped;

    /// <summary>What is over now.</summary>
    public TtlLimit Limit => new(_upTo, _began);

    /// <summary>When to go through the rows.</summary>
    public SweepSchedule Sweeps { get; } = new(declared.Lifetime);

    /// <summary>Values, elements and entries that were removed because their time was over.</summary>
    public long Expired { get; set; }

    /// <summary>Whether what has this stamp is over now.</summary>
    public bool IsOver(long stamp) => stamp <= _upTo && Limit.IsOver(stamp);

    /// <summary>The stamp after a renewal now: time that was granted is not taken away by an earlier record.</summary>
    public long Renewed(long stamp) => Math.Max(stamp, Stamp);

    /// <summary>A stamp as one that can be compared with others.</summary>
    public long Counted(long stamp) => stamp == Unstamped ? _began : stamp;

    /// <summary>Time has come to a moment. It never goes back.</summary>
    public void Advance(long now)
    {
        if (now <= _now) return;
        if (_now == Unstamped) _began = now;
        _now = now;
        Timestamp upTo = new Timestamp(now) - declared.Lifetime;
        _upTo = upTo == Timestamp.MinValue ? Unstamped : upTo.Ticks;
        if (Stamp < now) Stamp = now;
    }

    /// <summary>Looks at the clock, where that is the time that counts.</summary>
    public void ReadClock()
    {
        if (declared.Time == TtlTime.ProcessingTime) Advance(clock().Ticks);
    }

    /// <summary>What is kept from now on belongs to a record of this time, or to no record.</summary>
    /// <param name="recordTime">Event time; <see cref="Timestamp.None"/> for no record.</param>
    public void Attribute(Timestamp recordTime) => Stamp = Math.Max(recordTime.Ticks, _now);
}
