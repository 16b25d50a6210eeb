using System.Threading.Channels;
using Millrace.Runtime.Messages;

namespace Millrace.Runtime.Transport;

/// <summary>
/// Connections between roles in one process. Messages are handed over as they are: they are immutable, so nothing is encoded. Each end
/// is told on a thread of the pool.
/// </summary>
sealed class LocalTransport : ITransport
{
    readonly Lock _lock = new();   // guards _listeners
    readonly Dictionary<string, Func<IConnection, IConnectionEvents>> _listeners = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool CanGoSilent => false;

    /// <inheritdoc/>
    public IDisposable Listen(string endpoint, Func<IConnection, IConnectionEvents> accept)
    {
        lock (_lock)
        {
            if (!_listeners.TryAdd(endpoint, accept)) throw new InvalidOperationException($"somebody listens at {endpoint} already");
        }

        return new Listening(this, endpoint);
    }

    /// <inheritdoc/>
    public ValueTask<IConnection> ConnectAsync(string endpoint, IConnectionEvents events, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Func<IConnection, IConnectionEvents>? accept;
        lock (_lock) _listeners.TryGetValue(endpoint, out accept);
        if (accept is null) throw new UnreachableEndpointException(endpoint, "nobody listens there in this process");
        End own = new(endpoint), other = new("this process");
        own.Other = other;
        other.Other = own;
        _ = other.DeliverAsync(accept(other));
        _ = own.DeliverAsync(events);
        return new(own);
    }

    sealed class Listening(LocalTransport transport, string endpoint) : IDisposable
    {
        public void Dispose()
        {
            lock (transport._lock) transport._listeners.Remove(endpoint);
        }
    }

    /// <summary>One end, with what is in line for it.</summary>
    sealed class End(string peer) : IConnection
    {
        readonly Channel<Message> _inbox = Channel.CreateBounded<Message>(new BoundedChannelOptions(Limits.ConnectionMessagesMax) { SingleReader = true });
        string? _why;

        public End Other { get; set; } = null!;

        public string Peer => peer;

        public bool Send(Message message)
        {
            if (Other._inbox.Writer.TryWrite(message)) return true;
            Close($"{Limits.ConnectionMessagesMax} messages are in line, and nobody takes them");
            return false;
        }

        public void Close(string why)
        {
            Other.EndWith(why);
            EndWith(why);
        }

        public async Task DeliverAsync(IConnectionEvents events)
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            try
            {
                await foreach (Message message in _inbox.Reader.ReadAllAsync().ConfigureAwait(false)) events.OnMessage(message);
            }
            catch (Exception failure)
            {
                // The edge between roles: who cannot handle what came cannot be talked to, and both learn why.
                Close($"what came could not be handled: {failure}");
            }

            events.OnClosed(Volatile.Read(ref _why)!);
        }

        void EndWith(string why)
        {
            // The first reason is the one that is told.
            Interlocked.CompareExchange(ref _why, why, null);
            _inbox.Writer.TryComplete();
        }
    }
}
