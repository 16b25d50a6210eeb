using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Roles;

/// <summary>How a worker finds the leader and talks to it.</summary>
/// <param name="Name">What the worker is called, for people.</param>
/// <param name="Endpoint">Where other workers reach it.</param>
/// <param name="Transport">How it talks.</param>
/// <param name="Beats">How it finds out that the leader has fallen silent, where that can be.</param>
/// <param name="FindLeader">Where the leader listens; null when nobody leads now.</param>
/// <param name="RetryAfter">How long it waits before it looks for the leader again.</param>
sealed record WorkerReach(
    string Name, string Endpoint, ITransport Transport, HeartbeatOptions Beats, Func<CancellationToken, ValueTask<string?>> FindLeader, TimeSpan RetryAfter);

/// <summary>
/// A worker, from its start to its end: looks for the leader, runs the tasks it is given, and drops them when the leader cannot be reached any
/// more, to look again. Thread-safe.
/// </summary>
sealed class WorkerRole : IAsyncDisposable
{
    readonly WorkerProgram _program;
    readonly WorkerReach _reach;
    readonly WorkerExchange _exchange;
    readonly CancellationTokenSource _stopping = new();
    readonly Task _running;
    WorkerSession? _session;

    /// <summary>Begins.</summary>
    public WorkerRole(WorkerProgram program, WorkerReach reach)
    {
        _program = program;
        _reach = reach;
        _exchange = new(reach.Transport, reach.Endpoint, reach.Beats, program.Options.Time);
        _running = RunAsync();
    }

    /// <summary>What its tasks have done in a deployment; null unless that is its newest.</summary>
    public JobStatus? StatusOf(AttemptId attempt) => Volatile.Read(ref _session)?.StatusOf(attempt);

    /// <summary>Ends it: tasks are dropped, and everything is closed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _exchange.Dispose();
        _stopping.Dispose();
    }

    async Task RunAsync()
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await ServeAsync().ConfigureAwait(false);
                await Task.Delay(_reach.RetryAfter, _program.Options.Time, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>Serves one leader for as long as it can be reached.</summary>
    async Task ServeAsync()
    {
        if (await _reach.FindLeader(_stopping.Token).ConfigureAwait(false) is not { } endpoint) return;
        WorkerSession session = new(_program, _reach, _exchange);
        try
        {
            await session.ConnectAsync(endpoint, _stopping.Token).ConfigureAwait(false);
        }
        catch (UnreachableEndpointException)
        {
            // Nobody listens there yet, or any more; the next look tells.
            return;
        }

        Volatile.Write(ref _session, session);
        await using (_stopping.Token.Register(() => session.Close("the worker was asked to end")).ConfigureAwait(false))
        {
            await session.Ended.ConfigureAwait(false);
        }
    }
}

/// <summary>A worker's end of one connection to a leader. Messages come one at a time; the rest is thread-safe.</summary>
sealed class WorkerSession(WorkerProgram program, WorkerReach reach, WorkerExchange exchange) : IConnectionEvents
{
    readonly TaskCompletionSource<IConnection> _connected = new();
    readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Heartbeat? _heartbeat;
    WorkerAttempt? _attempt;

    /// <summary>Completes when the connection has ended, and so has what was deployed over it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>What its tasks have done in a deployment; null unless that is its newest.</summary>
    public JobStatus? StatusOf(AttemptId attempt) => Volatile.Read(ref _attempt) is { } newest && newest.Attempt == attempt ? newest.Status : null;

    /// <summary>Connects, and says that a worker is there.</summary>
    public async Task ConnectAsync(string endpoint, CancellationToken cancellationToken)
    {
        IConnection connection = await reach.Transport.ConnectAsync(endpoint, this, cancellationToken).ConfigureAwait(false);
        _connected.SetResult(connection);
        connection.Send(new WorkerMessage.Hello(reach.Name, program.Fingerprint, reach.Endpoint));
        if (!reach.Transport.CanGoSilent) return;
        Volatile.Write(ref _heartbeat, new(connection, reach.Beats, program.Options.Time, TellProgress));
        // It may have ended before there was a heartbeat to end.
        if (_ended.Task.IsCompleted) _heartbeat.Dispose();
    }

    /// <summary>Ends the connection.</summary>
    public void Close(string why)
    {
        if (_connected.Task.IsCompletedSuccessfully) _connected.Task.Result.Close(why);
    }

    /// <inheritdoc/>
    void IConnectionEvents.OnMessage(Message message)
    {
        Volatile.Read(ref _heartbeat)?.OnHeard();
        switch (message)
        {
            case LeaderMessage.Deploy deploy: Deploy(deploy); break;
            // Messages of a deployment that this one is not any more, or not yet, are none of its business.
            case LeaderMessage other when _attempt is { } attempt && attempt.Attempt == other.Attempt: attempt.OnMessage(other); break;
        }
    }

    /// <inheritdoc/>
    void IConnectionEvents.OnClosed(string why)
    {
        Volatile.Read(ref _heartbeat)?.Dispose();
        _ = EndAsync();
    }

    void Deploy(LeaderMessage.Deploy deploy)
    {
        // A leader gives a worker another share once it has heard of the end of the one before.
        _attempt?.Cancel();
        Volatile.Write(ref _attempt, new(program, deploy.Attempt, deploy.Order, exchange, Send));
    }

    async Task EndAsync()
    {
        if (_attempt is { } attempt)
        {
            attempt.Cancel();
            await attempt.Ended.ConfigureAwait(false);
        }

        _ended.TrySetResult();
    }

    void TellProgress()
    {
        if (Volatile.Read(ref _attempt) is { Ended.IsCompleted: false } attempt) Send(new WorkerMessage.Progress(attempt.Attempt, attempt.Status));
    }

    void Send(WorkerMessage message) => _connected.Task.Result.Send(message);
}
