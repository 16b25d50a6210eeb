using Millrace.Runtime.Messages;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// Waits until a barrier has come by every channel that has not ended, and says which channels have to wait meanwhile (Carbone et al.
/// 2015; Flink's SingleCheckpointBarrierHandler). Once a barrier has overtaken what is on its way, nobody waits, and what still comes
/// ahead of it is part of the snapshot. A later barrier takes the place of one that some channel never delivered. Pure; owned by one task.
/// </summary>
/// <param name="channels">How many channels there are.</param>
public sealed class BarrierAligner(int channels)
{
    readonly bool[] _hasArrived = new bool[channels];
    readonly bool[] _hasEnded = new bool[channels];
    int _arrived;
    int _ended;
    long _newest;
    long _inTurn;

    /// <summary>The barrier that is known of and has not come by all channels; null for none.</summary>
    public Barrier? Waiting { get; private set; }

    /// <summary>Whether <see cref="Waiting"/> went on before it had come by all channels.</summary>
    public bool IsOvertaking { get; private set; }

    /// <summary>Whether what a channel has must wait, because it follows a barrier that others have not delivered.</summary>
    public bool IsBlocked(int channel) => Waiting is { Alignment: not Alignment.AtLeastOnce } && !IsOvertaking && _hasArrived[channel];

    /// <summary>Whether what comes by a channel is ahead of a barrier that has overtaken it.</summary>
    public bool IsInFlight(int channel) => IsOvertaking && !_hasArrived[channel] && !_hasEnded[channel];

    /// <summary>
    /// A channel's producer has sent a barrier, which may be behind what the channel still holds. One that is being aligned is not given up
    /// for it: every channel delivers that in its turn, and is asked again then. One that never overtakes comes in its turn as well, and
    /// perhaps after others: several may be under way. No later one overtakes it: those that align it would wait for it in vain.
    /// </summary>
    public void OnAnnounced(Barrier barrier)
    {
        if (!barrier.MayOvertake) _inTurn = Math.Max(_inTurn, barrier.Id);
        else if (_inTurn <= _newest && barrier.Id > _newest && (Waiting is null || (IsOvertaking && barrier.Id > Waiting.Id))) Await(barrier);
    }

    /// <summary>The barrier goes on now: what is on its way becomes part of the snapshot.</summary>
    public void Overtake()
    {
        Invariant.That(Waiting is not null && !IsOvertaking, "a barrier overtakes once");
        IsOvertaking = true;
    }

    /// <summary>A batch came by a channel, perhaps with a barrier.</summary>
    /// <returns>The barrier, if with this batch it has come by all channels; null otherwise.</returns>
    public Barrier? OnBarrier(int channel, Barrier? barrier)
    {
        if (barrier is null || barrier.Id <= _newest) return null;
        if (Waiting is null || barrier.Id > Waiting.Id) Await(barrier);
        else if (barrier.Id < Waiting.Id) return null;

        Invariant.That(!_hasArrived[channel], "a channel delivers a barrier once");
        _hasArrived[channel] = true;
        _arrived++;
        return Complete();
    }

    /// <summary>A channel has ended, which is as good as its barrier.</summary>
    /// <returns>The barrier, if nobody else has to deliver it; null otherwise.</returns>
    public Barrier? OnEnd(int channel)
    {
        if (_hasEnded[channel]) return null;
        _hasEnded[channel] = true;
        _ended++;
        if (_hasArrived[channel]) _arrived--;
        _hasArrived[channel] = false;
        return Complete();
    }

    void Await(Barrier barrier)
    {
        Array.Clear(_hasArrived);
        _arrived = 0;
        IsOvertaking = false;
        Waiting = barrier;
    }

    Barrier? Complete()
    {
        if (Waiting is not { } barrier || _arrived + _ended < _hasArrived.Length) return null;
        Array.Clear(_hasArrived);
        _arrived = 0;
        _newest = barrier.Id;
        Waiting = null;
        IsOvertaking = false;
        return barrier;
    }
}
