using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Workloads;

namespace Millrace.Benchmarks.Profiles;

/// <summary>Jobs that do a part of what a workload does, made with the public API alone.</summary>
static class Partial
{
    /// <summary>Wide enough to hold all data, so that nothing fires before the end of the input, which is not timed.</summary>
    static readonly TimeSpan Century = TimeSpan.FromDays(36_500);

    public static Outcome Source(KeyedEvent[][] p) => JobRun.Of<KeyedEvent, KeyedEvent, EventDigest>(p, null, static s => s);

    public static Outcome Timestamps(KeyedEvent[][] p, Lambdas f) =>
        JobRun.Of<KeyedEvent, KeyedEvent, EventDigest>(p, Watermarks(f), static s => s);

    public static Outcome TimedSelect(KeyedEvent[][] p, Lambdas f) =>
        JobRun.Of<KeyedEvent, KeyedEvent, EventDigest>(p, Watermarks(f), s => s.Select(f.Change));

    /// <summary>A row per key in a small table: what a key costs when its row is at hand.</summary>
    public static Outcome RowsFew(KeyedEvent[][] p, Lambdas f) => Fold(p, null, static e => e.Key & 15);

    /// <summary>A row per key: with many keys, the difference to few is the way to memory.</summary>
    public static Outcome Rows(KeyedEvent[][] p, Lambdas f) => Fold(p, null, f.KeyOf);

    public static Outcome TimedRowsFew(KeyedEvent[][] p, Lambdas f) => Fold(p, Watermarks(f), static e => e.Key & 15);

    public static Outcome TimedRows(KeyedEvent[][] p, Lambdas f) => Fold(p, Watermarks(f), f.KeyOf);

    public static Outcome RowsEmitted(KeyedEvent[][] p, Lambdas f) => JobRun.Of<KeyedEvent, long, NumberDigest>(
        p, null, s => s.KeyBy(f.KeyOf).Fold<long, long>("rows", static () => 0L, static (ref sum, in record, output) => output.Emit(sum += record.Value.Value)));

    public static Outcome OneWindow(KeyedEvent[][] p, Lambdas f) => JobRun.Of<KeyedEvent, WindowValue<long, long>, WindowDigest>(
        p, Watermarks(f), s => s.KeyBy(f.KeyOf).Window(Tumbling.Of(Century)).Count("count"));

    public static Outcome Exchange(KeyedEvent[][] p, Lambdas f) => JobRun.Of<KeyedEvent, KeyedEvent, EventDigest>(
        p, Watermarks(f), s => s.Select(f.Change).Select(f.Change).StartNewChain(), TwoThreads(p));

    public static Outcome KeyedExchange(KeyedEvent[][] p, Lambdas f) => JobRun.Of<KeyedEvent, KeyValue<long, long>, RunningDigest>(
        p, Watermarks(f), s => s.Select(f.Change).KeyBy(f.KeyOf).Sum("sum", f.ValueOf).StartNewChain(), TwoThreads(p));

    public static Outcome WordRows(WordEvent[][] p, Func<WordEvent, string> keyOf) => JobRun.Of<WordEvent, long, NumberDigest>(
        p, null, s => s.KeyBy(keyOf).Fold<long, long>("rows", static () => 0L, static (ref count, in _, _) => count++));

    static Outcome Fold(KeyedEvent[][] p, WatermarkStrategy<KeyedEvent>? watermarks, Func<KeyedEvent, long> keyOf) =>
        JobRun.Of<KeyedEvent, long, NumberDigest>(
            p, watermarks, s => s.KeyBy(keyOf).Fold<long, long>("rows", static () => 0L, static (ref sum, in record, _) => sum += record.Value.Value));

    static WatermarkStrategy<KeyedEvent> Watermarks(Lambdas f) => WatermarkStrategy.Monotonous(f.TimeOf);

    /// <summary>With a result per record, a pass has ended when its last record's result is there.</summary>
    static JobRunOptions TwoThreads(KeyedEvent[][] p)
    {
        long records = 0;
        return new(2, [.. p.Select(pass => records += pass.Length)]);
    }
}
