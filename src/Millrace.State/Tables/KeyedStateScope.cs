using Millrace.State.Expiry;
using Millrace.State.Snapshots;
using Millrace.State.Timers;

namespace Millrace.State.Tables;

/// <summary>The state and timers of one keyed function of one task: made as the function's constructor declares them. Not thread-safe.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TOps">The key type's operations.</typeparam>
/// <param name="clock">The clock of the machine.</param>
public sealed partial class KeyedStateScope<TKey, TOps>(Func<Timestamp> clock) : StateScope where TOps : struct, IKeyOps<TKey>
{
    readonly StateDeclarations _declared = new();
    readonly List<IKeyedRows> _rows = [];
    readonly List<ISnapshotState> _states = [];
    ISnapshotRows[]? _snapshotRows;
    Timestamp _watermark = Timestamp.None;

    /// <summary>Which key the function is called for.</summary>
    public KeyContext<TKey> Context { get; } = new();

    /// <summary>The timers in event time.</summary>
    public TimerQueue<TKey> EventTimers { get; } = new();

    /// <summary>The timers on the clock of the machine.</summary>
    public TimerQueue<TKey> ProcessingTimers { get; } = new();

    /// <summary>Everything declared, in order of declaration.</summary>
    public IReadOnlyList<StateDeclaration> Declarations => _declared.All;

    /// <inheritdoc/>
    public override Timestamp CurrentWatermark
    {
        get
        {
            _declared.RequireClosed(nameof(CurrentWatermark));
            return _watermark;
        }
    }

    /// <inheritdoc/>
    public override Timestamp CurrentProcessingTime
    {
        get
        {
            _declared.RequireClosed(nameof(CurrentProcessingTime));
            return clock();
        }
    }

    /// <summary>All states and timers as snapshots see them, in order of declaration. Asked for before the first record, in jobs that take snapshots.</summary>
    /// <exception cref="UnsupportedTypeException">A type cannot be stored.</exception>
    public IReadOnlyList<ISnapshotRows> SnapshotRows => _snapshotRows ??= [.. _states.Select(s => s.OpenSnapshots())];

    /// <summary>All rows were restored: takes up event time, and makes the queues of timers.</summary>
    /// <param name="watermark">Where event time stood.</param>
    public void OnRestored(Timestamp watermark)
    {
        _watermark = watermark;
        AdvanceTtl(watermark);
        EventTimers.OnRestored();
        ProcessingTimers.OnRestored();
    }

    /// <summary>The function's constructor has returned: nothing more can be declared.</summary>
    public void Close() => _declared.Close();

    /// <summary>Event time has advanced.</summary>
    public void SetWatermark(Timestamp watermark) => _watermark = watermark;

