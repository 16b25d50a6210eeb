using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;

namespace Millrace.Runtime.Roles;

/// <summary>
/// Where a worker is reached by others: takes their connections, also those of a deployment it has not heard of yet, and hands what they say
/// to the deployment it runs. Thread-safe.
/// </summary>
sealed class WorkerExchange : IDisposable
{
    readonly Lock _lock = new();   // guards everything below
    readonly IDisposable _listening;
    readonly HashSet<PeerLink> _links = [];
    AttemptExchange? _current;
    bool _isClosed;

    /// <summary>Begins to listen.</summary>
    /// <param name="transport">How others come.</param>
    /// <param name="endpoint">Where they come to.</param>
    /// <param name="beats">How silence is found, where it can be.</param>
    /// <param name="time">The clock.</param>
    public WorkerExchange(ITransport transport, string endpoint, HeartbeatOptions beats, TimeProvider time)
    {
        Transport = transport;
        Beats = beats;
        Time = time;
        _listening = transport.Listen(endpoint, connection =>
        {
            PeerLink link = new PeerLink(OnMessage, OnClosed).Over(connection, transport, beats, time);
            bool isClosed;
            lock (_lock)
            {
                isClosed = _isClosed;
                _links.Add(link);
            }

            if (isClosed) link.Close("the worker has ended");
            return link;
        });
    }

    /// <summary>How others are reached.</summary>
    public ITransport Transport { get; }

    /// <summary>How silence is found.</summary>
    public HeartbeatOptions Beats { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>A deployment is built: what others say of it is handed to it from here on.</summary>
    public void Begin(AttemptExchange exchange)
    {
        PeerLink[] waiting;
        lock (_lock)
        {
            _current = exchange;
            waiting = [.. _links.Where(l => l.Joined?.Attempt == exchange.Attempt)];
        }

        foreach (PeerLink link in waiting) exchange.Attach(link);
    }

    /// <summary>A deployment is over: whoever sends records of it is sent away.</summary>
    public void End(AttemptExchange exchange, string why)
    {
        PeerLink[] links;
        lock (_lock)
        {
            if (_current == exchange) _current = null;
            links = [.. _links.Where(l => l.Joined?.Attempt == exchange.Attempt)];
        }

        foreach (PeerLink link in links) link.Close(why);
    }

    /// <summary>Sends everybody away.</summary>
    public void Dispose()
    {
        _listening.Dispose();
        PeerLink[] links;
        lock (_lock)
        {
            _isClosed = true;
            links = [.. _links];
        }

        foreach (PeerLink link in links) link.Close("the worker has ended");
    }

    void OnMessage(PeerLink link, ExchangeMessage message)
    {
        AttemptExchange? current;
        lock (_lock)
        {
            if (message is ExchangeMessage.Joined joined) link.Joined ??= (joined.Attempt, joined.From);
            current = _current;
        }

        // Nobody listens to what is said of a deployment that is over. Records come when all workers have built theirs, so none come too early.
        current?.OnMessage(link, message);
    }

    void OnClosed(PeerLink link, string why)
    {
        AttemptExchange? current;
        lock (_lock)
        {
            _links.Remove(link);
            current = _current;
        }

        current?.OnClosed(link, why);
    }
}
