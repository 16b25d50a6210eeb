namespace Millrace.Tests.Runtime.Operators;

/// <summary>A record that says what the function does with it.</summary>
sealed record Act(int Key, Action<ActedProcess> Do);

/// <summary>A function that does what its records say, and emits what fires.</summary>
sealed class ActedProcess(StateScope scope) : IKeyedProcess<int, Act, string>
{
    public StateScope Scope { get; } = scope;

    public EventTimer One { get; } = scope.EventTimer("one");

    public EventTimer Two { get; } = scope.EventTimer("two");

    public EventTimerSet Many { get; } = scope.EventTimerSet("many");

    public ProcessingTimer Clock { get; } = scope.ProcessingTimer("clock");

    public ProcessingTimerSet Clocks { get; } = scope.ProcessingTimerSet("clocks");

    public ValueState<int> Count { get; } = scope.Value<int>("count");

    /// <summary>Runs when a timer fires, before it is emitted.</summary>
    public Action<IKeyedTimer, Timestamp>? Fires { get; set; }

    public void OnRecord(in Record<Act> record, Output<string> output) => record.Value.Do(this);

    public void OnTimer(in Firing<int> firing, Output<string> output)
    {
        Fires?.Invoke(firing.Timer, firing.Timestamp);
        output.Emit($"{firing.Timer.Name} {firing.Key} {firing.Timestamp.Ticks}");
    }
}
