namespace Millrace.Simulation;

/// <summary>Gathers per key until a timer of the clock fires, one of its own or of many, and what is left when event time ends: a line for each. Together they are all records.</summary>
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
        readonly ProcessingTimerSet _often = state.ProcessingTimerSet("often");
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            Timestamp now = state.CurrentProcessingTime;
            if (!_count.HasValue) _soon.Set(now + TimeSpan.FromMilliseconds(piece.Ms));
            // Rounded, so that some are the same; and some do not count any more.
            _often.Add(Rounded(now) + TimeSpan.FromMilliseconds(2 * piece.Ms));
            _often.Remove(Rounded(now) + TimeSpan.FromMilliseconds(piece.Ms));
            _count.Set(_count.GetOr(0) + 1);
            _total.Add(record.Value.Index + 1);
            _end.Set(s_late);
        }

        Timestamp Rounded(Timestamp now) => Timestamp.FromUnixMilliseconds(now.ToUnixMilliseconds() / piece.Ms * piece.Ms);

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            if (!_count.TryTake(out int count) || !_total.TryGet(out long total)) return;
            _total.Clear();
            output.Emit($"{piece.Name} {firing.Key} {count} {total}");
        }
    }
}
