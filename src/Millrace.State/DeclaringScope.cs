using Millrace.State.Tables;

namespace Millrace.State;

/// <summary>
/// Records what a keyed function declares, while planning. Its handles are real ones that are never on a key, so that any use of them fails
/// as use outside a call does.
/// </summary>
public sealed class DeclaringScope : StateScope
{
    // The type of the keys does not matter: there are none.
    readonly KeyedStateScope<bool, BooleanKeyOps> _scope = new(static () => Timestamp.None);

    /// <summary>Everything declared, in order of declaration.</summary>
    public IReadOnlyList<StateDeclaration> Declarations => _scope.Declarations;

    /// <summary>Whether there are timers in event time, so that the input must have it.</summary>
    public bool HasEventTimers => Declarations.Any(static declaration => declaration.IsEventTimer);

    /// <summary>Whether there is state that lives in event time, so that the input must have it.</summary>
    public bool HasEventTtl => Declarations.Any(static declaration => declaration.Ttl is { Time: TtlTime.EventTime });

    /// <summary>Whether there are timers on the clock of the machine.</summary>
    public bool HasProcessingTimers => Declarations.Any(static declaration => declaration.IsProcessingTimer);

    /// <inheritdoc/>
    public override Timestamp CurrentWatermark => throw OutsideCall(nameof(CurrentWatermark));

    /// <inheritdoc/>
    public override Timestamp CurrentProcessingTime => throw OutsideCall(nameof(CurrentProcessingTime));

    /// <summary>The function's constructor has returned: nothing more can be declared.</summary>
    public void Close() => _scope.Close();

    /// <inheritdoc/>
    public override ValueState<T> Value<T>(string name, StateTtl? ttl = null) => _scope.Value<T>(name, ttl);

    /// <inheritdoc/>
    public override ListState<T> List<T>(string name, StateTtl? ttl = null) => _scope.List<T>(name, ttl);

    /// <inheritdoc/>
    /// <exception cref="UnsupportedTypeException"><typeparamref name="TMapKey"/> cannot be a key.</exception>
    public override MapState<TMapKey, TValue> Map<TMapKey, TValue>(string name, StateTtl? ttl = null) => _scope.Map<TMapKey, TValue>(name, ttl);

    /// <inheritdoc/>
    public override ReducingState<T> Reducing<T>(string name, Func<T, T, T> reduce, StateTtl? ttl = null) => _scope.Reducing(name, reduce, ttl);

    /// <inheritdoc/>
    public override AggregatingState<TIn, TOut> Aggregating<TIn, TAccumulator, TOut>(
        string name, Func<TAccumulator> seed, Func<TAccumulator, TIn, TAccumulator> add, Func<TAccumulator, TOut> result, StateTtl? ttl = null) =>
        _scope.Aggregating(name, seed, add, result, ttl);

    /// <inheritdoc/>
    public override EventTimer EventTimer(string name) => _scope.EventTimer(name);

    /// <inheritdoc/>
    public override EventTimerSet EventTimerSet(string name) => _scope.EventTimerSet(name);

    /// <inheritdoc/>
    public override ProcessingTimer ProcessingTimer(string name) => _scope.ProcessingTimer(name);

    /// <inheritdoc/>
    public override ProcessingTimerSet ProcessingTimerSet(string name) => _scope.ProcessingTimerSet(name);

    static InvalidOperationException OutsideCall(string property) =>
        new($"{property} is read while the job is planned; read it in OnRecord or OnTimer");
}
