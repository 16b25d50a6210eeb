using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Transport;

/// <summary>How the roles of a job reach each other: in this process, over a network, in a simulation. Thread-safe.</summary>
interface ITransport
{
    /// <summary>Whether an end of a connection can fall silent without the other being told; then both say that they are there.</summary>
    bool CanGoSilent { get; }

    /// <summary>Takes connections until it is disposed of; those that exist stay.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="accept">Told of each; returns who is told of its messages. Called on any thread.</param>
    /// <exception cref="InvalidOperationException">Somebody listens there.</exception>
    IDisposable Listen(string endpoint, Func<IConnection, IConnectionEvents> accept);

    /// <summary>Connects.</summary>
    /// <param name="endpoint">Where somebody listens.</param>
    /// <param name="events">Told of messages.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UnreachableEndpointException">Nobody listens there, or cannot be reached.</exception>
    ValueTask<IConnection> ConnectAsync(string endpoint, IConnectionEvents events, CancellationToken cancellationToken);
}

/// <summary>One end of a connection: messages in order, none twice, none lost but by the end of it. Thread-safe.</summary>
interface IConnection
{
    /// <summary>Who is at the other end, for people.</summary>
    string Peer { get; }

    /// <summary>
    /// Puts a message in line; never waits. Whoever has more than <see cref="Limits.ConnectionMessagesMax"/> in line is not being
    /// listened to, and the connection is closed.
    /// </summary>
    /// <returns>False when the connection is closed. True says nothing about arrival.</returns>
    bool Send(Message message);

    /// <summary>Closes it; both ends are told, as far as they can be reached. Idempotent; returns at once.</summary>
    /// <param name="why">A sentence.</param>
    void Close(string why);
}

/// <summary>Who is told what comes by a connection: one call at a time, in order. Must not block or throw.</summary>
interface IConnectionEvents
{
    /// <summary>A message came.</summary>
    void OnMessage(Message message);

    /// <summary>Nothing comes any more. Once, last.</summary>
    /// <param name="why">A sentence.</param>
    void OnClosed(string why);
}

/// <summary>Nobody can be reached at an endpoint.</summary>
/// <param name="endpoint">The endpoint.</param>
/// <param name="why">A sentence.</param>
sealed class UnreachableEndpointException(string endpoint, string why) : Exception($"{endpoint} cannot be reached: {why}");
