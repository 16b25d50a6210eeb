using Millrace;

namespace Flights;

/// <summary>
/// Raises an alert when, for two hours, every flight that left an airport was more than half an hour late, and there were five or more.
/// Reports come out of order, but what counts is the order in which flights left. So a flight waits until event time has reached its
/// departure: a timer takes it up.
/// </summary>
public sealed class StandstillAlert(StateScope state) : IKeyedProcess<string, Flight, Standstill>
{
    const int LateMinutes = 30, FlightsMin = 5;

    // One tick more, so that a flight that leaves on time exactly two hours later still ends the wait.
    static readonly TimeSpan s_patience = TimeSpan.FromHours(2) + TimeSpan.FromTicks(1);

    readonly MapState<Timestamp, Departures> _waiting = state.Map<Timestamp, Departures>("waiting departures");
    readonly ValueState<Wait> _wait = state.Value<Wait>("wait");
    readonly EventTimerSet _departure = state.EventTimerSet("departure");
    readonly EventTimer _outOfPatience = state.EventTimer("out of patience");

    public void OnRecord(in Record<Flight> flight, Output<Standstill> output)
    {
        // Event time has passed it already: whatever it might have changed has been told.
        if (flight.Timestamp <= state.CurrentWatermark) return;
        Departures others = _waiting.GetOr(flight.Timestamp, new(0, int.MaxValue));
        _waiting.Set(flight.Timestamp, new(others.Flights + 1, Math.Min(others.ShortestDelay, flight.Value.Delay)));
        _departure.Add(flight.Timestamp);
    }

    public void OnTimer(in Firing<string> firing, Output<Standstill> output)
    {
        if (firing.Timer == _departure && _waiting.TryGet(firing.Timestamp, out Departures departures))
        {
            _waiting.Remove(firing.Timestamp);
            if (departures.ShortestDelay > LateMinutes) GoOn(firing.Timestamp, departures.Flights);
            else EndWait();
        }
        else if (_wait.TryTake(out Wait wait) && wait.Flights >= FlightsMin)
        {
            output.Emit(new Standstill(firing.Key, wait.Since.ToLocalTime(), wait.Flights));
        }
    }

    void GoOn(Timestamp departure, int flights)
    {
        if (!_wait.HasValue) _outOfPatience.Set(departure + s_patience);
        Wait wait = _wait.GetOr(new(departure, 0));
        _wait.Set(wait with { Flights = wait.Flights + flights });
    }

    void EndWait()
    {
        _wait.Clear();
        _outOfPatience.Cancel();
    }

    /// <summary>The flights that leave an airport in the same minute.</summary>
    public readonly record struct Departures(int Flights, int ShortestDelay);

    /// <summary>Since when all flights have been late, and how many.</summary>
    public readonly record struct Wait(Timestamp Since, int Flights);
}
