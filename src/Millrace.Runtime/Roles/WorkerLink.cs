using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>Who is told what a worker says of a deployment. One call at a time for each worker; must not block or throw.</summary>
interface IWorkerEvents
{
    /// <summary>The worker says something of the deployment.</summary>
    void OnMessage(int worker, WorkerMessage message);

    /// <summary>The worker cannot be reached any more. Once, last.</summary>
    void OnLost(int worker, WorkerLostException why);
}

/// <summary>
/// The leader's end of a connection to a worker, from its first word to its last. What the worker says of earlier deployments goes nowhere.
/// Thread-safe.
/// </summary>
sealed class WorkerLink : IConnectionEvents
{
    readonly Lock _lock = new();   // guards everything below
    readonly WorkerRegistry _registry;
    readonly IConnection _connection;
    readonly Heartbeat? _heartbeat;
    WorkerMessage.Hello? _hello;
    AttemptId? _attempt;
    int _index;
    IWorkerEvents? _events;
    string? _closed;

    public WorkerLink(WorkerRegistry registry, IConnection connection, Func<IConnection, Heartbeat?> heartbeatOf)
    {
        _registry = registry;
        _connection = connection;
        _heartbeat = heartbeatOf(connection);
    }

    /// <summary>What it is called, for people.</summary>
    public string Name => _hello?.Worker ?? _connection.Peer;

    /// <summary>Where other workers reach it.</summary>
    public string Endpoint => _hello!.Endpoint;

    /// <summary>Gives the worker its share of a deployment, and tells from now on what it says of it.</summary>
    /// <returns>Null; or that the worker is gone already, which is told in no other way then.</returns>
    public WorkerLostException? Deploy(AttemptId attempt, DeployOrder order, IWorkerEvents events)
    {
        lock (_lock)
        {
            if (_closed is not null) return new(Name, _closed);
            _attempt = attempt;
            _index = order.Worker;
            _events = events;
        }

        Send(new LeaderMessage.Deploy(attempt, order));
        return null;
    }

    /// <summary>Nobody is told any more what it says of the deployment.</summary>
    public void Release()
    {
        lock (_lock) _events = null;
    }

    /// <summary>Puts a message in line.</summary>
    public void Send(LeaderMessage message) => _connection.Send(message);

    /// <summary>Ends the connection.</summary>
    public void Close(string why) => _connection.Close(why);

    /// <inheritdoc/>
    void IConnectionEvents.OnMessage(Message message)
    {
        _heartbeat?.OnHeard();
        if (message is WorkerMessage.Hello hello)
        {
            lock (_lock) _hello ??= hello;
            _registry.OnHello(this, hello);
            return;
        }

        IWorkerEvents? events;
        int index;
        lock (_lock) (events, index) = (message as WorkerMessage)?.Attempt == _attempt ? (_events, _index) : (null, 0);
        events?.OnMessage(index, (WorkerMessage)message);
    }

    /// <inheritdoc/>
    void IConnectionEvents.OnClosed(string why)
    {
        _heartbeat?.Dispose();
        IWorkerEvents? events;
        int index;
        lock (_lock)
        {
            _closed = why;
            (events, index) = (_events, _index);
        }

        _registry.OnGone(this);
        events?.OnLost(index, new(Name, why));
    }
}
