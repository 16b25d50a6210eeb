using Millrace.Runtime.Messages;
using Millrace.Runtime.Roles;
using Millrace.Runtime.Transport;

namespace Millrace.Testing.Simulation;

/// <summary>
/// What lies between the roles of a job: messages travel as bytes, take their time, and stay in order on their connection only. A
/// connection may be cut, which both ends are told, or go silent in one direction, which nobody is told. Used by the thread of the world.
/// </summary>
sealed class SimulatedNetwork(SimulatedWorld world)
{
    static readonly TimeSpan s_least = TimeSpan.FromMicroseconds(20), s_most = TimeSpan.FromMilliseconds(2), s_slow = TimeSpan.FromMilliseconds(80);

    readonly Dictionary<string, (SimulatedProcess Process, Func<IConnection, IConnectionEvents> Accept)> _listeners = new(StringComparer.Ordinal);
    readonly List<SimulatedConnection> _open = [];
    readonly SimulatedChance _chance = world.Chance.Fork();

    /// <summary>How ends of connections find out that the other is silent.</summary>
    public static HeartbeatOptions Beats { get; } = new(TimeSpan.FromMilliseconds(100), 4);

    /// <summary>The longest that a silent direction may stay unnoticed: the beats without a word, the one under way, and what slow messages take.</summary>
    public static TimeSpan NoticedWithin { get; } = (Beats.Interval * (Beats.Misses + 3)) + (s_slow * 2);

    /// <summary>The world.</summary>
    public SimulatedWorld World => world;

    /// <summary>The network as a process sees it.</summary>
    public ITransport Of(SimulatedProcess process) => new Transport(this, process);

    /// <summary>How long the next message takes.</summary>
    public TimeSpan Delay() => world.Faults.NetworkPerThousand > 0 && _chance.InThousand(20) ? _chance.Between(s_most, s_slow) : _chance.Between(s_least, s_most);

    /// <summary>A message is sent: perhaps the last of its connection. There are many more with records than others.</summary>
    public void MayFail(SimulatedConnection connection, SimulatedConnection.End from, bool isOfExchange)
    {
        if (!_chance.InThousand(world.Faults.NetworkPerThousand) || (isOfExchange && _chance.Below(40) != 0)) return;
        if (_chance.Below(2) == 0) connection.Cut();
        else connection.FallSilent(from);
    }

    /// <summary>A connection was opened.</summary>
    public void OnOpened(SimulatedConnection connection)
    {
        _open.RemoveAll(static c => c.IsOver);
        _open.Add(connection);
    }

    /// <summary>A process has ended: mostly whoever talks to it is told, and now and then nobody.</summary>
    public void OnKilled(SimulatedProcess process)
    {
        foreach (SimulatedConnection connection in _open) connection.OnKilled(process, isTold: _chance.Below(4) != 0);
    }

    /// <summary>A process cannot be reached any more by the others: nobody is told, and what both say is lost.</summary>
    public void OnCutOff(SimulatedProcess process)
    {
        foreach (SimulatedConnection connection in _open) connection.OnCutOff(process);
    }

    sealed class Transport(SimulatedNetwork network, SimulatedProcess process) : ITransport
    {
        public bool CanGoSilent => true;

        public IDisposable Listen(string endpoint, Func<IConnection, IConnectionEvents> accept)
        {
            if (!network._listeners.TryAdd(endpoint, (process, accept))) throw new InvalidOperationException($"somebody listens at {endpoint} already");
            return new Listening(network, endpoint);
        }

        public async ValueTask<IConnection> ConnectAsync(string endpoint, IConnectionEvents events, CancellationToken cancellationToken)
        {
            await network.World.DelayAsync(network.Delay()).ConfigureAwait(false);
            await process.PassAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (!network._listeners.TryGetValue(endpoint, out (SimulatedProcess Process, Func<IConnection, IConnectionEvents> Accept) there) || there.Process.IsDead)
                throw new UnreachableEndpointException(endpoint, "nobody listens there");
            if (there.Process != process && (there.Process.IsCutOff || process.IsCutOff)) throw new UnreachableEndpointException(endpoint, "there is no way to it");
            return SimulatedConnection.Open(network, (process, events), there, endpoint);
        }
    }

    sealed class Listening(SimulatedNetwork network, string at) : IDisposable
    {
        public void Dispose() => network._listeners.Remove(at);
    }
}

/// <summary>A connection in a simulated world. Used by the thread of the world.</summary>
sealed class SimulatedConnection
{
    readonly SimulatedNetwork _network;
    readonly End _caller, _called;
    readonly SimulatedExchange _exchange;
    long? _underWay;
    int _silences;

    SimulatedConnection(SimulatedNetwork network, SimulatedProcess caller, SimulatedProcess called, string at)
    {
        _network = network;
        _exchange = new(network.World);
        _caller = new(this, caller, at);
        _called = new(this, called, caller.Name);
    }

    /// <summary>Connects two processes.</summary>
    public static IConnection Open(
        SimulatedNetwork network, (SimulatedProcess Process, IConnectionEvents Events) caller,
        (SimulatedProcess Process, Func<IConnection, IConnectionEvents> Accept) called, string at)
    {
        SimulatedConnection connection = new(network, caller.Process, called.Process, at);
        connection._caller.Events = caller.Events;
        network.OnOpened(connection);
        called.Process.Do(() => connection._called.Events = called.Accept(connection._called));
        return connection._caller;
    }

    /// <summary>Whether both ends were told that it has ended.</summary>
    public bool IsOver => _caller.IsClosed && _called.IsClosed;

