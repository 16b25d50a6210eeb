namespace Millrace.State.Expiry;

/// <summary>
/// The times of all states of one function that have a TTL: passes on where event time and the clock stand, and goes through their rows a
/// little at a time. Owned by one task; not thread-safe.
/// </summary>
sealed class TtlTimes
{
    /// <summary>Slots looked at in one go: a few microseconds, and some hundred if every row of them is over.</summary>
    public const int SweepSlots = 1_024;

    readonly List<RowTtl> _event = [];
    readonly List<RowTtl> _processing = [];
    readonly List<ISweptState> _states = [];

    /// <summary>Whether a state lives in event time.</summary>
    public bool HasEventTime => _event.Count > 0;

    /// <summary>What was removed because its time was over.</summary>
    public long Expired => _states.Sum(static s => s.Ttl.Expired);

    /// <summary>
    /// When the clock must be looked at for the sake of state that is over: at once while a pass is under way, and for a state on the clock
    /// when the next one is due. A pass in event time is begun by the watermark.
    /// </summary>
    public Timestamp NextSweep
    {
        get
        {
            Timestamp next = Timestamp.MaxValue;
            foreach (ISweptState state in _states)
            {
                if (state.Ttl.Sweeps.IsRunning) return Timestamp.MinValue;
                if (state.Ttl.Declared.Time == TtlTime.EventTime || state.RowCount == 0) continue;
                if (state.Ttl.Sweeps.NextAt < next) next = state.Ttl.Sweeps.NextAt;
            }

            return next;
        }
    }

    /// <summary>Adds a state.</summary>
    public void Add(ISweptState state)
    {
        _states.Add(state);
        (state.Ttl.Declared.Time == TtlTime.EventTime ? _event : _processing).Add(state.Ttl);
    }

    /// <summary>Event time has come to a moment.</summary>
    public void Advance(Timestamp time)
    {
        foreach (RowTtl ttl in _event) ttl.Advance(time.Ticks);
    }

    /// <summary>A record is handled next, or, without a timestamp, anything else.</summary>
    public void Attribute(Timestamp recordTime)
    {
        foreach (RowTtl ttl in _event) ttl.Attribute(recordTime);
    }

    /// <summary>Looks at the clock.</summary>
    public void ReadClock()
    {
        foreach (RowTtl ttl in _processing) ttl.ReadClock();
    }

    /// <summary>Looks for what is over in some more rows.</summary>
    public void Sweep()
    {
        int slots = SweepSlots;
        foreach (ISweptState state in _states)
        {
            RowTtl ttl = state.Ttl;
            if (slots <= 0) return;
            if (!ttl.Sweeps.TryBegin(ttl.Now, ttl.Limit.UpTo) || !state.Sweep(ref slots)) continue;
            ttl.Sweeps.End();
        }
    }
}