    /// <summary>Asks the memory for the rows of the next keys, in the tables too large for the near caches.</summary>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (IKeyedRows rows in _rows)
        {
            if (rows.IsLarge) rows.Prefetch(hashes);
        }
    }

    /// <inheritdoc/>
    public override ValueState<T> Value<T>(string name, StateTtl? ttl = null)
    {
        _declared.Add(new(StateKind.Value, name, typeof(T), Ttl: ttl));
        if (ttl is not null) return Keep(new ExpiringValueState<TKey, T, TOps>(name, Context, Expiring<T>(name, ttl)));
        return Keep(new TableValueState<TKey, T, TOps>(name, Context));
    }

    /// <inheritdoc/>
    public override ListState<T> List<T>(string name, StateTtl? ttl = null)
    {
        _declared.Add(new(StateKind.List, name, typeof(T), Ttl: ttl));
        if (ttl is not null) return Keep(new ExpiringListState<TKey, T, TOps>(name, Context, Expire(new ExpiringLists<TKey, T, TOps>(name, new(ttl, clock), new()))));
        return Keep(new TableListState<TKey, T, TOps>(name, Context));
    }

    /// <inheritdoc/>
    /// <exception cref="UnsupportedTypeException"><typeparamref name="TMapKey"/> cannot be a key.</exception>
    public override MapState<TMapKey, TValue> Map<TMapKey, TValue>(string name, StateTtl? ttl = null)
    {
        _declared.Add(new(StateKind.Map, name, typeof(TValue), typeof(TMapKey), ttl));
        IReadOnlyList<TypeProblem> problems = KeyTypes.Problems(typeof(TMapKey));
        if (problems.Count > 0) throw new UnsupportedTypeException(typeof(TMapKey), $"a key of the map '{name}'", problems);
        (MapState<TMapKey, TValue> map, ISnapshotState state) = KeyTypes.Of<TMapKey>().Accept(new MapMaker<TMapKey, TValue>(name, this, ttl));
        _states.Add(state);
        return map;
    }

    /// <inheritdoc/>
    public override ReducingState<T> Reducing<T>(string name, Func<T, T, T> reduce, StateTtl? ttl = null)
    {
        ArgumentNullException.ThrowIfNull(reduce);
        _declared.Add(new(StateKind.Reducing, name, typeof(T), Ttl: ttl));
        if (ttl is not null) return Keep(new ExpiringReducingState<TKey, T, TOps>(name, Context, Expiring<T>(name, ttl), reduce));
        return Keep(new TableReducingState<TKey, T, TOps>(name, Context, reduce));
    }

    /// <inheritdoc/>
    public override AggregatingState<TIn, TOut> Aggregating<TIn, TAccumulator, TOut>(
        string name, Func<TAccumulator> seed, Func<TAccumulator, TIn, TAccumulator> add, Func<TAccumulator, TOut> result, StateTtl? ttl = null)
    {
        ArgumentNullException.ThrowIfNull(seed);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(result);
        _declared.Add(new(StateKind.Aggregating, name, typeof(TAccumulator), Ttl: ttl));
        if (ttl is not null)
            return Keep(new ExpiringAggregatingState<TKey, TIn, TAccumulator, TOut, TOps>(name, Context, Expiring<TAccumulator>(name, ttl), seed, add, result));
        return Keep(new TableAggregatingState<TKey, TIn, TAccumulator, TOut, TOps>(name, Context, seed, add, result));
    }

    /// <inheritdoc/>
    public override EventTimer EventTimer(string name)
    {
        _declared.Add(new(StateKind.EventTimer, name));
        QueuedEventTimer<TKey, TOps> timer = new(name, EventTimers, Context);
        _rows.Add(timer.Timers);
        _states.Add(timer.Timers);
        return timer;
    }

    /// <inheritdoc/>
    public override EventTimerSet EventTimerSet(string name)
    {
        _declared.Add(new(StateKind.EventTimerSet, name));
        QueuedEventTimerSet<TKey, TOps> timers = new(name, EventTimers, Context);
        _states.Add(timers.Timers);
        return timers;
    }

    /// <inheritdoc/>
    public override ProcessingTimer ProcessingTimer(string name)
    {
        _declared.Add(new(StateKind.ProcessingTimer, name));
        QueuedProcessingTimer<TKey, TOps> timer = new(name, ProcessingTimers, Context);
        _rows.Add(timer.Timers);
        _states.Add(timer.Timers);
        return timer;
    }

    /// <inheritdoc/>
    public override ProcessingTimerSet ProcessingTimerSet(string name)
    {
        _declared.Add(new(StateKind.ProcessingTimerSet, name));
        QueuedProcessingTimerSet<TKey, TOps> timers = new(name, ProcessingTimers, Context);
        _states.Add(timers.Timers);
        return timers;
    }

    TState Keep<TState>(TState state) where TState : IKeyedRows, ISnapshotState
    {
        _rows.Add(state);
        _states.Add(state);
        return state;
    }

    sealed class MapMaker<TMapKey, TValue>(string name, KeyedStateScope<TKey, TOps> scope, StateTtl? ttl)
        : IKeyOpsVisitor<TMapKey, (MapState<TMapKey, TValue> Map, ISnapshotState State)>
        where TMapKey : notnull
    {
        public (MapState<TMapKey, TValue> Map, ISnapshotState State) Visit<TMapOps>() where TMapOps : struct, IKeyOps<TMapKey>
        {
            if (ttl is not null)
            {
                ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps> maps = scope.Expire(new ExpiringMaps<TKey, TMapKey, TValue, TOps, TMapOps>(name, scope.Context, new(ttl, scope.Clock)));
                ExpiringMapState<TKey, TMapKey, TValue, TOps, TMapOps> expiring = new(name, scope.Context, maps);
                return (expiring, expiring);
            }

            TableMapState<TKey, TMapKey, TValue, TOps, TMapOps> map = new(name, scope.Context);
            return (map, map);
        }
    }
}
