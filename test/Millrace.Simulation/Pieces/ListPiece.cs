using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>Gathers records per key in a list, and writes each list when event time ends.</summary>
sealed record ListPiece(string Name, int Keys, int Every) : IExactPiece, IDrainablePiece
{
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .Where(r => r.Index % Every == 0)
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Lists(state, this)));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from records in Expected(input)
        select $"{Name} {records.Key} {records.Count()} {records.Sum(static r => (long)(r.Split + 1) * (r.Index + 1))}";

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], [.. Lines.AddUp(lines, 2)]);

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        List<string> actual = [];
        // A list is rows of many elements each: what was read last comes before what is full.
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "records", KeyRange.Full, CancellationToken.None))
            actual.AddRange(Codec.Of<List<Reading>>().Decode(row.Value.Span).Select(r => $"{Codec.Of<int>().Decode(row.Key.Span)} {r}"));
        Lines.RequireSame([.. Expected(read).SelectMany(static g => g.Select(r => $"{g.Key} {r}"))], actual, $"; the lists of {Name} in checkpoint {checkpoint.Manifest.Id}");
    }

    IEnumerable<IGrouping<int, Reading>> Expected(IReadOnlyList<Reading> input) => input.Where(r => r.Index % Every == 0).GroupBy(r => r.Weight % Keys);

    sealed class Lists(StateScope state, ListPiece piece) : IKeyedProcess<int, Reading, string>
    {
        readonly ListState<Reading> _records = state.List<Reading>("records");
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            _records.Add(record.Value);
            _end.Set(s_late);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            Reading[] records = _records.ToArray();
            output.Emit($"{piece.Name} {firing.Key} {records.Length} {records.Sum(static r => (long)(r.Split + 1) * (r.Index + 1))}");
            // A job that was drained goes on without what it has written.
            _records.Clear();
        }
    }
}
