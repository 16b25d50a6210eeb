using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Counts per key and time, by timers and a map: a line when its time is over. Stragglers are left out.</summary>
sealed record BucketPiece(string Name, int Keys, int Ms) : IExactPiece, IDrainablePiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .Where(static r => !r.IsStraggler)
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Buckets(state, this, site.Process)));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) => Expected(input).Select(b => $"{Name} {b.Key.Key} {b.Key.Bucket} {b.Count()}");

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], [.. Lines.AddUp(lines, 1)]);

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        EventTimes times = new(checkpoint.Manifest, Name);
        List<string> actual = [], timers = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "buckets", KeyRange.Full, CancellationToken.None))
            actual.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<long>().Decode(row.Sub.Span)} {Codec.Of<(long Order, int Count)>().Decode(row.Value.Span).Count}");
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "ends", KeyRange.Full, CancellationToken.None))
            timers.Add($"{Codec.Of<int>().Decode(row.Key.Span)} {Codec.OfKey<Timestamp>().Decode(row.Sub.Span).ToUnixMilliseconds() / Ms}");
        // What the watermark has passed has fired, and is gone; what it has not is there, with its timer.
        var open = Expected(read).Where(b => times.Of(default(Int32KeyOps).Hash(b.Key.Key)) < End(b.Key.Bucket)).ToArray();
        Lines.RequireSame([.. open.Select(static b => $"{b.Key.Key} {b.Key.Bucket} {b.Count()}")], actual, $"; the map of {Name} in checkpoint {checkpoint.Manifest.Id}");
        Lines.RequireSame([.. open.Select(static b => $"{b.Key.Key} {b.Key.Bucket}")], timers, $"; the timers of {Name} in checkpoint {checkpoint.Manifest.Id}");
    }

    IEnumerable<IGrouping<(int Key, long Bucket), Reading>> Expected(IReadOnlyList<Reading> input) =>
        input.Where(static r => !r.IsStraggler).GroupBy(r => (Key: r.Weight % Keys, Bucket: r.Ms / Ms));

    Timestamp End(long bucket) => Timestamp.FromUnixMilliseconds(((bucket + 1) * Ms) - 1);

    sealed class Buckets(StateScope state, BucketPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, string>
    {
        readonly MapState<long, int> _buckets = state.Map<long, int>("buckets");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            long bucket = record.Value.Ms / piece.Ms;
            _buckets.Set(bucket, _buckets.GetOr(bucket, 0) + 1);
            _ends.Add(piece.End(bucket));
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            long bucket = firing.Timestamp.ToUnixMilliseconds() / piece.Ms;
            if (!_buckets.TryGet(bucket, out int count)) throw new InvalidOperationException($"the timer of key {firing.Key} at {bucket} has no count");
            _buckets.Remove(bucket);
            output.Emit($"{piece.Name} {firing.Key} {bucket} {count}");
        }
    }
}
