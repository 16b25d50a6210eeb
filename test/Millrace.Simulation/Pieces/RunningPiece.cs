using System.Globalization;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>What is kept of the records of a key.</summary>
enum RunningVerb
{
    Count,
    Sum,
    Reduce,
    Fold,
    Min,
    Max,
    MinBy,
    MaxBy,
}

/// <summary>
/// Any of the verbs that keep one value per key and hand it out with each record. In what order records come is chance; how often a value is handed out, where it ends,
/// and by what it grows on the way is not.
/// </summary>
sealed record RunningPiece(string Name, RunningVerb Verb, int Keys) : IPiece, IDrainablePiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        KeyedStream<int, Reading> keyed = input.KeyBy(KeyOf);
        return Verb switch
        {
            RunningVerb.Count => site.Place(keyed.Count(Name)).Select(c => Line(c.Key, c.Value)),
            RunningVerb.Sum => site.Place(keyed.Sum(Name, static r => Worth(r))).Select(s => Line(s.Key, s.Value)),
            RunningVerb.Reduce => site.Place(input.Select(r => new KeyValue<int, long>(KeyOf(r), Worth(r))).KeyBy(static v => v.Key)
                .Reduce(Name, static (a, b) => new(a.Key, a.Value + b.Value))).Select(v => Line(v.Key, v.Value)),
            RunningVerb.Fold => site.Place(keyed.Fold<long, string>(Name, static () => 0, (ref sum, in record, output) =>
            {
                sum += Worth(record.Value);
                output.Emit(Line(KeyOf(record.Value), sum));
            })),
            RunningVerb.Min => site.Place(keyed.Min(Name, static r => Worth(r))).Select(m => Line(m.Key, m.Value)),
            RunningVerb.Max => site.Place(keyed.Max(Name, static r => Worth(r))).Select(m => Line(m.Key, m.Value)),
            RunningVerb.MinBy => site.Place(keyed.MinBy(Name, static r => Worth(r))).Select(r => Line(KeyOf(r), Worth(r))),
            _ => site.Place(keyed.MaxBy(Name, static r => Worth(r))).Select(r => Line(KeyOf(r), Worth(r))),
        };
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines)
    {
        ILookup<int, long> seen = lines.Select(static l => l.Split(' ')).ToLookup(static w => (int)Lines.Number(w[1]), static w => Lines.Number(w[2]));
        ILookup<int, long> known = input.ToLookup(KeyOf, Worth);
        if (seen.FirstOrDefault(s => !known.Contains(s.Key)) is { } stranger) throw new Testing.Simulation.SimulationException($"{Name} knows a key {stranger.Key} that no record has");
        foreach (IGrouping<int, long> key in known) CheckKey(key.Key, [.. key.Order()], [.. seen[key.Key].Order()]);
    }

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Check(input, lines);

    public IEnumerable<string> Essence(IReadOnlyList<string> lines) =>
        from line in lines
        let words = line.Split(' ')
        group Lines.Number(words[2]) by words[1] into key
        select $"{Name} {key.Key} {key.Count()} {(IsLeast ? key.Min() : key.Max())}";

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        List<string> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "state", KeyRange.Full, CancellationToken.None))
            actual.Add(string.Create(CultureInfo.InvariantCulture, $"{Codec.Of<int>().Decode(row.Key.Span)} {KeptOf(row)}"));
        Lines.RequireSame([.. read.GroupBy(KeyOf).Select(g => $"{g.Key} {Ending([.. g.Select(Worth).Order()])}")], actual, $"; what {Name} keeps in checkpoint {checkpoint.Manifest.Id}");
    }

    bool IsLeast => Verb is RunningVerb.Min or RunningVerb.MinBy;

    bool IsExtreme => IsLeast || Verb is RunningVerb.Max or RunningVerb.MaxBy;

    /// <param name="key">The key.</param>
    /// <param name="worths">Of its records, in order.</param>
    /// <param name="seen">What was handed out, in order.</param>
    void CheckKey(int key, long[] worths, long[] seen)
    {
        string what = $"; {Name} of key {key}";
        if (seen.Length != worths.Length) throw new Testing.Simulation.SimulationException($"{seen.Length} values were handed out for {worths.Length} records{what}");
        long ending = IsLeast ? seen[0] : seen[^1];
        if (ending != Ending(worths)) throw new Testing.Simulation.SimulationException($"it ends with {ending} instead of {Ending(worths)}{what}");
        if (IsExtreme)
        {
            if (seen.FirstOrDefault(s => !worths.Contains(s)) is > 0 and var made) throw new Testing.Simulation.SimulationException($"no record is worth {made}{what}");
            return;
        }

        // What is added up grows by each record once.
        long[] growth = [.. seen.Select((s, i) => i == 0 ? s : s - seen[i - 1]).Order()];
        Lines.RequireSame([.. worths.Select(w => $"{(Verb == RunningVerb.Count ? 1 : w)}")], [.. growth.Select(static g => $"{g}")], what);
    }

    long Ending(long[] worths) => Verb == RunningVerb.Count ? worths.Length : IsLeast ? worths[0] : IsExtreme ? worths[^1] : worths.Sum();

    long KeptOf(SnapshotRow row) => Verb switch
    {
        RunningVerb.MinBy or RunningVerb.MaxBy => Worth(Codec.Of<Reading>().Decode(row.Value.Span)),
        RunningVerb.Reduce => Codec.Of<KeyValue<int, long>>().Decode(row.Value.Span).Value,
        _ => Codec.Of<long>().Decode(row.Value.Span),
    };

    int KeyOf(Reading r) => r.Weight % Keys;

    // One or more, and no two records are worth the same.
    static long Worth(Reading r) => ((((long)r.Weight * 10_000) + r.Index + 1) * 100) + (r.Source * 10) + r.Split;

    string Line(int key, long value) => $"{Name} {key} {value}";
}
