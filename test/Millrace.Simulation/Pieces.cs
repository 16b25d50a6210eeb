using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Part of a random graph, with its answer. What is added to the API joins the simulation by another one.</summary>
interface IPiece
{
    /// <summary>Adds its operators.</summary>
    /// <param name="input">All records.</param>
    /// <param name="process">The process.</param>
    /// <param name="parallelism">That of its stateful operator; zero for that of the job.</param>
    DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism);

    /// <summary>What it writes, in any order.</summary>
    IEnumerable<string> Answer(IReadOnlyList<Reading> input);
}

static class Pieces
{
    public static IPiece Make(int number, SimulatedChance chance) => chance.Below(7) switch
    {
        0 => new CountPiece($"count{number}", chance.Between(1, 30), chance.Between(1, 4)),
        1 => new BucketPiece($"bucket{number}", chance.Between(1, 12), chance.Between(1, 8) * 50),
        2 => new WindowPiece($"tumbling{number}", chance.Between(1, 20), chance.Between(2, 9) * 50, 1),
        3 => new WindowPiece($"sliding{number}", chance.Between(1, 9), chance.Between(2, 6) * 50, chance.Between(2, 5)),
        4 => new SidePiece($"side{number}", chance.Between(2, 7)),
        5 => new KeptPiece($"kept{number}", chance.Between(1, 12), chance.Between(1, 8) * 50, chance.Between(1, 60) * 10),
        _ => new ListPiece($"list{number}", chance.Between(1, 9), chance.Between(2, 7)),
    };

    public static DataStream<T> At<T>(this DataStream<T> stream, int parallelism) => parallelism == 0 ? stream : stream.WithParallelism(parallelism);
}

/// <summary>Counts per key, with records dropped and doubled before: a line for each.</summary>
sealed record CountPiece(string Name, int Keys, int Every) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism) => input
        .Where(r => r.Index % Every == 0)
        .SelectMany(static r => r.Weight % 3 == 0 ? new[] { r, r } : [r])
        .KeyBy(r => Key(r))
        .Count(Name, (key, n) => $"{Name} {key} {n}").At(parallelism);

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from r in input
        where r.Index % Every == 0
        group r.Weight % 3 == 0 ? 2 : 1 by Key(r) into records
        from n in Enumerable.Range(1, records.Sum())
        select $"{Name} {records.Key} {n}";

    /// <summary>What is counted in a checkpoint is what was read.</summary>
    /// <exception cref="SimulationException">It is not.</exception>
    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        Dictionary<int, long> expected = read.Where(r => r.Index % Every == 0).GroupBy(Key).ToDictionary(static g => g.Key, static g => g.Sum(static r => r.Weight % 3 == 0 ? 2L : 1L));
        Dictionary<int, long> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "state", KeyRange.Full, CancellationToken.None))
            actual.Add(Codec.Of<int>().Decode(row.Key.Span), Codec.Of<long>().Decode(row.Value.Span));
        if (expected.OrderBy(static e => e.Key).SequenceEqual(actual.OrderBy(static a => a.Key))) return;
        throw new SimulationException(
            $"checkpoint {checkpoint.Manifest.Id} has counted {actual.Values.Sum()} records in {Name}, and its sources have read {expected.Values.Sum()}");
    }

    // Some keys have far more records than others.
    int Key(Reading r) => r.Weight * r.Weight / 10 % Keys;
}

/// <summary>Counts per key and time, by timers and a map: a line when its time is over.</summary>
sealed record BucketPiece(string Name, int Keys, int Ms) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism) => input
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Buckets(state, this, process)).At(parallelism);

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from r in input
        group r by (Key: r.Weight % Keys, Bucket: r.At.ToUnixMilliseconds() / Ms) into records
        select $"{Name} {records.Key.Key} {records.Key.Bucket} {records.Count()}";

    sealed class Buckets(StateScope state, BucketPiece piece, SimulatedProcess process) : IKeyedProcess<int, Reading, string>
    {
        readonly MapState<long, int> _buckets = state.Map<long, int>("buckets");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            long bucket = record.Value.At.ToUnixMilliseconds() / piece.Ms;
            _buckets.Set(bucket, _buckets.GetOr(bucket, 0) + 1);
            _ends.Add(Timestamp.FromUnixMilliseconds(((bucket + 1) * piece.Ms) - 1));
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

/// <summary>Sums per key and window.</summary>
sealed record WindowPiece(string Name, int Keys, int SlideMs, int Slides) : IPiece
{
    public DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism)
    {
        KeyedStream<int, Reading> keyed = input.KeyBy(r => r.Weight % Keys);
        TimeSpan slide = TimeSpan.FromMilliseconds(SlideMs);
        WindowedStream<int, Reading> windows = Slides == 1 ? keyed.Window(Tumbling.Of(slide)) : keyed.Window(Sliding.Of(slide * Slides, slide));
        return windows.Aggregate(
            Name, seed: static () => 0L, add: static (ref sum, in record) => sum += record.Value.Index + 1, merge: static (a, b) => a + b,
            emit: w => $"{Name} {w.Key} {w.Window.Start.ToUnixMilliseconds()} {w.Value}").At(parallelism);
    }

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from r in input
        let last = r.At.ToUnixMilliseconds() / SlideMs
        from start in Enumerable.Range(0, Slides).Select(i => (last - i) * SlideMs)
        group r.Index + 1L by (Key: r.Weight % Keys, Start: start) into records
        select $"{Name} {records.Key.Key} {records.Key.Start} {records.Sum()}";
}

/// <summary>Takes some records out by a side output, and counts the others.</summary>
sealed record SidePiece(string Name, int Every) : IPiece
{
    readonly SideOutput<string> _taken = new("taken");

    public DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism)
    {
        DataStream<string> rest = input.Process<string>(Name, _ => new Split(this, process));
        return rest.Union(rest.Side(_taken));
    }

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        input.Select(r => r.Index % Every == 0 ? $"{Name} taken {r}" : $"{Name} {r}");

    sealed class Split(SidePiece piece, SimulatedProcess process) : IProcess<Reading, string>
    {
        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            process.MayThrow();
            if (record.Value.Index % piece.Every == 0) output.EmitTo(piece._taken, $"{piece.Name} taken {record.Value}");
            else output.Emit($"{piece.Name} {record.Value}");
        }
    }
}

/// <summary>Gathers records per key in a list, and writes each list when event time ends.</summary>
sealed record ListPiece(string Name, int Keys, int Every) : IPiece
{
    static readonly Timestamp s_late = Timestamp.FromUnixMilliseconds(1_000_000_000);

    public DataStream<string> Build(DataStream<Reading> input, SimulatedProcess process, int parallelism) => input
        .Where(r => r.Index % Every == 0)
        .KeyBy(r => r.Weight % Keys)
        .Process(Name, state => new Lists(state, this)).At(parallelism);

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from r in input
        where r.Index % Every == 0
        group r by r.Weight % Keys into records
        select $"{Name} {records.Key} {records.Count()} {records.Sum(static r => (long)(r.Split + 1) * (r.Index + 1))}";

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
            long sum = 0;
            int count = 0;
            foreach (Reading r in _records.ToArray())
            {
                sum += (long)(r.Split + 1) * (r.Index + 1);
                count++;
            }

            output.Emit($"{piece.Name} {firing.Key} {count} {sum}");
        }
    }
}
