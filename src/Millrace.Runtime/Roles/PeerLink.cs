using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>One end of a connection between two workers, which carries the channels of one deployment from one to the other. Thread-safe.</summary>
/// <param name="onMessage">Told of messages.</param>
/// <param name="onClosed">Told that nothing comes any more.</param>
sealed class PeerLink(Action<PeerLink, ExchangeMessage> onMessage, Action<PeerLink, string> onClosed) : IConnectionEvents
{
    IConnection? _connection;
    Heartbeat? _heartbeat;
    volatile bool _isClosed;

    /// <summary>The deployment, and the worker at the other end, if it has called and said so.</summary>
    public (AttemptId Attempt, int Worker)? Joined { get; set; }

    /// <summary>Tells what it is the end of. Once, before anything is sent.</summary>
    public PeerLink Over(IConnection connection, ITransport transport, HeartbeatOptions beats, TimeProvider time)
    {
        _connection = connection;
        if (transport.CanGoSilent) Volatile.Write(ref _heartbeat, new(connection, beats, time, static () => { }));
        // It may have ended before there was a heartbeat to end.
        if (_isClosed) _heartbeat?.Dispose();
        return this;
    }

    /// <summary>Puts a message in line.</summary>
    public void Send(ExchangeMessage message) => _connection!.Send(message);

    /// <summary>Ends the connection.</summary>
    public void Close(string why) => _connection!.Close(why);

    /// <inheritdoc/>
    void IConnectionEvents.OnMessage(Message message)
    {
        Volatile.Read(ref _heartbeat)?.OnHeard();
        if (message is ExchangeMessage exchange) onMessage(this, exchange);
    }

    /// <inheritdoc/>
    void IConnectionEvents.OnClosed(string why)
    {
        _isClosed = true;
        Volatile.Read(ref _heartbeat)?.Dispose();
        onClosed(this, why);
    }
}
