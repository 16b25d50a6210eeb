namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// A job in two versions, with state of every kind: what the first leaves the second goes on with. Each number is one record; at the end of
/// the input every key writes what it has.
/// </summary>
static class EvolvingJob
{
    public const string Name = "evolving";
    public const int Keys = 7;

    static readonly Timestamp s_end = new(1_000_000);

    public static class Before
    {
        public enum Level { Low, High }

        public sealed record Total(int Sum, int Count, Level Level, string Note);

        public sealed record Sale(int Number, Place? At);

        public readonly record struct Place(short Row);

        public abstract record Mark
        {
            Mark()
            {
            }

            public sealed record Even(int Number) : Mark;

            public sealed record Odd(int Number) : Mark;
        }
    }

    public static class After
    {
        public enum Level { Middle, High, [FormerName("Low")] Small }

        public sealed record Total(long Count, [FormerName("Sum")] decimal Amount, Level Level, string? Reason, int Version = 2);

        public sealed record Sale(long? Number, Place? At, bool IsOnline = false);

        public sealed record Place(int Row, string? Shop);

        public abstract record Mark
        {
            Mark()
            {
            }

            public sealed record Even(long Number) : Mark;

            public sealed record None : Mark;

            public sealed record Odd(long Number) : Mark;
        }
    }

    /// <summary>Types that the state of <see cref="Before"/> cannot be read as.</summary>
    public static class Broken
    {
        public sealed record Total(string Sum, int Count);
    }

    public static Dataflow FlowBefore(HeldSource source, ModelTable table)
    {
        (Dataflow flow, DataStream<int> numbers) = Numbers(source);
        DataStream<string> states = numbers.KeyBy(static n => n % Keys).Process("states", static state => new FunctionBefore(state));
        DataStream<string> windows = numbers.KeyBy(static n => n % Keys).Window(Tumbling.Of(TimeSpan.FromHours(1))).Aggregate(
            "windows", seed: static () => new Before.Total(0, 0, Before.Level.Low, ""), add: static (ref total, in n) => total = total with { Sum = total.Sum + n.Value, Count = total.Count + 1 },
            merge: static (a, b) => a with { Sum = a.Sum + b.Sum, Count = a.Count + b.Count }, emit: static w => $"window {w.Key} {w.Value.Sum} {w.Value.Count}");
        DataStream<string> lists = numbers.Rebalance().Process<string>("lists", static scope => new ListsBefore(scope));
        states.Union(windows, lists).Sink("out", new ModelSink(table));
        return flow;
    }

    public static Dataflow FlowAfter(HeldSource source, ModelTable table)
    {
        (Dataflow flow, DataStream<int> numbers) = Numbers(source);
        DataStream<string> states = numbers.KeyBy(static n => (long)(n % Keys)).Process("states", static state => new FunctionAfter(state));
        DataStream<string> windows = numbers.KeyBy(static n => (long)(n % Keys)).Window(Tumbling.Of(TimeSpan.FromHours(1))).Aggregate(
            "windows", seed: static () => new After.Total(0, 0, After.Level.Small, null), add: static (ref total, in n) => total = total with { Amount = total.Amount + n.Value, Count = total.Count + 1 },
            merge: static (a, b) => a with { Amount = a.Amount + b.Amount, Count = a.Count + b.Count }, emit: static w => $"window {w.Key} {w.Value.Amount} {w.Value.Count}");
        DataStream<string> lists = numbers.Rebalance().Process<string>("lists", static scope => new ListsAfter(scope));
        states.Union(windows, lists).Sink("out", new ModelSink(table));
        return flow;
    }

    public static Dataflow FlowBroken(HeldSource source, ModelTable table)
    {
        (Dataflow flow, DataStream<int> numbers) = Numbers(source);
        numbers.KeyBy(static n => $"{n % Keys}").Process("states", static state => new FunctionBroken(state)).Sink("out", new ModelSink(table));
        return flow;
    }

    /// <summary>What the second version writes at the end, in order of the text, when the first has read some of the numbers.</summary>
    public static IEnumerable<string> Answer(int count)
    {
        List<string> lines = [];
        for (int key = 0; key < Keys; key++)
        {
            int[] own = [.. Enumerable.Range(0, count).Where(n => n % Keys == key)];
            lines.Add($"state {key} {own.Sum()} {own.Length} Small; {string.Join(",", own)}; {string.Join(",", own.GroupBy(static n => n % 3).OrderBy(static g => g.Key).Select(static g => $"{g.Key}:{g.Count()}"))}; {own.Max()}; {own.Length}; {own.Count(static n => n % 2 == 0)}");
            lines.Add($"window {key} {own.Sum()} {own.Length}");
        }

        return lines.Order(StringComparer.Ordinal);
    }

