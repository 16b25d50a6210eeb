using Millrace.Runtime;
using Millrace.Runtime.Messages;

namespace Millrace.Testing.Simulation;

/// <summary>Watches the records that go by one connection: never more of a channel are on their way than there is room for.</summary>
/// <param name="world">Where what must not be is told.</param>
sealed class SimulatedExchange(SimulatedWorld world)
{
    readonly Dictionary<ChannelId, int> _underWay = [];

    /// <summary>Whether records go by the connection at all.</summary>
    public bool IsJoined { get; private set; }

    /// <summary>Either end sends something.</summary>
    public void OnSent(Message message)
    {
        switch (message)
        {
            case ExchangeMessage.Joined:
                IsJoined = true;
                break;
            case ExchangeMessage.Frame frame:
                int frames = _underWay[frame.Channel] = _underWay.GetValueOrDefault(frame.Channel) + 1;
                if (frames == Limits.ChannelBatchesMax) world.Reach("a channel between workers had no credit left");
                if (frames > Limits.ChannelBatchesMax)
                    world.Found ??= new SimulationException($"{frames} frames of {frame.Channel} are on their way, and there is room for {Limits.ChannelBatchesMax}");
                break;
            case ExchangeMessage.Credit credit:
                _underWay[credit.Channel] -= credit.Frames;
                break;
        }
    }
}
