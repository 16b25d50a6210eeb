using Millrace.Storage;

namespace Millrace.CrashTest;

/// <summary>A row of the input.</summary>
/// <param name="Id">1, 2, 3 and so on in a file.</param>
/// <param name="Shop">The key.</param>
/// <param name="Minute">Event time, in minutes since the Unix epoch.</param>
/// <param name="Amount">What was paid.</param>
public sealed record Sale(int Id, int Shop, int Minute, long Amount);

/// <summary>The running sum of a shop.</summary>
public sealed record Running(int Shop, int Id, long Sum);

/// <summary>What a shop took in an hour.</summary>
public sealed record ShopHour(int Shop, int Hour, int Sales, long Amount);

/// <summary>A shop that sold nothing for two hours of event time, by a timer.</summary>
public sealed record Quiet(int Shop, int SinceMinute);

/// <summary>The newest sum of a shop, for the sink that updates rows by key.</summary>
public sealed record Total(int Shop, long Sum);

/// <summary>
/// The job that is killed: reads files, a running sum, windows and timers per shop, and writes files exactly once; with a server, rows too.
/// What it writes follows from its input alone, in any order the files are read, since a shop is in one file.
/// </summary>
public static class CrashJob
{
    public const string Name = "crash-job";
    public const int QuietMinutes = 120;

    public static JobGraph Graph(string root, IObjectStore? objects, string? server, int pauseMicros)
    {
        Dataflow flow = new(Name);
        DataStream<Sale> sales = flow.Source(
            "sales", FileSource.Csv<Sale>(Path.Combine(root, "input")).WithoutRanges(),
            WatermarkStrategy.Monotonous<Sale>(static s => Timestamp.FromUnixSeconds(s.Minute * 60L)));
        KeyedStream<int, Sale> shops = sales.Select(sale => Slowly(sale, pauseMicros)).KeyBy(static s => s.Shop);

        DataStream<Running> running = shops.Fold<long, Running>("running", static () => 0L, static (ref sum, in sale, output) =>
        {
            sum += sale.Value.Amount;
            output.Emit(new(sale.Value.Shop, sale.Value.Id, sum));
        });
        DataStream<ShopHour> hours = shops.Window(Tumbling.Of(TimeSpan.FromHours(1))).Aggregate(
            "hours", seed: static () => new Sum(0, 0), add: static (ref sum, in sale) => sum = new(sum.Sales + 1, sum.Amount + sale.Value.Amount),
            merge: static (a, b) => new(a.Sales + b.Sales, a.Amount + b.Amount),
            emit: static w => new ShopHour(w.Key, (int)(w.Window.Start.ToUnixMilliseconds() / 3_600_000), w.Value.Sales, w.Value.Amount));
        DataStream<Quiet> quiet = shops.Process("quiet", static state => new QuietShops(state));

        if (objects is not null)
        {
            running.Sink("write-running", ObjectSink.Csv<Running>(objects, "running"));
            hours.Sink("write-hours", ObjectSink.Csv<ShopHour>(objects, "hours.csv"));
            quiet.Sink("write-quiet", ObjectSink.JsonLines<Quiet>(objects, "quiet"));
            return flow.Build();
        }

        running.Sink("write-running", FileSink.Csv<Running>(Path.Combine(root, "output", "running")).RollBy(time: TimeSpan.Zero));
        hours.Sink("write-hours", FileSink.Csv<ShopHour>(Path.Combine(root, "output", "hours.csv"))).WithParallelism(1);
        quiet.Sink("write-quiet", FileSink.JsonLines<Quiet>(Path.Combine(root, "output", "quiet")));
        if (server is null) return flow.Build();

        hours.Sink("save-hours", PostgresSink.Transactional<ShopHour>(server, "shop_hours"));
        running.Select(static r => new Total(r.Shop, r.Sum)).Sink("save-totals", PostgresSink.Upsert<Total>(server, "totals", "shop"));
        return flow.Build();
    }

    static Sale Slowly(Sale sale, int pauseMicros)
    {
        // A pause per hundred records: short ones are not kept by the clock.
        if (pauseMicros > 0 && sale.Id % 100 == 0) Thread.Sleep(TimeSpan.FromMicroseconds(pauseMicros * 100.0));
        return sale;
    }

    /// <summary>The accumulator of an hour.</summary>
    public readonly record struct Sum(int Sales, long Amount);

    sealed class QuietShops(StateScope state) : IKeyedProcess<int, Sale, Quiet>
    {
        readonly ValueState<int> _last = state.Value<int>("last");
        readonly EventTimer _deadline = state.EventTimer("deadline");

        public void OnRecord(in Record<Sale> record, Output<Quiet> output)
        {
            // Event time may be behind the records that are here already: the gap is seen by whichever comes first.
            if (_last.TryGet(out int last) && record.Value.Minute > last + QuietMinutes) output.Emit(new(record.Value.Shop, last));
            _last.Set(record.Value.Minute);
            _deadline.Set(Timestamp.FromUnixSeconds((record.Value.Minute + QuietMinutes) * 60L));
        }

        public void OnTimer(in Firing<int> firing, Output<Quiet> output)
        {
            if (_last.TryTake(out int last)) output.Emit(new(firing.Key, last));
        }
    }
}
