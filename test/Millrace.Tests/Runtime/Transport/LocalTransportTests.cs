using System.Threading.Channels;
using Millrace.Runtime;
using Millrace.Runtime.Messages;
using Millrace.Runtime.Transport;

namespace Millrace.Tests.Runtime.Transport;

public sealed class LocalTransportTests
{
    readonly LocalTransport _transport = new();

    [Fact]
    public async Task Send_FromBothEnds_ArrivesInOrder()
    {
        (IConnection caller, Inbox toCaller, IConnection called, Inbox toCalled) = await ConnectAsync();

        for (int i = 0; i < 1_000; i++)
        {
            Assert.True(caller.Send(new LeaderMessage.Abort(new(1, 1), i)));
            Assert.True(called.Send(new LeaderMessage.Abort(new(1, 1), -i)));
        }

        for (int i = 0; i < 1_000; i++)
        {
            Assert.Equal(i, Assert.IsType<LeaderMessage.Abort>(await toCalled.NextAsync()).Checkpoint);
            Assert.Equal(-i, Assert.IsType<LeaderMessage.Abort>(await toCaller.NextAsync()).Checkpoint);
        }
    }

    [Fact]
    public async Task Close_AfterMessages_DeliversThemThenTellsBothOnce()
    {
        (IConnection caller, Inbox toCaller, IConnection called, Inbox toCalled) = await ConnectAsync();

        caller.Send(new Message.Alive());
        caller.Close("enough");
        called.Close("later");

        Assert.IsType<Message.Alive>(await toCalled.NextAsync());
        Assert.Equal("enough", await toCalled.Closed);
        Assert.Equal("enough", await toCaller.Closed);
        Assert.False(caller.Send(new Message.Alive()));
        Assert.False(called.Send(new Message.Alive()));
    }

    [Fact]
    public async Task Send_ToSomebodyWhoDoesNotListen_ClosesAtTheLimit()
    {
        (IConnection caller, Inbox toCaller, _, Inbox toCalled) = await ConnectAsync();
        toCalled.Hold();

        int sent = 0;
        while (sent <= Limits.ConnectionMessagesMax + 1 && caller.Send(new Message.Alive())) sent++;

        Assert.InRange(sent, Limits.ConnectionMessagesMax, Limits.ConnectionMessagesMax + 1);
        Assert.Contains("nobody takes them", await toCaller.Closed, StringComparison.Ordinal);
        toCalled.GoOn();
        Assert.Contains("nobody takes them", await toCalled.Closed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Message_ThatCannotBeHandled_ClosesTheConnectionWithTheReason()
    {
        (IConnection caller, Inbox toCaller, _, Inbox toCalled) = await ConnectAsync();
        toCalled.Fail();

        caller.Send(new Message.Alive());

        Assert.Contains("cannot take it", await toCaller.Closed, StringComparison.Ordinal);
        Assert.Contains("cannot take it", await toCalled.Closed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_WhereNobodyListens_NamesTheEndpoint()
    {
        UnreachableEndpointException refusal = await Assert.ThrowsAsync<UnreachableEndpointException>(async () => await _transport.ConnectAsync("leader", new Inbox(), default));
        Assert.Contains("leader", refusal.Message, StringComparison.Ordinal);

        _transport.Listen("leader", static _ => new Inbox()).Dispose();
        await Assert.ThrowsAsync<UnreachableEndpointException>(async () => await _transport.ConnectAsync("leader", new Inbox(), default));
    }

    [Fact]
    public void Listen_Twice_IsRefused()
    {
        using IDisposable first = _transport.Listen("leader", static _ => new Inbox());

        Assert.Contains("leader", Assert.Throws<InvalidOperationException>(() => _transport.Listen("leader", static _ => new Inbox())).Message, StringComparison.Ordinal);
    }

    async Task<(IConnection Caller, Inbox ToCaller, IConnection Called, Inbox ToCalled)> ConnectAsync()
    {
        Inbox toCaller = new(), toCalled = new();
        IConnection? called = null;
        using IDisposable listening = _transport.Listen("leader", connection =>
        {
            called = connection;
            return toCalled;
        });
        IConnection caller = await _transport.ConnectAsync("leader", toCaller, TestContext.Current.CancellationToken);
        return (caller, toCaller, called!, toCalled);
    }

    /// <summary>What came. May be told not to take any more.</summary>
    sealed class Inbox : IConnectionEvents
    {
        readonly Channel<Message> _messages = Channel.CreateUnbounded<Message>();
        readonly TaskCompletionSource<string> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly ManualResetEventSlim _isTaking = new(true);
        volatile bool _isFailing;

        public Task<string> Closed => _closed.Task;

        public ValueTask<Message> NextAsync() => _messages.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public void Hold() => _isTaking.Reset();

        public void GoOn() => _isTaking.Set();

        public void Fail() => _isFailing = true;

        public void OnMessage(Message message)
        {
            _isTaking.Wait();
            if (_isFailing) throw new InvalidOperationException("cannot take it");
            _messages.Writer.TryWrite(message);
        }

        public void OnClosed(string why) => Assert.True(_closed.TrySetResult(why));
    }
}
