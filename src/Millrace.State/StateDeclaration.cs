namespace Millrace.State;

/// <summary>The kinds of state and timers a keyed function can declare.</summary>
public enum StateKind
{
    /// <summary>A <see cref="ValueState{T}"/>.</summary>
    Value,

    /// <summary>A <see cref="ListState{T}"/>.</summary>
    List,

    /// <summary>A <see cref="MapState{TMapKey, TValue}"/>.</summary>
    Map,

    /// <summary>A <see cref="ReducingState{T}"/>.</summary>
    Reducing,

    /// <summary>An <see cref="AggregatingState{TIn, TOut}"/>.</summary>
    Aggregating,

    /// <summary>An <see cref="Millrace.EventTimer"/>.</summary>
    EventTimer,

    /// <summary>An <see cref="Millrace.EventTimerSet"/>.</summary>
    EventTimerSet,

    /// <summary>A <see cref="Millrace.ProcessingTimer"/>.</summary>
    ProcessingTimer,

    /// <summary>A <see cref="Millrace.ProcessingTimerSet"/>.</summary>
    ProcessingTimerSet,

    /// <summary>A list of <see cref="OperatorScope.SplitList"/>.</summary>
    SplitList,

    /// <summary>A list of <see cref="OperatorScope.UnionList"/>.</summary>
    UnionList,

    /// <summary>A list of <see cref="OperatorScope.BroadcastList"/>.</summary>
    BroadcastList,
}

/// <summary>One state or timer of a keyed function, as declared.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Unique within the operator, whatever the kind.</param>
/// <param name="ValueType">What is stored: the value, element, map value or accumulator. Null for timers.</param>
/// <param name="MapKeyType">The type of a map's keys; null for all other kinds.</param>
/// <param name="Ttl">How long it is kept; null for ever.</param>
public sealed record StateDeclaration(StateKind Kind, string Name, Type? ValueType = null, Type? MapKeyType = null, StateTtl? Ttl = null)
{
    /// <summary>Whether it is a timer in event time.</summary>
    public bool IsEventTimer => Kind is StateKind.EventTimer or StateKind.EventTimerSet;

    /// <summary>Whether it is a timer on the clock of the machine.</summary>
    public bool IsProcessingTimer => Kind is StateKind.ProcessingTimer or StateKind.ProcessingTimerSet;
}
