using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;

namespace Millrace.Runtime.Roles;

/// <summary>How ends of connections find out that the other has fallen silent.</summary>
/// <param name="Interval">How often each says that it is there. More than zero.</param>
/// <param name="Misses">So many intervals without a word mean that it is not. One or more.</param>
sealed record HeartbeatOptions(TimeSpan Interval, int Misses)
{
    /// <summary>A second, ten times.</summary>
    public static HeartbeatOptions Default { get; } = new(TimeSpan.FromSeconds(1), 10);
}

/// <summary>
/// Says that this end of a connection is there, and closes it when nothing is heard of the other. Counts own beats, not time: while this
/// process stood still it heard nobody, and that is held against nobody. Thread-safe.
/// </summary>
sealed class Heartbeat : IDisposable
{
    readonly IConnection _connection;
    readonly HeartbeatOptions _options;
    readonly Action _also;
    readonly System.Threading.ITimer _timer;
    int _silent;

    /// <summary>Begins.</summary>
    /// <param name="connection">Closed when the other end is silent.</param>
    /// <param name="options">How often.</param>
    /// <param name="time">The clock.</param>
    /// <param name="also">Called with each beat; must not block or throw.</param>
    public Heartbeat(IConnection connection, HeartbeatOptions options, TimeProvider time, Action also)
    {
        _connection = connection;
        _options = options;
        _also = also;
        // One beat at a time: those of a process that stood still do not come all at once.
        _timer = time.CreateTimer(static beat => ((Heartbeat)beat!).Beat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(options.Interval, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something came from the other end.</summary>
    public void OnHeard() => Interlocked.Exchange(ref _silent, 0);

    /// <summary>Ends it.</summary>
    public void Dispose() => _timer.Dispose();

    void Beat()
    {
        if (Interlocked.Increment(ref _silent) > _options.Misses)
        {
            _connection.Close($"nothing was heard of {_connection.Peer} for {_options.Misses} times {_options.Interval.TotalSeconds:0.###} s");
            return;
        }

        _connection.Send(new Message.Alive());
        _also();
        _timer.Change(_options.Interval, Timeout.InfiniteTimeSpan);
    }
}
