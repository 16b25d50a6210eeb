using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// Keeps all kinds of state per key and writes them when event time ends. On the way it sees that the records of a split come in the order
/// they were read in, whatever was restored in between.
/// </summary>
sealed record StatesPiece(string Name, int Keys) : IExactPiece
{
    const int RecentMax = 5;
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);

    public bool NeedsOrder => true;

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new States(state, this, site.Process)));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from records in input.GroupBy(r => r.Weight % Keys)
        let ends = records.GroupBy(static r => (r.Source, r.Split)).OrderBy(static s => s.Key).Select(static s => $"{s.Key.Source}/{s.Key.Split}:{s.Max(static r => r.Index)}")
        select $"{Name} {records.Key} {records.Max(static r => r.Weight)} {records.Count()} {records.Sum(static r => (long)r.Index)} {Math.Min(records.Count(), RecentMax)} {string.Join(',', ends)}";

    sealed class States(StateScope state, StatesPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, string>
    {
        readonly ReducingState<int> _heaviest = state.Reducing<int>("heaviest", Math.Max);
        readonly AggregatingState<int, string> _sum = state.Aggregating<int, (int Count, long Total), string>(
            "sum", static () => (0, 0), static (sum, index) => (sum.Count + 1, sum.Total + index), static sum => $"{sum.Count} {sum.Total}");
        readonly ListState<int> _recent = state.List<int>("recent");
        readonly MapState<(int Source, int Split), int> _last = state.Map<(int Source, int Split), int>("last");
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            Reading r = record.Value;
            if (_last.TryGet((r.Source, r.Split), out int last) && last >= r.Index) output.Emit($"{piece.Name} has seen {r} after record {last} of its split");
            // Taken out and put in again: what was removed must not come back.
            _last.Remove((r.Source, r.Split));
            _last.Set((r.Source, r.Split), r.Index);
            _heaviest.Add(r.Weight);
            _sum.Add(r.Index);
            if (_recent.Count < RecentMax) _recent.Add(r.Index);
            else _recent.Set([.. _recent.ToArray()[1..], r.Index]);
            if (_end.TryGet(out _)) _end.Cancel();
            _end.Set(s_late);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            _heaviest.TryGet(out int heaviest);
            _sum.TryGet(out string? sum);
            string ends = string.Join(',', _last.ToArray().OrderBy(static e => e.Key).Select(static e => $"{e.Key.Source}/{e.Key.Split}:{e.Value}"));
            output.Emit($"{piece.Name} {firing.Key} {heaviest} {sum} {_recent.Count} {ends}");
        }
    }
}
