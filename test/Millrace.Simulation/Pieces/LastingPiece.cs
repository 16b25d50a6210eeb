using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// State with lifetimes that no world reaches, on the clock of the machine and in event time, renewed by writes and by reads: nothing of it may be lost, whatever the clocks of
/// processes are. A line for each key when event time ends.
/// </summary>
sealed record LastingPiece(string Name, int Keys) : IExactPiece
{
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);
    static readonly TimeSpan s_clock = TimeSpan.FromDays(2), s_event = TimeSpan.FromDays(100);

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Lasting(state, this, site.Process)));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from records in input.GroupBy(r => r.Weight % Keys)
        select $"{Name} {records.Key} {records.Count()} {records.Sum(static r => (long)r.Index)} {records.Max(static r => r.Weight)} {records.Count()} {records.Select(static r => r.Weight).Distinct().Count()}";

    sealed class Lasting(StateScope state, LastingPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, string>
    {
        readonly ValueState<int> _count = state.Value<int>("count", StateTtl.ProcessingTime(s_clock).RefreshedOnRead());
        readonly AggregatingState<int, long> _sum = state.Aggregating<int, long, long>("sum", static () => 0, static (sum, index) => sum + index, static sum => sum, StateTtl.ProcessingTime(s_clock));
        readonly ReducingState<int> _heaviest = state.Reducing<int>("heaviest", Math.Max, StateTtl.EventTime(s_event).RefreshedOnRead());
        readonly ListState<int> _all = state.List<int>("all", StateTtl.ProcessingTime(s_clock));
        readonly MapState<int, int> _weights = state.Map<int, int>("weights", StateTtl.EventTime(s_event).RefreshedOnRead());
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            _count.Set(_count.GetOr(0) + 1);
            _sum.Add(record.Value.Index);
            _heaviest.Add(record.Value.Weight);
            _all.Add(record.Value.Index);
            _weights.Set(record.Value.Weight, _weights.GetOr(record.Value.Weight, 0) + 1);
            _end.Set(s_late);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            _sum.TryGet(out long sum);
            _heaviest.TryGet(out int heaviest);
            output.Emit($"{piece.Name} {firing.Key} {_count.GetOr(0)} {sum} {heaviest} {_all.Count} {_weights.Count}");
            _count.Clear();
            _sum.Clear();
            _heaviest.Clear();
            _all.Clear();
            _weights.Clear();
        }
    }
}
