namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// The job of the trials: a source of many splits, running sums and counts per key, counts per key and second by timers, sums per place
/// and window. What it writes does not depend on the order in which splits are read, so a loop over the input is the answer.
/// </summary>
static class TrialFlow
{
    public const string Name = "trial";
    const int KeysPerSplit = 5, Places = 7, WindowMs = 500, BucketMs = 1_000;

    /// <summary>What a trial reads: so many records of each split.</summary>
    public sealed record Input(int Splits, int Count, Func<int, int>? CountOf = null)
    {
        public int Of(int split) => CountOf?.Invoke(split) ?? Count;

        public long Total => Enumerable.Range(0, Splits).Sum(s => (long)Of(s));

        /// <summary>Records below a limit.</summary>
        public long Below(int limit) => Enumerable.Range(0, Splits).Sum(s => (long)Math.Min(Of(s), limit));
    }

    public static int Key(Reading r) => (r.Split * KeysPerSplit) + (r.Index % KeysPerSplit);

    public static int Place(Reading r) => (r.Split + r.Index) % Places;

    public static Timestamp At(Reading r) => Timestamp.FromUnixMilliseconds(r.Index * 10L);

    /// <param name="input">What is read.</param>
    /// <param name="gate">How far, and what is told of it.</param>
    /// <param name="sink">Where it goes.</param>
    /// <param name="onRecord">User code that may fail or take its time, with each record.</param>
    /// <param name="name">That of the job.</param>
    public static JobGraph Graph(Input input, TrialGate gate, ITransactionalSink<string, System.Collections.Immutable.ImmutableArray<string>, ModelPrepared> sink, Action<Reading> onRecord, string name = Name)
    {
        Dataflow flow = new(name);
        DataStream<Reading> readings = flow.Source("readings", new TrialSource(gate, input.Splits, input.Of), WatermarkStrategy.Monotonous<Reading>(At));
        Lines(readings, gate, onRecord).Sink("out", sink);
        return flow.Build();
    }

    public static DataStream<string> Lines(DataStream<Reading> readings, TrialGate gate, Action<Reading> onRecord)
    {
        DataStream<string> sums = readings.KeyBy(Key).Process("sums", state => new Sums(state, gate, onRecord));
        DataStream<string> counts = readings.KeyBy(Place).Count("counts", static (place, n) => $"count {place} {n}");
        DataStream<string> windows = readings.KeyBy(Place).Window(Tumbling.Of(TimeSpan.FromMilliseconds(WindowMs))).Aggregate(
            "windows", seed: static () => 0L, add: static (ref sum, in reading) => sum += reading.Value.Index + 1, merge: static (a, b) => a + b,
            emit: static w => Window(w.Key, w.Window.Start.ToUnixMilliseconds(), w.Value));
        return sums.Union(counts, windows);
    }

    /// <summary>What the job writes, in order of the text.</summary>
    public static List<string> Answer(Input input) => Answer(input, 0, int.MaxValue);

    /// <summary>
    /// What it writes when event time ended once before the records at <paramref name="cut"/>, all read before being below it: windows and
    /// timers fire for either part. With a last record to read, only up to that.
    /// </summary>
    public static List<string> Answer(Input input, int cut, int end)
    {
        Dictionary<int, long> sums = [], counts = [];
        List<string> lines = [];
        foreach ((int from, int to) in ((int, int)[])[(0, Math.Min(cut, end)), (cut, end)])
        {
            SortedDictionary<(int Key, long Bucket), int> buckets = [];
            SortedDictionary<(int Place, long Start), long> windows = [];
            for (int split = 0; split < input.Splits; split++)
            {
                for (int index = from; index < Math.Min(to, input.Of(split)); index++)
                {
                    Reading r = new(split, index);
                    long ms = At(r).ToUnixMilliseconds();
                    lines.Add(Sum(Key(r), index, sums[Key(r)] = sums.GetValueOrDefault(Key(r)) + index));
                    lines.Add($"count {Place(r)} {counts[Place(r)] = counts.GetValueOrDefault(Place(r)) + 1}");
                    buckets[(Key(r), ms / BucketMs)] = buckets.GetValueOrDefault((Key(r), ms / BucketMs)) + 1;
                    windows[(Place(r), ms / WindowMs * WindowMs)] = windows.GetValueOrDefault((Place(r), ms / WindowMs * WindowMs)) + index + 1;
                }
            }

            lines.AddRange(buckets.Select(static b => Bucket(b.Key.Key, b.Key.Bucket, b.Value)));
            lines.AddRange(windows.Select(static w => Window(w.Key.Place, w.Key.Start, w.Value)));
        }

        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>The beginning of the line that a record alone brings about.</summary>
    public static string PrefixOf(Reading r) => $"sum {Key(r)} {r.Index} ";

    static string Sum(int key, int index, long sum) => $"sum {key} {index} {sum}";

    static string Bucket(int key, long bucket, int count) => $"bucket {key} {bucket} {count}";

    static string Window(int place, long start, long sum) => $"window {place} {start} {sum}";

    sealed class Sums(StateScope state, TrialGate gate, Action<Reading> onRecord) : IKeyedProcess<int, Reading, string>
    {
        readonly ValueState<long> _sum = state.Value<long>("sum");
        readonly MapState<long, int> _buckets = state.Map<long, int>("buckets");
        readonly EventTimerSet _ends = state.EventTimerSet("ends");

        public void OnRecord(in Record<Reading> record, Output<string> output)
        {
            Reading r = record.Value;
            onRecord(r);
            long sum = _sum.GetOr(0) + r.Index;
            _sum.Set(sum);
            output.Emit(Sum(Key(r), r.Index, sum));
            long bucket = At(r).ToUnixMilliseconds() / BucketMs;
            _buckets.Set(bucket, _buckets.GetOr(bucket, 0) + 1);
            _ends.Add(Timestamp.FromUnixMilliseconds(((bucket + 1) * BucketMs) - 1));
            gate.Pass();
        }

        public void OnTimer(in Firing<int> firing, Output<string> output)
        {
            long bucket = firing.Timestamp.ToUnixMilliseconds() / BucketMs;
            if (!_buckets.TryGet(bucket, out int count)) throw new InvalidOperationException($"the timer of key {firing.Key} at {bucket} has no count");
            _buckets.Remove(bucket);
            output.Emit(Bucket(firing.Key, bucket, count));
        }
    }
}
