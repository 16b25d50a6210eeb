using Millrace.Runtime.Messages;
using Millrace.Runtime.Roles;
using Millrace.Runtime.Transport;

namespace Millrace.Tests.Runtime.Roles;

/// <summary>A connection whose other end is the test: what was sent stays here.</summary>
sealed class RecordedConnection : IConnection
{
    public List<Message> Sent { get; } = [];

    public string? Closed { get; private set; }

    public IConnectionEvents? Events { get; set; }

    public string Peer => "the test";

    public bool Send(Message message)
    {
        if (Closed is not null) return false;
        Sent.Add(message);
        return true;
    }

    public void Close(string why)
    {
        if (Closed is not null) return;
        Closed = why;
        Events?.OnClosed(why);
    }
}

/// <summary>A transport to which the test connects workers.</summary>
sealed class RecordedTransport : ITransport
{
    Func<IConnection, IConnectionEvents>? _accept;

    public bool CanGoSilent { get; init; }

    public IDisposable Listen(string endpoint, Func<IConnection, IConnectionEvents> accept)
    {
        _accept = accept;
        return new Nothing();
    }

    public ValueTask<IConnection> ConnectAsync(string endpoint, IConnectionEvents events, CancellationToken cancellationToken) =>
        throw new UnreachableEndpointException(endpoint, "the test is the worker");

    /// <summary>Connects a worker that says who it is.</summary>
    public RecordedConnection Worker(string name, string fingerprint)
    {
        RecordedConnection connection = Accept();
        connection.Events!.OnMessage(new WorkerMessage.Hello(name, fingerprint, $"{name}:1"));
        return connection;
    }

    /// <summary>Connects somebody.</summary>
    public RecordedConnection Accept()
    {
        RecordedConnection connection = new();
        connection.Events = _accept!(connection);
        return connection;
    }

    sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

/// <summary>What a leader heard of its workers.</summary>
sealed class RecordedEvents : IWorkerEvents
{
    public List<(int Worker, WorkerMessage Message)> Messages { get; } = [];

    public List<(int Worker, WorkerLostException Why)> Lost { get; } = [];

    public void OnMessage(int worker, WorkerMessage message) => Messages.Add((worker, message));

    public void OnLost(int worker, WorkerLostException why) => Lost.Add((worker, why));
}
