namespace Millrace.Runtime.Exchange;

/// <summary>The channels of one edge of a plan, made as they are asked for. Used while tasks are built, by one thread.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="batchRecords">Records of a batch at most.</param>
/// <param name="hasTimestamps">Whether the stream has event time.</param>
public sealed class ChannelGrid<T>(int batchRecords, bool hasTimestamps)
{
    readonly Dictionary<(int From, int To), Channel<T>> _channels = [];

    /// <summary>The channel from one instance to another.</summary>
    public Channel<T> Between(int from, int to)
    {
        if (!_channels.TryGetValue((from, to), out Channel<T>? channel))
            _channels.Add((from, to), channel = new(batchRecords, hasTimestamps));
        return channel;
    }
}
