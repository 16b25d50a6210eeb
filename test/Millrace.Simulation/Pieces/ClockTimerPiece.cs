namespace Millrace.Simulation;

/// <summary>Gathers per key until a timer of the clock fires, and what is left when event time ends: a line for each. Together they are all records.</summary>
sealed record ClockTimerPiece(string Name, int Keys, int Ms) : IPiece
{
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Gathered(state, this)));

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) =>
        Lines.RequireSame([.. input.GroupBy(r => r.Weight % Keys).Select(g => $"{Name} {g.Key} {g.Count()} {g.Sum(static r => r.Index + 1L)}")], [.. Essence(lines)], $"; all firings of {Name} together");

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) => Lines.AddUp(lines, 2);

    sealed class Gathered(StateScope state, ClockTimerPiece piece) : IKeyedProcess<int, Reading, string>
    {
        readonly ValueState<int> _count = state.Value<int>("count");
        readonly ReducingState<long> _total = state.Reducing<long>("total", static (a, b) => a + b);
        readonly ProcessingTimer _soon = state.ProcessingTimer("soon");
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            if (!_count.HasValue) _soon.Set(state.CurrentProcessingTime + TimeSpan.FromMilliseconds(piece.Ms));
            _count.Set(_count.GetOr(0) + 1);
            _total.Add(record.Value.Index + 1);
            _end.Set(s_late);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            if (!_count.TryTake(out int count) || !_total.TryGet(out long total)) return;
            _total.Clear();
            output.Emit($"{piece.Name} {firing.Key} {count} {total}");
        }
    }
}
