namespace Millrace.Tests.Runtime.Operators;

/// <summary>A record that says what the function does with its state.</summary>
sealed record Keep(int Key, Action<KeptProcess> Do);

/// <summary>A function that has every kind of state with one TTL, does what its records say, and shows its state when a timer fires.</summary>
sealed class KeptProcess(StateScope scope, StateTtl ttl) : IKeyedProcess<int, Keep, string>
{
    public ValueState<int> Value { get; } = scope.Value<int>("value", ttl);

    public ListState<int> List { get; } = scope.List<int>("list", ttl);

    public MapState<int, int> Map { get; } = scope.Map<int, int>("map", ttl);

    public ReducingState<int> Sum { get; } = scope.Reducing<int>("sum", static (a, b) => a + b, ttl);

    public AggregatingState<int, int> Count { get; } = scope.Aggregating<int, int, int>("count", static () => 0, static (n, _) => n + 1, static n => n, ttl);

    public EventTimerSet Timers { get; } = scope.EventTimerSet("timers");

    public void OnRecord(in Record<Keep> record, Output<string> output) => record.Value.Do(this);

    public void OnTimer(in Firing<int> firing, Output<string> output) => output.Emit($"{firing.Timestamp.Ticks}: {Value.GetOr(-1)}");

    /// <summary>Writes one state of each kind, or one of them.</summary>
    public static void Write(KeptProcess p, string kind)
    {
        switch (kind)
        {
            case "value": p.Value.Set(1); break;
            case "list": p.List.Add(1); break;
            case "map": p.Map.Set(1, 1); break;
            case "sum": p.Sum.Add(1); break;
            default: p.Count.Add(1); break;
        }
    }

    /// <summary>Reads it, and says whether there is any.</summary>
    public static bool Read(KeptProcess p, string kind) => kind switch
    {
        "value" => p.Value.TryGet(out _),
        "list" => p.List.ToArray().Length > 0,
        "map" => p.Map.TryGet(1, out _),
        "sum" => p.Sum.TryGet(out _),
        _ => p.Count.TryGet(out _),
    };
}
