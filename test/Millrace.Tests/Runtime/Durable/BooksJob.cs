namespace Millrace.Tests.Runtime.Durable;

/// <summary>How the books of a job hold a total.</summary>
/// <param name="Empty">That of no numbers.</param>
/// <param name="Add">With a number more.</param>
/// <param name="Text">What the answer shows of it.</param>
sealed record TotalForm<TTotal>(Func<TTotal> Empty, Func<TTotal, int, TTotal> Add, Func<TTotal, string> Text);

/// <summary>The sum of some numbers and how many they are.</summary>
sealed record BookTotal(int Sum, int Count)
{
    public static readonly TotalForm<BookTotal> Form = new(static () => new(0, 0), static (t, n) => new(t.Sum + n, t.Count + 1), static t => $"{t.Sum}/{t.Count}");
}

/// <summary>
/// A job with every kind of keyed state, which tells at the deadline of a timer all that it has by then; for starts from savepoints that no job took. Numbers are their own event time.
/// A timer that is not in the savepoint does not fire, so that nothing is told twice and nothing by itself.
/// </summary>
static class BooksJob
{
    public const string Name = "books";

    /// <summary>When the books are told: later than every number.</summary>
    public const long End = 100_000;

    public static Dataflow Flow<TKey>(HeldSource source, ModelTable table, Func<int, TKey> keyOf, string id = "books", StateTtl? ttl = null)
        where TKey : notnull => Flow(source, table, keyOf, BookTotal.Form, id, ttl);

    /// <param name="source">The numbers.</param>
    /// <param name="table">Receives the answer.</param>
    /// <param name="keyOf">The book that a number goes into.</param>
    /// <param name="form">How totals are held.</param>
    /// <param name="id">The operator.</param>
    /// <param name="ttl">The TTL of what is recent; null for state that is kept for good.</param>
    public static Dataflow Flow<TKey, TTotal>(HeldSource source, ModelTable table, Func<int, TKey> keyOf, TotalForm<TTotal> form, string id = "books", StateTtl? ttl = null)
        where TKey : notnull
    {
        Dataflow flow = new(Name);
        flow.Source("numbers", source, WatermarkStrategy.Monotonous<int>(static n => new Timestamp(n))).WithParallelism(1)
            .KeyBy(keyOf).Process(id, state => new Function<TKey, TTotal>(state, form, ttl)).Sink("out", new ModelSink(table));
        return flow;
    }

    /// <summary>The line of a book.</summary>
    public static string Line(object key, IReadOnlyList<int> numbers, IEnumerable<int>? recent = null, string? total = null)
    {
        string rests = string.Join(",", numbers.GroupBy(static n => $"r{n % 3}").Select(static g => $"{g.Key}:{g.Sum()}").Order(StringComparer.Ordinal));
        string all = string.Join(",", recent ?? numbers);
        return $"{key}: {total ?? $"{numbers.Sum()}/{numbers.Count}"}; {string.Join(",", numbers)}; {rests}; {numbers.Max()}; {numbers.Count}; {all}; {all}";
    }

    /// <summary>The line of a mark.</summary>
    public static string Mark(object key, long deadline) => $"{key} mark {deadline}";

    /// <summary>A job that folds numbers by their remainder, and tells every step.</summary>
    public static Dataflow FoldFlow(HeldSource source, ModelTable table, int keys)
    {
        Dataflow flow = new(Name);
        flow.Source("numbers", source).WithParallelism(1).KeyBy(n => n % keys).Reduce("sums", static (a, b) => a + b).Select(static n => $"{n}").Sink("out", new ModelSink(table));
        return flow;
    }

    sealed class Function<TKey, TTotal>(StateScope state, TotalForm<TTotal> form, StateTtl? ttl) : IKeyedProcess<TKey, int, string>
        where TKey : notnull
    {
        readonly ValueState<TTotal> _total = state.Value<TTotal>("total");
        readonly ListState<int> _numbers = state.List<int>("numbers");
        readonly MapState<string, long> _rests = state.Map<string, long>("rests");
        readonly ReducingState<int> _largest = state.Reducing<int>("largest", Math.Max);
        readonly AggregatingState<int, int> _count = state.Aggregating<int, short, int>("count", static () => 0, static (n, _) => (short)(n + 1), static n => n);
        readonly ListState<int> _recent = ttl is null ? state.List<int>("recent") : state.List<int>("recent", ttl);
        readonly MapState<int, int> _seen = ttl is null ? state.Map<int, int>("seen") : state.Map<int, int>("seen", ttl);
        readonly EventTimer _end = state.EventTimer("end");
        readonly EventTimerSet _marks = state.EventTimerSet("marks");

        public void OnRecord(in Record<int> record, Output<string> output)
        {
            int n = record.Value;
            _total.Set(form.Add(_total.TryGet(out TTotal? had) ? had : form.Empty(), n));
            _numbers.Add(n);
            string rest = $"r{n % 3}";
            _rests.Set(rest, n + (_rests.TryGet(rest, out long sum) ? sum : 0));
            _largest.Add(n);
            _count.Add(n);
            _recent.Add(n);
            _seen.Set(n, n);
            _end.Set(new(End));
            if (n % 50 == 0) _marks.Add(new(End + n));
        }

        public void OnTimer(in Firing<TKey> firing, Output<string> output)
        {
            if (!ReferenceEquals(firing.Timer, _end))
            {
                output.Emit(Mark(firing.Key, firing.Timestamp.Ticks));
                return;
            }

            _total.TryGet(out TTotal? total);
            _largest.TryGet(out int largest);
            _count.TryGet(out int count);
            string rests = string.Join(",", _rests.ToArray().Select(static r => $"{r.Key}:{r.Value}").Order(StringComparer.Ordinal));
            output.Emit($"{firing.Key}: {form.Text(total!)}; {string.Join(",", _numbers.ToArray())}; {rests}; {largest}; {count}; {string.Join(",", _recent.ToArray())}; {string.Join(",", _seen.ToArray().Select(static e => e.Key))}");
        }
    }
}
