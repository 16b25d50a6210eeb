namespace Millrace.Testing;

/// <summary>
/// A clock that moves only when told to. Timers fire on the thread that moves it, in order of their due times and, at the same time, in
/// the order they were set; while one fires, the clock shows its due time. A timer that is due at once fires when it is set. Thread-safe.
/// </summary>
/// <param name="start">What it shows first; <see cref="DefaultStart"/> unless given.</param>
public sealed class ManualTimeProvider(DateTimeOffset? start = null) : TimeProvider
{
    readonly Lock _lock = new();   // guards everything below, and the fields of timers
    readonly List<ManualTimer> _timers = [];
    long _nowTicks = (start ?? DefaultStart).UtcTicks;
    long _changes;

    /// <summary>Midnight, 2000-01-01, UTC: the day that <see cref="TestTime"/> puts times of day on.</summary>
    public static DateTimeOffset DefaultStart { get; } = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>When the next timer is due; null when none is set.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            lock (_lock) return Earliest() is { } timer ? new DateTimeOffset(timer.DueTicks, TimeSpan.Zero) : null;
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref _nowTicks), TimeSpan.Zero);

    /// <inheritdoc/>
    public override long GetTimestamp() => Interlocked.Read(ref _nowTicks);

    /// <summary>Moves the clock on and fires what is due on the way.</summary>
    /// <param name="time">Zero or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="time"/> is negative.</exception>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        SetUtcNow(GetUtcNow() + time);
    }

    /// <summary>Sets the clock and fires what is due on the way.</summary>
    /// <param name="value">Not before the present.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="value"/> is before the present.</exception>
    public void SetUtcNow(DateTimeOffset value)
    {
        if (value < GetUtcNow())
            throw new ArgumentOutOfRangeException(nameof(value), value, $"the clock shows {GetUtcNow():O} already and never goes back");
        while (TakeDue(value.UtcTicks) is { } timer) timer.Fire();
        lock (_lock) _nowTicks = Math.Max(_nowTicks, value.UtcTicks);
    }

    /// <inheritdoc/>
    public override System.Threading.ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ManualTimer timer = new(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    ManualTimer? TakeDue(long untilTicks)
    {
        lock (_lock)
        {
            if (Earliest() is not { } timer || timer.DueTicks > untilTicks) return null;
            _nowTicks = Math.Max(_nowTicks, timer.DueTicks);
            if (timer.PeriodTicks > 0) Set(timer, timer.DueTicks + timer.PeriodTicks);
            else _timers.Remove(timer);
            return timer;
        }
    }

    ManualTimer? Earliest()
    {
        ManualTimer? earliest = null;
        foreach (ManualTimer timer in _timers)
        {
            if (earliest is null || (timer.DueTicks, timer.Order).CompareTo((earliest.DueTicks, earliest.Order)) < 0) earliest = timer;
        }

        return earliest;
    }

    void Set(ManualTimer timer, long dueTicks)
    {
        timer.DueTicks = dueTicks;
        timer.Order = ++_changes;
    }

    sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : System.Threading.ITimer
    {
        bool _isDisposed;

        public long DueTicks { get; set; }

        public long Order { get; set; }

        public long PeriodTicks { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_isDisposed) return false;
                clock._timers.Remove(this);
                PeriodTicks = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                clock.Set(this, clock._nowTicks + dueTime.Ticks + (dueTime == TimeSpan.Zero ? PeriodTicks : 0));
                if (dueTime != TimeSpan.Zero || PeriodTicks > 0) clock._timers.Add(this);
            }

            if (dueTime == TimeSpan.Zero) Fire();
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock)
            {
                _isDisposed = true;
                clock._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
