using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// What each key has seen in the last while, at the end of each stretch of time in which it has seen something: state that event time takes
/// away, in a map entry by entry and in a list element by element.
/// </summary>
/// <param name="Name">Its operator.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="Ms">The length of a stretch.</param>
/// <param name="KeptMs">How long state is kept.</param>
sealed record KeptPiece(string Name, int Keys, int Ms, int KeptMs) : IExactPiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .Where(static r => !r.IsStraggler)
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Kept(state, this, site.Process)));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from records in input.Where(static r => !r.IsStraggler).GroupBy(r => r.Weight % Keys)
        from end in records.Select(EndOf).Distinct()
        let seen = records.Where(r => r.At <= end && r.At + TimeSpan.FromMilliseconds(KeptMs) > end).ToArray()
        select Line(records.Key, end, seen.DistinctBy(static r => r.At).Count(), seen.Length);

    Timestamp EndOf(Reading r) => Timestamp.FromUnixMilliseconds((((r.At.ToUnixMilliseconds() / Ms) + 1) * Ms) - 1);

    string Line(int key, Timestamp end, int times, int records) => $"{Name} {key} {end.ToUnixMilliseconds()} {times} {records}";

    sealed class Kept(StateScope state, KeptPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, string>
    {
        readonly MapState<Timestamp, int> _times = state.Map<Timestamp, int>("times", StateTtl.EventTime(TimeSpan.FromMilliseconds(piece.KeptMs)));
        readonly ListState<Reading> _records = state.List<Reading>("records", StateTtl.EventTime(TimeSpan.FromMilliseconds(piece.KeptMs)));
        readonly EventTimerSet _ends = state.EventTimerSet("ends");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            _times.Set(record.Value.At, 1);
            _records.Add(record.Value);
            _ends.Add(piece.EndOf(record.Value));
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            // Records may be there already that are later than the timer.
            Timestamp end = firing.Timestamp;
            output.Emit(piece.Line(firing.Key, end, _times.ToArray().Count(t => t.Key <= end), _records.ToArray().Count(r => r.At <= end)));
        }
    }
}
