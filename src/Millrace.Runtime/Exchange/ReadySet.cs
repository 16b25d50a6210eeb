using System.Collections.Concurrent;

namespace Millrace.Runtime.Exchange;

/// <summary>The channels of one consumer that have something, each at most once, in the order they became ready.</summary>
/// <param name="channels">How many channels there are.</param>
/// <param name="consumer">Notified whenever one becomes ready.</param>
public sealed class ReadySet(int channels, INotifiable consumer) : IReadySet
{
    readonly ConcurrentQueue<int> _ready = new();
    readonly int[] _isMarked = new int[channels];

    /// <inheritdoc/>
    public void MarkReady(int index)
    {
        if (Interlocked.Exchange(ref _isMarked[index], 1) != 0) return;
        _ready.Enqueue(index);
        consumer.Notify();
    }

    /// <summary>Consumer: a channel to look at. What is sent after this call marks it again.</summary>
    public bool TryTake(out int index)
    {
        if (!_ready.TryDequeue(out index)) return false;
        Interlocked.Exchange(ref _isMarked[index], 0);
        return true;
    }

    /// <summary>Consumer: puts a channel that may have more at the end of the line.</summary>
    public void PutBack(int index)
    {
        if (Interlocked.Exchange(ref _isMarked[index], 1) == 0) _ready.Enqueue(index);
    }
}
