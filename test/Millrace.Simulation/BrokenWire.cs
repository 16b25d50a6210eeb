using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;

namespace Millrace.Simulation;

/// <summary>A network that changes what a process hears, to break something on purpose.</summary>
/// <param name="network">The network.</param>
/// <param name="hear">What is heard in place of a message.</param>
sealed class BrokenWire(ITransport network, Func<Message, Message> hear) : ITransport
{
    public bool CanGoSilent => network.CanGoSilent;

    /// <summary>Every credit is taken for two.</summary>
    public static BrokenWire WithMoreCredit(ITransport network) =>
        new(network, static message => message is ExchangeMessage.Credit credit ? credit with { Frames = credit.Frames + 1 } : message);

    public IDisposable Listen(string endpoint, Func<IConnection, IConnectionEvents> accept) => network.Listen(endpoint, connection => new Events(accept(connection), hear));

    public ValueTask<IConnection> ConnectAsync(string endpoint, IConnectionEvents events, CancellationToken cancellationToken) =>
        network.ConnectAsync(endpoint, new Events(events, hear), cancellationToken);

    sealed class Events(IConnectionEvents inner, Func<Message, Message> hear) : IConnectionEvents
    {
        public void OnMessage(Message message) => inner.OnMessage(hear(message));

        public void OnClosed(string why) => inner.OnClosed(why);
    }
}
