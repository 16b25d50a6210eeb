using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>
/// The channels of one deployment between this worker and others. Each worker connects to those it sends records to; credit comes back the same
/// way. Channels are bound while tasks are built, by one thread; the rest is thread-safe.
/// </summary>
/// <param name="home">Where others reach this worker.</param>
/// <param name="attempt">The deployment.</param>
/// <param name="order">Which worker this is, and where the others are.</param>
/// <param name="shares">Who runs what.</param>
/// <param name="failed">Told what ends the deployment: another worker is gone, or a record cannot be sent.</param>
sealed class AttemptExchange(WorkerExchange home, AttemptId attempt, DeployOrder order, PlanShares shares, Action<Exception> failed)
    : IChannelEnds, IFrameOutlet
{
    readonly Dictionary<ChannelId, IFrameSender> _senders = [];
    readonly Dictionary<ChannelId, IFrameReceiver> _receivers = [];
    readonly SortedSet<int> _targets = [];
    readonly Lock _lock = new();   // guards everything below
    readonly PeerLink?[] _to = new PeerLink?[order.Workers];
    readonly PeerLink?[] _from = new PeerLink?[order.Workers];
    bool _isOver;

    /// <summary>The deployment.</summary>
    public AttemptId Attempt => attempt;

    /// <inheritdoc/>
    public void Bind<T>(ChannelId id, Channel<T> channel, bool hasTimestamps)
    {
        int from = SenderOf(id), to = ReceiverOf(id);
        if (from == to) return;
        FrameCodec<T> codec = new(hasTimestamps);
        if (from == order.Worker)
        {
            _targets.Add(to);
            _senders.Add(id, new FrameSender<T>(id, channel, codec, this));
        }
        else
        {
            _receivers.Add(id, new FrameReceiver<T>(id, channel, codec, this));
        }
    }

    /// <summary>Connects to the workers that are sent records. After everything is built, before tasks run.</summary>
    /// <exception cref="UnreachableEndpointException">One cannot be reached.</exception>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        home.Begin(this);
        bool isOver;
        lock (_lock) isOver = _isOver;
        if (isOver) home.End(this, Over);
        cancellationToken.ThrowIfCancellationRequested();
        foreach (int worker in _targets)
        {
            PeerLink link = new((_, message) => OnMessage(null, message), (_, why) => Lose(worker, why));
            link.Over(await home.Transport.ConnectAsync(order.Peers[worker], link, cancellationToken).ConfigureAwait(false), home.Transport, home.Beats, home.Time);
            link.Send(new ExchangeMessage.Joined(attempt, order.Worker));
            lock (_lock)
            {
                _to[worker] = link;
                if (!_isOver) continue;
            }

            link.Close(Over);
        }
    }

    /// <summary>A worker has connected that sends records to this one.</summary>
    public void Attach(PeerLink link)
    {
        int worker = link.Joined!.Value.Worker;
        if ((uint)worker >= (uint)_from.Length) link.Close($"the deployment has {_from.Length} workers, and none is number {worker}");
        else lock (_lock) _from[worker] = link;
    }

    /// <summary>Another worker says something: by a connection of its own, or by one of this worker's.</summary>
    public void OnMessage(PeerLink? caller, ExchangeMessage message)
    {
        // Of a deployment that is over, records may still be on their way when the next one runs.
        if (message.Attempt != attempt) return;
        switch (message)
        {
            case ExchangeMessage.Joined: Attach(caller!); break;
            case ExchangeMessage.Frame frame: Try(frame.Channel, () => Of(_receivers, frame.Channel).OnFrame(frame)); break;
            case ExchangeMessage.Announced announced: Try(announced.Channel, () => Of(_receivers, announced.Channel).OnAnnounced(announced.Barrier)); break;
            case ExchangeMessage.Credit credit: Try(credit.Channel, () => Of(_senders, credit.Channel).OnCredit(credit.Frames)); break;
        }
    }

    /// <summary>A connection of another worker has ended.</summary>
    public void OnClosed(PeerLink caller, string why)
    {
        if (caller.Joined is { } joined && joined.Attempt == attempt) Lose(joined.Worker, why);
    }

    /// <summary>The deployment is over: nothing is sent, received or told any more. Idempotent.</summary>
    public void Close()
    {
        PeerLink[] links;
        lock (_lock)
        {
            _isOver = true;
            links = [.. _to.OfType<PeerLink>()];
        }

        home.End(this, Over);
        foreach (PeerLink link in links) link.Close(Over);
    }

    /// <inheritdoc/>
    void IFrameOutlet.Send(ChannelId channel, int count, FrameRecords records, in FrameTail tail) =>
        Link(_to, ReceiverOf(channel))?.Send(new ExchangeMessage.Frame(attempt, channel, count, records, tail));

    /// <inheritdoc/>
    void IFrameOutlet.Announce(ChannelId channel, Barrier barrier) => Link(_to, ReceiverOf(channel))?.Send(new ExchangeMessage.Announced(attempt, channel, barrier));

    /// <inheritdoc/>
    void IFrameOutlet.Credit(ChannelId channel, int frames) => Link(_from, SenderOf(channel))?.Send(new ExchangeMessage.Credit(attempt, channel, frames));

    /// <inheritdoc/>
    void IFrameOutlet.Fail(ChannelId channel, Exception failure) => Fail(channel, failure);

    const string Over = "the deployment is over";

    int SenderOf(ChannelId id) => shares.WorkerOf(shares.Plan.Edges[id.Edge].FromChain, id.From);

    int ReceiverOf(ChannelId id) => shares.WorkerOf(shares.Plan.Edges[id.Edge].ToChain, id.To);

    PeerLink? Link(PeerLink?[] links, int worker)
    {
        lock (_lock) return links[worker];
    }

    static TEnd Of<TEnd>(Dictionary<ChannelId, TEnd> ends, ChannelId channel) =>
        ends.TryGetValue(channel, out TEnd? end) ? end : throw new InvalidOperationException($"{channel} is no channel of this worker");

    void Try(ChannelId channel, Action act)
    {
        try
        {
            act();
        }
        catch (Exception failure)
        {
            // The edge of the worker: what came cannot be read, or what follows from it, a record that is sent, cannot be written.
            Fail(channel, failure);
        }
    }

    void Fail(ChannelId channel, Exception failure)
    {
        bool isKnown = (uint)channel.Edge < (uint)shares.Plan.Edges.Count;
        Fail(isKnown ? new OperatorFailedException(shares.Plan.Edges[channel.Edge].To.Id, new(channel.To, shares.Plan.Edges[channel.Edge].ToChain.Parallelism), null, failure) : failure);
    }

    void Lose(int worker, string why) => Fail(new WorkerLostException(order.Peers[worker], why));

    void Fail(Exception failure)
    {
        lock (_lock)
        {
            if (_isOver) return;
        }

        failed(failure);
    }
}