    SimulatedWorld World => _network.World;

    bool IsWithinOne => _caller.Process == _called.Process;

    /// <summary>One of the two has ended.</summary>
    public void OnKilled(SimulatedProcess process, bool isTold)
    {
        if (IsWithinOne || (_caller.Process != process && _called.Process != process)) return;
        (End dead, End other) = _caller.Process == process ? (_caller, _called) : (_called, _caller);
        if (other.IsClosed || other.Process.IsDead) return;
        if (_exchange.IsJoined) World.Reach("a worker was killed that exchanged records with another");
        else World.Reach(dead == _caller ? "the process of a worker was killed, and the leader went on" : "the process of the leader was killed under its worker");
        if (_underWay is not null && dead == _caller) World.Reach("a worker was lost while a checkpoint was under way");
        dead.IsSilent = true;
        if (isTold) other.TellClosed("the other end has ended");
        else _ = RequireNoticedAsync(other);
    }

    /// <summary>One of the two cannot be reached any more.</summary>
    public void OnCutOff(SimulatedProcess process)
    {
        if (IsWithinOne || (_caller.Process != process && _called.Process != process)) return;
        _caller.IsSilent = _called.IsSilent = true;
        _ = RequireNoticedAsync(_caller, _called);
    }

    /// <summary>It ends; both are told, and what is on its way is lost.</summary>
    public void Cut()
    {
        World.Reach("a connection was cut");
        if (_underWay is not null) World.Reach("a worker was lost while a checkpoint was under way");
        World.Tell("", $"the connection of {_caller.Process.Name} to {_caller.Peer} is cut");
        foreach (End end in (End[])[_caller, _called])
        {
            end.Lose();
            end.TellClosed("the connection was cut");
        }
    }

    /// <summary>What an end sends goes nowhere from here on, and nobody is told.</summary>
    public void FallSilent(End from)
    {
        if (_caller.IsSilent || _called.IsSilent) return;
        World.Tell("", $"of the connection of {_caller.Process.Name} to {_caller.Peer}, what {(from == _caller ? "the caller" : "the one called")} sends is lost from here on");
        from.IsSilent = true;
        _ = RequireNoticedAsync(_caller, _called);
    }

    /// <summary>Whoever hears nothing has to find out, within a time that follows from its beats.</summary>
    async Task RequireNoticedAsync(params End[] ends)
    {
        // Who stands still hears nobody for another reason.
        if (!ends.All(static e => e.Process.IsAwake)) return;
        int pauses = ends.Sum(static e => e.Process.Pauses), silence = ++_silences;
        await World.DelayAsync(SimulatedNetwork.NoticedWithin).ConfigureAwait(false);
        bool couldNotice = ends.All(static e => e.Process.IsAwake) && pauses == ends.Sum(static e => e.Process.Pauses);
        // Whoever noticed one silence may not be able to tell the other of it when another has begun: that one counts.
        if (!couldNotice || silence != _silences || ends.All(static e => e.IsClosed)) return;
        World.Found ??= new SimulationException($"a silent connection of {_caller.Process.Name} to {_caller.Peer} was not noticed within {SimulatedNetwork.NoticedWithin}");
    }

    /// <summary>One end.</summary>
    public sealed class End(SimulatedConnection connection, SimulatedProcess process, string peer) : IConnection
    {
        long _lastArrival;
        bool _isLost;

        public string Peer => peer;

        public SimulatedProcess Process => process;

        public IConnectionEvents? Events { get; set; }

        /// <summary>Whether what it sends goes nowhere.</summary>
        public bool IsSilent { get; set; }

        /// <summary>Whether it was told, or is about to be, that nothing comes any more.</summary>
        public bool IsClosed { get; private set; }

        End Other => this == connection._caller ? connection._called : connection._caller;

        public bool Send(Message message)
        {
            if (IsClosed) return false;
            connection._network.MayFail(connection, this, message is ExchangeMessage);
            if (IsClosed) return false;
            if (message is LeaderMessage.Trigger trigger) connection._underWay = trigger.Barrier.Id;
            if (message is WorkerMessage.Snapshot) connection._underWay = null;
            connection._exchange.OnSent(message);
            byte[] bytes = MessageCodec.Encode(message);
            if (message is ExchangeMessage.Frame frame) frame.Records.Release();
            if (!IsSilent && !Other.IsClosed) Other.Arrive(to => to.OnMessage(Other.Process.Hear(MessageCodec.Decode(bytes))));
            return true;
        }

        public void Close(string why)
        {
            if (IsClosed) return;
            if (Other.IsSilent) connection.World.Reach("a half-open connection was found by heartbeat");
            process.Tell($"closes the connection to {peer}: {why}");
            TellClosed(why);
            if (!IsSilent) Other.TellClosed(why);
        }

        /// <summary>What is on its way to it does not arrive.</summary>
        public void Lose() => _isLost = true;

        public void TellClosed(string why)
        {
            if (IsClosed) return;
            IsClosed = true;
            Arrive(to => to.OnClosed(why), isLast: true);
        }

        /// <summary>Something arrives after everything that was sent before.</summary>
        void Arrive(Action<IConnectionEvents> what, bool isLast = false)
        {
            _lastArrival = Math.Max(_lastArrival + 1, connection.World.Now + connection._network.Delay().Ticks);
            SimulatedTimer arrival = new(connection.World, process, _ =>
            {
                if (Events is { } events && (isLast || !_isLost)) what(events);
            }, null);
            arrival.Change(TimeSpan.FromTicks(_lastArrival - connection.World.Now), Timeout.InfiniteTimeSpan);
        }
    }
}
