namespace Millrace.Runtime.Exchange;

/// <summary>The channels of one edge of a plan, made as they are asked for. Used while tasks are built, by one thread.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="batchRecords">Records of a batch at most.</param>
/// <param name="hasTimestamps">Whether the stream has event time.</param>
public sealed class ChannelGrid<T>(int batchRecords, bool hasTimestamps)
{
    readonly Dictionary<(int From, int To), Channel<T>> _channels = [];

    /// <summary>Told of each channel when it is made.</summary>
    internal Action<int, int, Channel<T>> Made { get; init; } = static (_, _, _) => { };

    /// <summary>The channel from one instance to another.</summary>
    public Channel<T> Between(int from, int to)
    {
        if (_channels.TryGetValue((from, to), out Channel<T>? known)) return known;
        Channel<T> channel = new(batchRecords, hasTimestamps);
        _channels.Add((from, to), channel);
        Made(from, to, channel);
        return channel;
    }
}
