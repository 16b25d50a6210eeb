using System.Globalization;
using Millrace;

namespace Flights;

/// <summary>A row of the file: a flight that has left.</summary>
/// <param name="Date">When it left, in the local time of its origin, which is the event time of this job.</param>
/// <param name="Delay">By how many minutes it arrived late; negative when it was early.</param>
/// <param name="Origin">The airport it left.</param>
/// <param name="Destination">The airport it went to.</param>
public sealed record Flight(DateTime Date, int Delay, string Origin, string Destination);

/// <summary>The sum of any number of flights: what a window keeps instead of them.</summary>
public readonly record struct Delays(int Flights, long Minutes, int Longest, int Late, long MinutesLate)
{
    /// <summary>Flights later than this count as late, as the airlines count them.</summary>
    const int OnTimeMinutes = 15;

    public Delays With(Flight flight) =>
        With(new Delays(1, flight.Delay, flight.Delay, flight.Delay > OnTimeMinutes ? 1 : 0, Math.Max(flight.Delay, 0)));

    public Delays With(Delays other) =>
        Flights == 0 ? other : new(
            Flights + other.Flights, Minutes + other.Minutes, Math.Max(Longest, other.Longest), Late + other.Late, MinutesLate + other.MinutesLate);
}

/// <summary>The flights that left an airport in an hour.</summary>
/// <param name="Airport">The airport.</param>
/// <param name="Hour">When the hour begins.</param>
/// <param name="Flights">How many there were.</param>
/// <param name="AverageDelay">In minutes; early flights count as negative.</param>
/// <param name="LongestDelay">In minutes.</param>
/// <param name="LateShare">The share of flights more than 15 minutes late.</param>
/// <param name="MinutesLate">The minutes of the late flights together; early flights count as zero.</param>
public sealed record AirportHour(string Airport, DateTime Hour, int Flights, double AverageDelay, int LongestDelay, double LateShare, long MinutesLate)
{
    public static AirportHour Of(string airport, Timestamp hour, Delays delays) => new(
        airport, hour.ToLocalTime(), delays.Flights, Math.Round((double)delays.Minutes / delays.Flights, 2), delays.Longest,
        Math.Round((double)delays.Late / delays.Flights, 4), delays.MinutesLate);
}

/// <summary>An airport and the minutes its flights have been late so far.</summary>
public sealed record Standing(string Airport, long MinutesLate)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Airport} {MinutesLate:N0}");
}

/// <summary>The ten airports whose flights have been late the longest, all flights before a full hour together.</summary>
public sealed record TopTen(DateTime Until, IReadOnlyList<Standing> Places)
{
    public override string ToString() =>
        $"{Until:yyyy-MM-dd HH:mm}  minutes late so far: {string.Join(", ", Places)}";
}

/// <summary>An alert: for two hours, every flight that left the airport was more than half an hour late.</summary>
public sealed record Standstill(string Airport, DateTime Since, int Flights)
{
    public override string ToString() => $"{Since:yyyy-MM-dd HH:mm}  standstill at {Airport}: {Flights} flights in two hours, none of them less than half an hour late";
}

static class LocalTime
{
    /// <summary>A moment of event time as a date without zone: the airports' own.</summary>
    public static DateTime ToLocalTime(this Timestamp timestamp) => DateTime.SpecifyKind(timestamp.ToDateTime(), DateTimeKind.Unspecified);
}
