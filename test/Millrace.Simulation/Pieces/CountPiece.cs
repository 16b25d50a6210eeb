using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Counts per key, with records dropped and doubled before: a line for each.</summary>
sealed record CountPiece(string Name, int Keys, int Every) : IExactPiece, IDrainablePiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site) => site.Place(input
        .Where(r => r.Index % Every == 0)
        .SelectMany(static r => r.Weight % 3 == 0 ? new[] { r, r } : [r])
        .KeyBy(r => Key(r))
        .Count(site.Id, (key, n) => $"{Name} {key} {n}"));

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from key in Expected(input)
        from n in Enumerable.Range(1, (int)key.Value)
        select $"{Name} {key.Key} {n}";

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], lines);

    /// <summary>As <see cref="IPiece.Check"/>, where the counts were dropped now and then, and began again.</summary>
    /// <param name="input">All records.</param>
    /// <param name="lines">What was written.</param>
    /// <param name="isWhole">Whether every record was counted; otherwise those before the piece was removed.</param>
    public void CheckDropped(IReadOnlyList<Reading> input, IReadOnlyList<string> lines, bool isWhole)
    {
        foreach ((int key, long expected) in Expected(input))
        {
            long[] counts = [.. lines.Select(static l => l.Split(' ')).Where(w => w[1] == $"{key}").Select(static w => Lines.Number(w[2]))];
            if (isWhole ? counts.Length != expected : counts.Length > expected) throw new SimulationException($"{Name} has counted {counts.Length} records of key {key}, and there are {expected}");
            // A version drops the state once, however often it is started, and by whatever command.
            if (isWhole && counts.Count(static n => n == 1) > 2) throw new SimulationException($"{Name} has begun to count key {key} {counts.Count(static n => n == 1)} times, and its state was dropped once");
            int before = int.MaxValue;
            // However often it began again, nothing was counted twice without what comes before it.
            foreach (IGrouping<long, long> count in counts.GroupBy(static n => n).OrderBy(static g => g.Key))
            {
                if (count.Count() > before || (before == int.MaxValue && count.Key != 1)) throw new SimulationException($"{Name} has counted to {count.Key} {count.Count()} times for key {key}, and not so often to what is before it");
                before = count.Count();
            }
        }
    }

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        Dictionary<int, long> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "state", KeyRange.Full, CancellationToken.None))
            actual.Add(Codec.Of<int>().Decode(row.Key.Span), Codec.Of<long>().Decode(row.Value.Span));
        Dictionary<int, long> expected = Expected(read);
        if (expected.OrderBy(static e => e.Key).SequenceEqual(actual.OrderBy(static a => a.Key))) return;
        throw new SimulationException(
            $"checkpoint {checkpoint.Manifest.Id} has counted {actual.Values.Sum()} records in {Name}, and its sources have read {expected.Values.Sum()}");
    }

    Dictionary<int, long> Expected(IReadOnlyList<Reading> read) =>
        read.Where(r => r.Index % Every == 0).GroupBy(Key).ToDictionary(static g => g.Key, static g => g.Sum(static r => r.Weight % 3 == 0 ? 2L : 1L));

    // Some keys have far more records than others.
    int Key(Reading r) => r.Weight * r.Weight / 10 % Keys;
}
