using Millrace.State.Expiry;

namespace Millrace.State.Tables;

/// <content>The time of state with a TTL.</content>
public sealed partial class KeyedStateScope<TKey, TOps>
{
    TtlTimes? _ttl;

    /// <summary>Whether any state has a TTL.</summary>
    public bool HasTtl => _ttl is not null;

    /// <summary>Whether any state lives in event time, so that <see cref="Attribute"/> must be called.</summary>
    public bool HasEventTtl => _ttl is { HasEventTime: true };

    /// <summary>Values, elements and entries that were removed because their TTL was over.</summary>
    public long Expired => _snapshotRows?.Sum(static r => r.Expired) ?? _ttl?.Expired ?? 0;

    /// <summary>When <see cref="Sweep"/> must be called next; <see cref="Timestamp.MaxValue"/> for never.</summary>
    public Timestamp NextSweep => _ttl?.NextSweep ?? Timestamp.MaxValue;

    /// <summary>Event time, as state that lives in it sees it: the watermark, and while timers fire the deadline of the one that does. Never goes back.</summary>
    public void AdvanceTtl(Timestamp time) => _ttl?.Advance(time);

    /// <summary>What is kept from now on belongs to a record of this time, or, with <see cref="Timestamp.None"/>, to none.</summary>
    public void Attribute(Timestamp recordTime) => _ttl?.Attribute(recordTime);

    /// <summary>Looks at the clock of the machine, where a state lives by it. Once per batch.</summary>
    public void ReadTtlClock() => _ttl?.ReadClock();

    /// <summary>Looks for state that is over in some more rows.</summary>
    public void Sweep() => _ttl?.Sweep();

    Func<Timestamp> Clock => clock;

    ExpiringRows<TKey, T, TOps> Expiring<T>(string name, StateTtl ttl) => Expire(new ExpiringRows<TKey, T, TOps>(name, new(ttl, clock)));

    TState Expire<TState>(TState state) where TState : ISweptState
    {
        (_ttl ??= new()).Add(state);
        return state;
    }
}