    static (Dataflow Flow, DataStream<int> Numbers) Numbers(HeldSource source)
    {
        Dataflow flow = new(Name);
        return (flow, flow.Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).WithParallelism(1));
    }

    sealed class FunctionBefore(StateScope state) : IKeyedProcess<int, int, string>
    {
        readonly ValueState<Before.Total> _total = state.Value<Before.Total>("total");
        readonly ListState<Before.Sale> _sales = state.List<Before.Sale>("sales");
        readonly MapState<short, Before.Sale[]> _rests = state.Map<short, Before.Sale[]>("rests");
        readonly ReducingState<int> _largest = state.Reducing<int>("largest", Math.Max);
        readonly AggregatingState<int, int> _count = state.Aggregating<int, short, int>("count", static () => 0, static (n, _) => (short)(n + 1), static n => n);
        readonly ValueState<Before.Mark[]> _marks = state.Value<Before.Mark[]>("marks");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");
        readonly EventTimer _last = state.EventTimer("last");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            int n = record.Value;
            Before.Total total = _total.TryGet(out Before.Total? had) ? had : new(0, 0, Before.Level.Low, "dropped later");
            _total.Set(total with { Sum = total.Sum + n, Count = total.Count + 1 });
            _sales.Add(new(n, n % 5 == 0 ? null : new((short)n)));
            short rest = (short)(n % 3);
            _rests.Set(rest, [.. _rests.TryGet(rest, out Before.Sale[]? sales) ? sales : [], new(n, null)]);
            _largest.Add(n);
            _count.Add(n);
            _marks.Set([.. _marks.TryGet(out Before.Mark[]? marks) ? marks : [], n % 2 == 0 ? new Before.Mark.Even(n) : new Before.Mark.Odd(n)]);
            _ends.Add(s_end);
            _last.Set(s_end);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output) => output.Emit("the first version ended");
    }

    sealed class FunctionAfter(StateScope state) : IKeyedProcess<long, int, string>
    {
        readonly ValueState<After.Total> _total = state.Value<After.Total>("total");
        readonly ListState<After.Sale> _sales = state.List<After.Sale>("sales");
        readonly MapState<int, List<After.Sale>> _rests = state.Map<int, List<After.Sale>>("rests");
        readonly ReducingState<long> _largest = state.Reducing<long>("largest", Math.Max);
        readonly AggregatingState<int, long> _count = state.Aggregating<int, long, long>("count", static () => 0, static (n, _) => n + 1, static n => n);
        readonly ValueState<After.Mark[]> _marks = state.Value<After.Mark[]>("marks");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");
        readonly EventTimer _last = state.EventTimer("last");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            int n = record.Value;
            After.Total total = _total.TryGet(out After.Total? had) ? had : new(0, 0, After.Level.Small, null);
            _total.Set(total with { Amount = total.Amount + n, Count = total.Count + 1 });
            _sales.Add(new(n, new(n, "here")));
            _rests.Set(n % 3, [.. _rests.TryGet(n % 3, out List<After.Sale>? sales) ? sales : [], new(n, null)]);
            _largest.Add(n);
            _count.Add(n);
            _marks.Set([.. _marks.TryGet(out After.Mark[]? marks) ? marks : [], n % 2 == 0 ? new After.Mark.Even(n) : new After.Mark.Odd(n)]);
            _ends.Add(s_end);
        }

        public void OnTimer(in Firing<long> firing, Output<string> output)
        {
            // The timer of the first version fires too, and only where that had set it.
            if (ReferenceEquals(firing.Timer, _last)) return;
            _total.TryGet(out After.Total? total);
            string rests = string.Join(",", _rests.ToArray().Select(static r => (r.Key, r.Value.Count)).OrderBy(static r => r.Key).Select(static r => $"{r.Key}:{r.Count}"));
            _largest.TryGet(out long largest);
            _count.TryGet(out long count);
            _marks.TryGet(out After.Mark[]? marks);
            output.Emit($"state {firing.Key} {total!.Amount} {total.Count} {total.Level}; {string.Join(",", _sales.ToArray().Select(static s => s.Number))}; {rests}; {largest}; {count}; {marks!.Count(static m => m is After.Mark.Even)}");
        }
    }

    sealed class FunctionBroken(StateScope state) : IKeyedProcess<string, int, string>
    {
        readonly ValueState<Broken.Total> _total = state.Value<Broken.Total>("total");
        readonly MapState<short, int> _sales = state.Map<short, int>("sales");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            _total.Clear();
            _sales.Clear();
        }
    }

    sealed class ListsBefore(OperatorScope scope) : IProcess<int, string>
    {
        readonly OperatorList<Before.Sale> _split = scope.SplitList<Before.Sale>("split");

        public void OnRecord(in Record<int> record, Output<string> output) => _split.Add(new(record.Value, new(3)));
    }

    sealed class ListsAfter(OperatorScope scope) : IProcess<int, string>
    {
        readonly OperatorList<After.Sale> _split = scope.SplitList<After.Sale>("split");

        public void OnRecord(in Record<int> record, Output<string> output) => _split.Add(new(record.Value, new(3, null)));

        public void OnEnd(Output<string> output)
        {
            foreach (After.Sale sale in _split.ToArray()) output.Emit($"split {sale.Number} {sale.At?.Row}");
        }
    }
}
