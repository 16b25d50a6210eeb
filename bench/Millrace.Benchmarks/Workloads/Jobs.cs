using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;

namespace Millrace.Benchmarks.Workloads;

/// <summary>The jobs that are measured, as a user would write them.</summary>
static class Jobs
{
    /// <summary>A window of the tumbling workloads: a million records.</summary>
    public static readonly TimeSpan TumblingSize = TimeSpan.FromMilliseconds(1_000);

    /// <summary>The slide of the sliding workloads.</summary>
    public static readonly TimeSpan Slide = TimeSpan.FromMilliseconds(10);

    public static Outcome FilterMapSum(KeyedEvent[][] passes, Lambdas f) =>
        JobRun.Of<KeyedEvent, long, NumberDigest>(passes, null, events => events.Where(f.Keeps).Select(f.MapOf));

    public static Outcome TumblingCount(KeyedEvent[][] passes, Lambdas f) => TumblingCount(passes, f, JobRunOptions.OneChain);

    public static Outcome TumblingCount(KeyedEvent[][] passes, Lambdas f, JobRunOptions options) =>
        JobRun.Of<KeyedEvent, WindowValue<long, long>, WindowDigest>(passes, WatermarkStrategy.Monotonous(f.TimeOf),
            events => events.KeyBy(f.KeyOf).Window(Tumbling.Of(TumblingSize)).Count("count"), options);

    public static Outcome TumblingAggregate(KeyedEvent[][] passes, Lambdas f) =>
        JobRun.Of<KeyedEvent, WindowValue<long, long>, WindowDigest>(passes, WatermarkStrategy.Monotonous(f.TimeOf),
            events => events.KeyBy(f.KeyOf).Window(Tumbling.Of(TumblingSize)).Aggregate(
                "count", seed: static () => 0L, add: static (ref count, in _) => count++,
                merge: static (a, b) => a + b, emit: static w => w));

    public static Outcome SlidingCount(KeyedEvent[][] passes, Lambdas f, int slides) =>
        JobRun.Of<KeyedEvent, WindowValue<long, long>, WindowDigest>(passes, WatermarkStrategy.Monotonous(f.TimeOf),
            events => events.KeyBy(f.KeyOf).Window(Sliding.Of(Slide * slides, Slide)).Count("count"));

    public static Outcome RunningSum(KeyedEvent[][] passes, Lambdas f) =>
        JobRun.Of<KeyedEvent, KeyValue<long, long>, RunningDigest>(passes, null, events => events.KeyBy(f.KeyOf).Sum("sum", f.ValueOf));

    /// <summary>The same by a keyed function with a value of state, which has no TTL.</summary>
    public static Outcome KeyedValue(KeyedEvent[][] passes, Lambdas f) => JobRun.Of<KeyedEvent, KeyValue<long, long>, RunningDigest>(
        passes, null, events => events.KeyBy(f.KeyOf).Process<KeyValue<long, long>>("sum", state => new Summing(state, f.ValueOf)));

    /// <summary>Source and Select in one task, the count in another: whole records cross between two threads.</summary>
    public static Outcome TwoStage(KeyedEvent[][] passes, Lambdas f, JobRunOptions options) =>
        JobRun.Of<KeyedEvent, WindowValue<long, long>, WindowDigest>(passes, WatermarkStrategy.Monotonous(f.TimeOf),
            events => events.Select(f.Change).KeyBy(f.KeyOf).Window(Tumbling.Of(TumblingSize)).Count("count").StartNewChain(), options);

    public static Outcome WordCount(WordEvent[][] passes, WordLambdas f) =>
        JobRun.Of<WordEvent, KeyValue<string, long>, WordDigest>(passes, null, words => words.KeyBy(f.KeyOf).Count("count"));
}

/// <summary>Keeps a sum per key and emits it.</summary>
sealed class Summing(StateScope state, Func<KeyedEvent, long> valueOf) : IKeyedProcess<long, KeyedEvent, KeyValue<long, long>>
{
    readonly ValueState<long> _sum = state.Value<long>("sum");

    public void OnRecord(in Record<KeyedEvent> record, Output<KeyValue<long, long>> output)
    {
        long sum = _sum.GetOr(0) + valueOf(record.Value);
        _sum.Set(sum);
        output.Emit(new(record.Value.Key, sum));
    }
}
