using Millrace.Runtime;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Exchange;

public sealed class ChannelFanTests
{
    readonly Signal _producer = new();
    readonly Channel<int>[] _channels = [new(4, hasTimestamps: false), new(4, hasTimestamps: false)];
    readonly ChannelFan<int> _fan;

    public ChannelFanTests()
    {
        ReadySet ready = new(2, new Signal());
        for (int i = 0; i < 2; i++) _channels[i].BindConsumer(ready, i);
        _fan = new(_channels, _producer);
    }

    [Fact]
    public void Overdrawn_WhatHasNoRoom_IsKeptInOrderAndTheOtherChannelHasTheBarrier()
    {
        for (int i = 0; i < Limits.ChannelBatchesMax; i++) Assert.True(TrySend(0, i));
        Assert.False(_fan.TryOpen(0, out _));

        _fan.MayOverdraw = true;
        Assert.True(TrySend(0, Limits.ChannelBatchesMax));
        Barrier barrier = new(1, 0, Alignment.Unaligned, Timeout.InfiniteTimeSpan, IsStop: false, IsDrain: false, IsSavepoint: false);
        Batch<int> telling = new(4, hasTimestamps: false) { Barrier = barrier };
        Assert.True(_fan.TryTellAll(telling));
        _fan.MayOverdraw = false;
        Assert.True(_fan.IsOverdrawn);
        Assert.True(_channels[1].TryReceive(out Batch<int>? other));
        Assert.Same(barrier, other.Barrier);

        // Nothing more gets in before what is kept, and what is kept goes as there is room.
        Assert.False(_fan.TryOpen(0, out _));
        List<int> received = [];
        Barrier? passed = null;
        for (int turn = 0; turn < Limits.ChannelBatchesMax + 2; turn++)
        {
            Assert.True(_channels[0].TryReceive(out Batch<int>? batch));
            if (batch.Barrier is not null) passed = batch.Barrier;
            else received.Add(batch.Values[0]);
            int told = _producer.Count;
            _channels[0].Return(batch);
            Assert.Equal(turn < 2 ? told + 1 : told, _producer.Count);
            Assert.Equal(turn >= 1, _fan.TryRepay());
        }

        Assert.Equal(Enumerable.Range(0, Limits.ChannelBatchesMax + 1), received);
        Assert.Same(barrier, passed);
        Assert.True(TrySend(0, 1));
    }

    bool TrySend(int channel, int value)
    {
        if (!_fan.TryOpen(channel, out Batch<int>? batch)) return false;
        batch.Values[0] = value;
        batch.Count = 1;
        _fan.Send(channel);
        return true;
    }

    sealed class Signal : INotifiable
    {
        public int Count { get; private set; }

        public void Notify() => Count++;
    }
}
