using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
using Millrace.State.Snapshots;
using Millrace.Testing;

namespace Millrace.Tests.Runtime.Roles;

public sealed class WorkerRegistryTests : IDisposable
{
    static readonly AttemptId s_attempt = new(1, 2);
    static readonly DeployOrder s_order = new() { Timeline = "t", Nonce = "n", IsFresh = true, Worker = 0, Workers = 2, Parallelism = 2, IsChaining = true };

    static readonly PlanShares s_plan = PlanShares.Of(
        Planner.Plan(Engine.Jobs.Graph(static flow => flow.Source("numbers", CollectionSource.Of<int>([1])).Sink("out", DiscardSink.Of<int>())), 2, isChaining: true), 2);

    readonly ManualTimeProvider _time = new();
    readonly RecordedTransport _transport = new() { CanGoSilent = true };
    readonly RecordedEvents _events = new();
    readonly WorkerRegistry _registry;

    public WorkerRegistryTests() => _registry = new(_transport, "leader", "ab", new(TimeSpan.FromSeconds(1), 3), _time);

    public void Dispose() => _registry.Dispose();

    [Fact]
    public async Task Gather_WaitsForEnoughWorkers_AndTakesTheFirst()
    {
        Task<IReadOnlyList<WorkerLink>> gathering = _registry.GatherAsync(2, Leads, TestContext.Current.CancellationToken);
        _transport.Worker("w1", "ab");
        Assert.False(gathering.IsCompleted);
        _transport.Worker("w2", "ab");
        _transport.Worker("w3", "ab");

        Assert.Equal(["w1", "w2"], (await gathering).Select(static w => w.Name));
    }

    [Fact]
    public async Task Gather_WithoutWorkers_FindsOutThatAnotherLeads()
    {
        int looks = 0;
        ValueTask check(CancellationToken cancellationToken) => ++looks < 3 ? default : throw new InvalidOperationException("overtaken");
        Task gathering = _registry.GatherAsync(1, check, TestContext.Current.CancellationToken);

        while (!gathering.IsCompleted)
        {
            // There is one timer, of whoever gathers, as often as it waits again.
            if (_time.NextTimer is { } next) _time.SetUtcNow(next);
            await Task.Yield();
        }

        Assert.Equal("overtaken", (await Assert.ThrowsAsync<InvalidOperationException>(() => gathering)).Message);
        Assert.Equal(3, looks);
    }

    [Fact]
    public async Task Gather_DoesNotCountWhoIsGone()
    {
        _transport.Worker("w1", "ab").Close("it was killed");
        _transport.Worker("w2", "ab");

        Assert.Equal("w2", Assert.Single(await _registry.GatherAsync(1, Leads, TestContext.Current.CancellationToken)).Name);
    }

