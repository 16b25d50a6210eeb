using Millrace;

namespace Flights;

/// <summary>
/// Adds up the hours of all airports, and ranks them once per hour. An hour's results come from several window instances, of which some are
/// ahead of others, and late flights update them: so an hour waits here until its window can change no more, and only its last result counts.
/// </summary>
public sealed class TopTenSoFar(StateScope state) : IKeyedProcess<string, AirportHour, TopTen>
{
    readonly MapState<(Timestamp HourEnd, string Airport), long> _waiting = state.Map<(Timestamp, string), long>("waiting hours");
    readonly MapState<string, long> _totals = state.Map<string, long>("minutes late");
    readonly EventTimerSet _hourIsFinal = state.EventTimerSet("hour is final");

    public void OnRecord(in Record<AirportHour> hour, Output<TopTen> output)
    {
        _waiting.Set((hour.Timestamp, hour.Value.Airport), hour.Value.MinutesLate);
        _hourIsFinal.Add(hour.Timestamp + FlightDelays.Lateness);
    }

    public void OnTimer(in Firing<string> firing, Output<TopTen> output)
    {
        Timestamp hourEnd = firing.Timestamp - FlightDelays.Lateness;
        foreach (((Timestamp HourEnd, string Airport) key, long minutesLate) in _waiting.ToArray())
        {
            if (key.HourEnd > hourEnd) continue;
            _totals.Set(key.Airport, _totals.GetOr(key.Airport, 0) + minutesLate);
            _waiting.Remove(key);
        }

        // Ties go to the airport that comes first in the alphabet, so that the ranking does not depend on the order of arrival.
        var places = _totals.ToArray()
            .OrderByDescending(static total => total.Value).ThenBy(static total => total.Key, StringComparer.Ordinal)
            .Take(10).Select(static total => new Standing(total.Key, total.Value));
        // A result carries the last timestamp of its window: one tick before the hour is full.
        output.Emit(new TopTen((hourEnd + TimeSpan.FromTicks(1)).ToLocalTime(), [.. places]));
    }
}
