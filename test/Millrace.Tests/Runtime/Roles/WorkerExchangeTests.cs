using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Roles;
using Millrace.State.Snapshots;
using Millrace.Testing;
using Millrace.Tests.Runtime.Transport;

namespace Millrace.Tests.Runtime.Roles;

/// <summary>The end of exchange that receives: the test is the other worker.</summary>
public sealed class WorkerExchangeTests : IDisposable, IReadySet
{
    static readonly AttemptId s_attempt = new(1, 2);
    static readonly ChannelId s_channel = new(0, 0, 1);
    static readonly DeployOrder s_order = new()
    {
        Timeline = "t", Nonce = "n", IsFresh = true, Worker = 1, Workers = 2, Parallelism = 2, IsChaining = true, Peers = ["w0", "w1"],
    };

    readonly ManualTimeProvider _time = new();
    readonly RecordedTransport _transport = new() { CanGoSilent = true };
    readonly List<Exception> _failed = [];
    readonly WorkerExchange _home;
    readonly AttemptExchange _exchange;
    readonly Channel<int> _channel = new(8, hasTimestamps: false);

    public WorkerExchangeTests()
    {
        _home = new(_transport, "w1", new(TimeSpan.FromSeconds(1), 3), _time);
        _exchange = Deployment(s_attempt);
        _channel.BindConsumer(this, 0);
        _exchange.Bind(s_channel, _channel, hasTimestamps: false);
    }

    public void Dispose() => _home.Dispose();

    void IReadySet.MarkReady(int index)
    {
    }

    [Fact]
    public async Task Frame_OfTheDeployment_Comes()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);

        sender.Events!.OnMessage(Frame(s_attempt));

        Assert.True(_channel.TryReceive(out Batch<int>? batch));
        Assert.Equal([1], batch.Values.Take(batch.Count));
        Assert.Empty(_failed);
    }

    [Fact]
    public async Task Frame_OfAnotherDeployment_IsIgnored()
    {
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);
        RecordedConnection old = Join(new(1, 1));

        old.Events!.OnMessage(Frame(new(1, 1)));
        old.Close("it was lost");

        Assert.False(_channel.TryReceive(out _));
        Assert.Empty(_failed);
    }

    [Fact]
    public async Task Frame_AfterTheDeployment_IsIgnored_AndSoIsTheEndOfTheConnection()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);
        _exchange.Close();
        Assert.Equal("the deployment is over", sender.Closed);

        sender.Events!.OnMessage(Frame(s_attempt));

        Assert.False(_channel.TryReceive(out _));
        Assert.Empty(_failed);
    }

    [Fact]
    public async Task Connection_ThatEnds_FailsTheDeploymentByTheNameOfTheWorker()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);

        sender.Close("it was killed");

        WorkerLostException lost = Assert.IsType<WorkerLostException>(Assert.Single(_failed));
        Assert.Contains("w0", lost.Message, StringComparison.Ordinal);
        Assert.Contains("it was killed", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_ThatFallsSilent_FailsTheDeployment()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);

        _time.Advance(TimeSpan.FromSeconds(3));
        sender.Events!.OnMessage(new Message.Alive());
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Empty(_failed);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("nothing was heard", Assert.Single(_failed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Frame_ThatCannotBeRead_FailsTheOperatorByName()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);

        sender.Events!.OnMessage(Frame(s_attempt) with { Count = 7 });

        Assert.Contains("operator 'sum' (subtask 2/2)", Assert.Single(_failed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Room_IsToldToWhoeverSends()
    {
        RecordedConnection sender = Join(s_attempt);
        await _exchange.ConnectAsync(TestContext.Current.CancellationToken);
        for (int i = 0; i < Millrace.Runtime.Limits.ChannelBatchesMax; i++) sender.Events!.OnMessage(Frame(s_attempt));

        Assert.Empty(sender.Sent.OfType<ExchangeMessage.Credit>());
        Assert.True(_channel.TryReceive(out Batch<int>? batch));
        _channel.Return(batch);

        Assert.Equal(new ExchangeMessage.Credit(s_attempt, s_channel, 1), Assert.Single(sender.Sent.OfType<ExchangeMessage.Credit>()));
    }

    AttemptExchange Deployment(AttemptId attempt)
    {
        JobGraph graph = Engine.Jobs.Graph(static flow => flow.Source("numbers", CollectionSource.Of<int>([1])).KeyBy(static n => n).Sum("sum", static n => n).Sink("out", DiscardSink.Of<KeyValue<int, int>>()));
        return new(_home, attempt, s_order, PlanShares.Of(Planner.Plan(graph, 2, isChaining: true), 2), _failed.Add);
    }

    RecordedConnection Join(AttemptId attempt)
    {
        RecordedConnection sender = _transport.Accept();
        sender.Events!.OnMessage(new ExchangeMessage.Joined(attempt, 0));
        return sender;
    }

    static ExchangeMessage.Frame Frame(AttemptId attempt) => new(attempt, s_channel, 1, new MessageSamples.Records(2), new(Timestamp.None, IsWatermarkExact: false, 0, null));
}