    [Fact]
    public void Hello_OfAnotherProgram_IsSentAwayWithTheReason()
    {
        string? why = _transport.Worker("w1", "cd").Closed;

        Assert.Contains("w1 runs another program", why, StringComparison.Ordinal);
        Assert.Contains("same program on every node", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Link_OfAnEarlierAttempt_IsIgnored()
    {
        RecordedConnection worker = _transport.Worker("w1", "ab");
        WorkerLink link = Assert.Single(await _registry.GatherAsync(1, Leads, TestContext.Current.CancellationToken));
        Assert.Null(link.Deploy(s_attempt, s_order, _events));

        worker.Events!.OnMessage(new WorkerMessage.Ready(new(1, 1)));
        worker.Events.OnMessage(new WorkerMessage.Ready(s_attempt));
        link.Release();
        worker.Events.OnMessage(new WorkerMessage.Ready(s_attempt));

        Assert.Equal([(0, new WorkerMessage.Ready(s_attempt))], _events.Messages);
        Assert.Equal(new LeaderMessage.Deploy(s_attempt, s_order), Assert.Single(worker.Sent));
    }

    [Fact]
    public async Task Link_ToAWorkerThatSaysNothing_IsClosedAfterItsBeats()
    {
        RecordedConnection worker = _transport.Worker("w1", "ab");
        WorkerLink link = Assert.Single(await _registry.GatherAsync(1, Leads, TestContext.Current.CancellationToken));
        link.Deploy(s_attempt, s_order, _events);

        _time.Advance(TimeSpan.FromSeconds(3));
        worker.Events!.OnMessage(new Message.Alive());
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty(_events.Lost);
        _time.Advance(TimeSpan.FromSeconds(1));

        (int lost, WorkerLostException why) = Assert.Single(_events.Lost);
        Assert.Equal(0, lost);
        Assert.Contains("w1", why.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was heard", why.Message, StringComparison.Ordinal);
        Assert.Equal(6, worker.Sent.OfType<Message.Alive>().Count());
    }

    [Fact]
    public async Task Shares_CancelledBeforeTheyAreDealt_AreNotDealt()
    {
        RecordedConnection worker = _transport.Worker("w1", "ab");
        WorkerShares shares = new(s_attempt, s_plan);

        shares.Cancel();

        Assert.False(shares.TryDeploy(await _registry.GatherAsync(1, Leads, TestContext.Current.CancellationToken), s_order, _events));
        Assert.True(shares.OnOpened());
        Assert.Empty(worker.Sent);
    }

    [Fact]
    public async Task Shares_WithAWorkerThatIsGone_TellOfItAndWaitForTheOther()
    {
        RecordedConnection first = _transport.Worker("w1", "ab"), second = _transport.Worker("w2", "ab");
        IReadOnlyList<WorkerLink> workers = await _registry.GatherAsync(2, Leads, TestContext.Current.CancellationToken);
        first.Close("it was killed");
        WorkerShares shares = new(s_attempt, s_plan);

        Assert.True(shares.TryDeploy(workers, s_order, _events));

        Assert.Equal(0, Assert.Single(_events.Lost).Worker);
        DeployOrder order = Assert.IsType<LeaderMessage.Deploy>(Assert.Single(second.Sent)).Order;
        Assert.Equal(["w1:1", "w2:1"], order.Peers);
        Assert.Equal(s_order with { Worker = 1, Peers = order.Peers }, order);
        Assert.False(shares.OnOpened());
        Assert.False(shares.OnEnded(0));
        Assert.False(shares.OnEnded(0));
        Assert.True(shares.OnEnded(1));
    }

    static ValueTask Leads(CancellationToken cancellationToken) => default;

    [Fact]
    public void Failure_SentAndReceived_KeepsWhatTheLeaderDecidesBy()
    {
        Exception[] failures =
        [
            new Millrace.Runtime.Tasks.OperatorFailedException("parse", new(1, 2), "7", new FormatException("no number")),
            new SnapshotCorruptException("packs/1", "a block is not what was written"),
            new InvalidOperationException("something else", new FormatException("inside")),
        ];

        Exception[] received = [.. failures.Select(static f => (Failures.Of(f) with { Here = null }).ToException())];

        Millrace.Runtime.Tasks.OperatorFailedException at = Assert.IsType<Millrace.Runtime.Tasks.OperatorFailedException>(received[0]);
        Assert.Equal(("parse", 1, "7", failures[0].Message), (at.OperatorId, at.Subtask.Index, at.Record, at.Message));
        Assert.Equal("FormatException", Millrace.Runtime.Tasks.RemoteException.TypeOf(at.InnerException!));
        Assert.Equal("packs/1", Assert.IsType<SnapshotCorruptException>(received[1]).Key);
        Assert.Equal("InvalidOperationException", Millrace.Runtime.Tasks.RemoteException.TypeOf(received[2]));
        Assert.Equal("FormatException", Millrace.Runtime.Tasks.RemoteException.TypeOf(received[2].InnerException!));
        Assert.Same(failures[2], Failures.Of(failures[2]).ToException());
    }
}
