using Millrace;

namespace Flights;

/// <summary>
/// Two weeks of flights, in the order their reports came in: delays per airport and hour, a running top ten, and alerts for airports
/// where nothing leaves on time.
/// </summary>
public sealed class FlightDelays : IJob
{
    /// <summary>Reports come up to this much out of order; what comes later than that is late.</summary>
    public static readonly TimeSpan Disorder = TimeSpan.FromHours(2);

    /// <summary>The result of an hour is updated by late reports for this long. What comes even later goes to a file of its own.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromHours(1);

    static readonly SideOutput<MalformedRow> s_malformed = new("malformed");
    static readonly CsvOptions s_toTheMinute = new() { DateFormat = "yyyy-MM-dd'T'HH:mm" };

    public static void Define(Dataflow flow, JobArguments args)
    {
        string input = args.Get("input", Path.Combine(AppContext.BaseDirectory, "data", "flights.csv"));
        string output = args.Get("output", Path.Combine("out", "flight-delays"));
        double rate = args.Get("rate", double.PositiveInfinity);
        string File(string name) => Path.Combine(output, name);

        // The order of the reports decides which of them are late, so the file is read by one reader, in order.
        DataStream<Flight> flights = flow
            .Source("flights", FileSource.Csv<Flight>(input).InOrder().DivertMalformed(s_malformed).AtMost(rate, s_malformed),
                WatermarkStrategy.BoundedOutOfOrderness<Flight>(Disorder, static flight => flight.Date))
            .WithParallelism(1);

        DataStream<AirportHour> hours = flights
            .KeyBy(static flight => flight.Origin)
            .Window(Tumbling.Of(TimeSpan.FromHours(1)))
            .AllowLateness(Lateness)
            .SplitLate(out DataStream<Flight> tooLate)
            .Aggregate("hours", seed: static () => default(Delays), add: static (ref delays, in flight) => delays = delays.With(flight.Value),
                merge: static (a, b) => a.With(b), emit: static window => AirportHour.Of(window.Key, window.Start, window.Value));

        DataStream<TopTen> topTen = hours
            .KeyBy(static _ => "all airports")
            .Process("top-ten", static state => new TopTenSoFar(state))
            .WithParallelism(1);

        DataStream<Standstill> standstills = flights
            .KeyBy(static flight => flight.Origin)
            .Process("standstills", static state => new StandstillAlert(state));

        topTen.Where(static top => top.Until.Hour == 0).WithParallelism(1).Sink("print-top-ten", ConsoleSink.Lines<TopTen>()).WithParallelism(1);
        standstills.Sink("print-standstills", ConsoleSink.Lines<Standstill>()).WithParallelism(1);

        hours.Sink("write-hours", FileSink.Csv<AirportHour>(File("hours.csv"), s_toTheMinute)).WithParallelism(1);
        topTen.Sink("write-top-ten", FileSink.JsonLines<TopTen>(File("top-ten.jsonl"))).WithParallelism(1);
        standstills.Sink("write-standstills", FileSink.Csv<Standstill>(File("standstills.csv"), s_toTheMinute)).WithParallelism(1);
        tooLate.Sink("write-too-late", FileSink.Csv<Flight>(File("too-late.csv"), s_toTheMinute)).WithParallelism(1);
        flights.Side(s_malformed).Sink("write-malformed", FileSink.JsonLines<MalformedRow>(File("malformed.jsonl"))).WithParallelism(1);
    }
}
