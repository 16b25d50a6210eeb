using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Adds up per key and stretch of time in a map, and hands each out when a timer says that it is over.</summary>
sealed record TimerStage(int Keys, int Ms) : IStage
{
    public DataStream<Link> Build(DataStream<Link> input, string id, PieceSite site) => site.Place(input
        .KeyBy(l => l.Number % Keys)
        .Process(id, state => new Sums(state, this, site.Process)));

    public IEnumerable<Link> Emitted(IReadOnlyList<Link> input, Func<int, Timestamp> timeOf) =>
        from sum in Groups(input)
        where sum.Key.End <= timeOf(sum.Key.Key)
        select new Link(Link.NumberOf(sum.Key.Key, sum.Key.End), sum.Sum(static l => l.Value), sum.Key.End);

    public async Task CheckStateAsync(SnapshotReader checkpoint, string id, IReadOnlyList<Link> input)
    {
        EventTimes times = new(checkpoint.Manifest, id);
        List<string> actual = [], timers = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(id, "sums", KeyRange.Full, CancellationToken.None))
            actual.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<Timestamp>().Decode(row.Sub.Span)} {Codec.Of<(long Order, long Sum)>().Decode(row.Value.Span).Sum}");
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(id, "ends", KeyRange.Full, CancellationToken.None))
            timers.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<Timestamp>().Decode(row.Sub.Span)}");
        var open = Groups(input).Where(s => times.Of(default(Int32KeyOps).Hash(s.Key.Key)) < s.Key.End).ToArray();
        Lines.RequireSame([.. open.Select(static s => $"{s.Key.Key} {s.Key.End} {s.Sum(static l => l.Value)}")], actual, $"; the map of {id} in checkpoint {checkpoint.Manifest.Id}");
        Lines.RequireSame([.. open.Select(static s => $"{s.Key.Key} {s.Key.End}")], timers, $"; the timers of {id} in checkpoint {checkpoint.Manifest.Id}");
    }

    IEnumerable<IGrouping<(int Key, Timestamp End), Link>> Groups(IReadOnlyList<Link> input) => input.GroupBy(l => (Key: l.Number % Keys, End: EndOf(l.At)));

    Timestamp EndOf(Timestamp at) => Timestamp.FromUnixMilliseconds((((at.ToUnixMilliseconds() / Ms) + 1) * Ms) - 1) + TimeSpan.FromTicks(TimeSpan.TicksPerMillisecond - 1);

    sealed class Sums(StateScope state, TimerStage stage, SimulatedProcess process) : IKeyedProcess<int, Link, Link>
    {
        readonly MapState<Timestamp, long> _sums = state.Map<Timestamp, long>("sums");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");

        public void OnRecord(in Record<Link> record, Output<Link> output)
        {
            process.MayThrow();
            Timestamp end = stage.EndOf(record.Value.At);
            _sums.Set(end, _sums.GetOr(end, 0) + record.Value.Value);
            _ends.Add(end);
        }

        public void OnTimer(in Firing<int> firing, Output<Link> output)
        {
            if (!_sums.TryGet(firing.Timestamp, out long sum)) throw new InvalidOperationException($"the timer of key {firing.Key} at {firing.Timestamp} has no sum");
            _sums.Remove(firing.Timestamp);
            output.Emit(new(Link.NumberOf(firing.Key, firing.Timestamp), sum, firing.Timestamp));
        }
    }
}
