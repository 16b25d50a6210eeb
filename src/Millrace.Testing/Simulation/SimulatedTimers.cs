namespace Millrace.Testing.Simulation;

/// <summary>The timers of a world, in order of when they are due and, at the same time, of when they were set. Used by one thread.</summary>
sealed class SimulatedTimers
{
    readonly PriorityQueue<(SimulatedTimer Timer, long Version), (long Due, long Order)> _queue = new();
    long _order;

    /// <summary>When the next is due; null when none is set.</summary>
    public long? NextDue
    {
        get
        {
            DropStale();
            return _queue.TryPeek(out _, out (long Due, long Order) at) ? at.Due : null;
        }
    }

    /// <summary>Sets a timer.</summary>
    public void Set(SimulatedTimer timer, long due) => _queue.Enqueue((timer, timer.Version), (due, _order++));

    /// <summary>Takes the next one.</summary>
    public SimulatedTimer Take()
    {
        DropStale();
        return _queue.Dequeue().Timer;
    }

    void DropStale()
    {
        while (_queue.TryPeek(out (SimulatedTimer Timer, long Version) entry, out _) && entry.Timer.Version != entry.Version) _queue.Dequeue();
    }
}

/// <summary>A timer of a process, or of the world itself.</summary>
/// <param name="world">The world.</param>
/// <param name="process">The process whose clock it is; null for none.</param>
/// <param name="callback">What it does.</param>
/// <param name="state">Handed to it.</param>
sealed class SimulatedTimer(SimulatedWorld world, SimulatedProcess? process, TimerCallback callback, object? state) : System.Threading.ITimer
{
    TimeSpan _period = Timeout.InfiniteTimeSpan;
    bool _isDisposed;

    /// <summary>Changes whenever what is in line for it does not count any more.</summary>
    public long Version { get; private set; }

    /// <inheritdoc/>
    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_isDisposed) return false;
        Version++;
        _period = period;
        if (dueTime != Timeout.InfiniteTimeSpan) world.Timers.Set(this, world.Now + dueTime.Ticks);
        return true;
    }

    /// <summary>It is due.</summary>
    public void Fire()
    {
        Version++;
        if (_period != Timeout.InfiniteTimeSpan && _period > TimeSpan.Zero) world.Timers.Set(this, world.Now + _period.Ticks);
        if (process is null) callback(state);
        else process.Do(() => callback(state));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        Version++;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>The clock of a process: that of the world, set wrong.</summary>
/// <param name="world">The world.</param>
/// <param name="process">The process; null for the world's own clock.</param>
/// <param name="skew">How much it is ahead.</param>
sealed class SimulatedTime(SimulatedWorld world, SimulatedProcess? process, TimeSpan skew) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => ManualTimeProvider.DefaultStart + TimeSpan.FromTicks(world.Now) + skew;

    /// <inheritdoc/>
    public override long GetTimestamp() => world.Now;

    /// <inheritdoc/>
    public override System.Threading.ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        SimulatedTimer timer = new(world, process, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }
}
