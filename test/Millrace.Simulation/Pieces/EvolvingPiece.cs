using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>
/// Adds up per key, in a value, a map, a list, a reduced value and windows, whose types change from one version of the program to the next, as do the records on their way
/// there. A line for each key when event time ends, and one for each window; they are of all records, whatever forms they have had. Stragglers are left out.
/// </summary>
/// <param name="Name">Its operator.</param>
/// <param name="Keys">How many keys.</param>
/// <param name="First">The form that the first version has.</param>
sealed record EvolvingPiece(string Name, int Keys, int First) : IExactPiece
{
    const int WindowMs = 300, RecentMax = 3;
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);

    /// <summary>How often its types can change.</summary>
    public int Changes => Forms.Count - 1 - First;

    public IEnumerable<string> Operators => [Name, WindowsId];

    string WindowsId => $"{Name}-windows";

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => (First + site.Form) switch
    {
        0 => Build<Forms.V0.Entry, Forms.V0.Totals>(input, site),
        1 => Build<Forms.V1.Entry, Forms.V1.Totals>(input, site),
        2 => Build<Forms.V2.Entry, Forms.V2.Totals>(input, site),
        3 => Build<Forms.V3.Entry, Forms.V3.Totals>(input, site),
        4 => Build<Forms.V4.Entry, Forms.V4.Totals>(input, site),
        _ => Build<Forms.V5.Entry, Forms.V5.Totals>(input, site),
    };

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        Expected(input).Select(g => Line(g.Key, g.Count(), g.Sum(static r => (long)Forms.WorthOf(r)), g.Select(static r => r.Weight).Distinct().Count(), Math.Min(RecentMax, g.Count())))
            .Concat(input.Where(static r => !r.IsStraggler).GroupBy(r => (Key: r.Weight % Keys, Start: r.Ms / WindowMs * WindowMs))
                .Select(w => $"{Name} {w.Key.Key} {w.Key.Start} {w.Count()} {w.Sum(static r => (long)Forms.WorthOf(r))}"));

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        // Read as the newest form, as a program would that has it.
        StateSnapshot snapshot = new(checkpoint);
        List<string> values = [], maps = [], lists = [];
        await foreach (KeyValue<int, Forms.V5.Totals> row in snapshot.ReadValuesAsync<int, Forms.V5.Totals>(Name, "totals")) values.Add($"{row.Key} {row.Value.Number()} {row.Value.Total()}");
        await foreach ((int key, int weight, Forms.V5.Totals totals) in snapshot.ReadMapEntriesAsync<int, int, Forms.V5.Totals>(Name, "weights")) maps.Add($"{key} {weight} {totals.Number()} {totals.Total()}");
        await foreach (KeyValue<int, IReadOnlyList<Forms.V5.Entry>> row in snapshot.ReadListsAsync<int, Forms.V5.Entry>(Name, "recent")) lists.Add($"{row.Key} {row.Value.Count}");
        IGrouping<int, Reading>[] expected = [.. Expected(read)];
        Lines.RequireSame([.. expected.Select(static g => $"{g.Key} {g.Count()} {g.Sum(static r => (long)Forms.WorthOf(r))}")], values, $"; the totals of {Name} in checkpoint {checkpoint.Manifest.Id}");
        Lines.RequireSame(
            [.. expected.SelectMany(static g => g.GroupBy(static r => r.Weight).Select(w => $"{g.Key} {w.Key} {w.Count()} {w.Sum(static r => (long)Forms.WorthOf(r))}"))], maps,
            $"; the map of {Name} in checkpoint {checkpoint.Manifest.Id}");
        Lines.RequireSame([.. expected.Select(static g => $"{g.Key} {Math.Min(RecentMax, g.Count())}")], lists, $"; the lists of {Name} in checkpoint {checkpoint.Manifest.Id}");
    }

    DataStream<string> Build<TEntry, TTotals>(DataStream<Reading> input, PieceSite site) where TEntry : IEntry<TEntry> where TTotals : ITotals<TTotals>
    {
        DataStream<TEntry> entries = input.Where(static r => !r.IsStraggler).Select(TEntry.Of);
        DataStream<string> kept = site.Place(entries.KeyBy(e => e.Weight() % Keys).Process(Name, state => new Kept<TEntry, TTotals>(state, this, site.Process)));
        DataStream<string> windows = entries.KeyBy(e => e.Weight() % Keys).Window(Tumbling.Of(TimeSpan.FromMilliseconds(WindowMs))).Aggregate(
            WindowsId, seed: static () => TTotals.None, add: static (ref totals, in record) => totals = totals.Plus(record.Value.Worth()),
            merge: static (a, b) => throw new InvalidOperationException("a window of one slice has nothing to merge"),
            emit: w => $"{Name} {w.Key} {w.Start.ToUnixMilliseconds()} {w.Value.Number()} {w.Value.Total()}");
        return kept.Union(windows);
    }

    IEnumerable<IGrouping<int, Reading>> Expected(IReadOnlyList<Reading> input) => input.Where(static r => !r.IsStraggler).GroupBy(r => r.Weight % Keys);

    string Line(int key, int count, long total, int weights, int recent) => $"{Name} {key} all {count} {total} {weights} {recent}";

    sealed class Kept<TEntry, TTotals>(StateScope state, EvolvingPiece piece, SimulatedProcess process) : IKeyedProcess<int, TEntry, string>
        where TEntry : IEntry<TEntry> where TTotals : ITotals<TTotals>
    {
        readonly ValueState<TTotals> _totals = state.Value<TTotals>("totals");
        readonly MapState<int, TTotals> _weights = state.Map<int, TTotals>("weights");
        readonly ListState<TEntry> _recent = state.List<TEntry>("recent");
        readonly ReducingState<TEntry> _worthiest = state.Reducing<TEntry>("worthiest", static (a, b) => a.Worth() >= b.Worth() ? a : b);
        readonly EventTimer _end = state.EventTimer("end");

        public void OnRecord(in Record<TEntry> record, Output<string> output)
        {
            process.MayThrow();
            TEntry entry = record.Value;
            TTotals totals = _totals.TryGet(out TTotals? before) ? before : TTotals.None;
            if (totals.Recent() > totals.Number()) throw new InvalidOperationException($"{piece.Name} has {totals}, of which more are recent than there are");
            _totals.Set(totals.Plus(entry.Worth()));
            _weights.Set(entry.Weight(), (_weights.TryGet(entry.Weight(), out TTotals? of) ? of : TTotals.None).Plus(entry.Worth()));
            if (_recent.Count < RecentMax) _recent.Add(entry);
            _worthiest.Add(entry);
            _end.Set(s_late);
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            if (!_totals.TryGet(out TTotals? totals) || !_worthiest.TryGet(out TEntry? worthiest)) throw new InvalidOperationException($"{piece.Name} has nothing of key {firing.Key}");
            KeyValuePair<int, TTotals>[] weights = _weights.ToArray();
            if (weights.Sum(static w => w.Value.Total()) != totals.Total() || _recent.ToArray().Any(e => e.Worth() > worthiest.Worth()))
                throw new InvalidOperationException($"{piece.Name} of key {firing.Key} has {totals}, and its map {string.Join(", ", weights)}; the worthiest is {worthiest} of {string.Join(", ", _recent.ToArray())}");
            output.Emit(piece.Line(firing.Key, totals.Number(), totals.Total(), weights.Length, _recent.Count));
        }
    }
}
