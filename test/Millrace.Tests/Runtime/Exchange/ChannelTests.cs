using Millrace.Runtime;
using Millrace.Runtime.Exchange;

namespace Millrace.Tests.Runtime.Exchange;

public sealed class ChannelTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Rent_AllBatchesTravelling_IsRefusedUntilOneComesBackAndThenNotifiedOnce()
    {
        Signal producer = new();
        Channel<int> channel = new(8, hasTimestamps: false);
        channel.BindProducer(producer);
        channel.BindConsumer(new ReadySet(1, new Signal()), 0);
        for (int i = 0; i < Limits.ChannelBatchesMax; i++) Send(channel, i);

        Assert.False(channel.TryRent(out _));
        Assert.Equal(0, producer.Count);
        Assert.True(channel.TryReceive(out Batch<int>? first));
        channel.Return(first);
        Assert.Equal(1, producer.Count);
        Assert.True(channel.TryRent(out _));
        Assert.True(channel.TryReceive(out Batch<int>? second));
        channel.Return(second);
        Assert.Equal(1, producer.Count);
    }

    [Theory]
    [InlineData(20_000, false)]
    [InlineData(200_000, true)]     // A task that has found no room tells its watermark, if there is room by now, and only then waits.
    public void Channel_ProducersAndConsumerOnThreads_LoseNoBatchAndNoWakeUp(int batches, bool isTelling)
    {
        const int Producers = 3;
        Signal consumer = new();
        ReadySet ready = new(Producers, consumer);
        Channel<int>[] channels = [.. Enumerable.Range(0, Producers).Select(static _ => new Channel<int>(4, hasTimestamps: false))];
        Signal[] rooms = [.. channels.Select(static _ => new Signal())];
        for (int i = 0; i < Producers; i++)
        {
            channels[i].BindProducer(rooms[i]);
            channels[i].BindConsumer(ready, i);
        }

        List<string> failures = [];
        Thread[] threads = [.. Enumerable.Range(0, Producers).Select(i => new Thread(() => Produce(channels[i], rooms[i], batches, isTelling, failures)))];
        foreach (Thread thread in threads) thread.Start();

        int[] next = new int[Producers];
        for (int received = 0; received < Producers * batches;)
        {
            if (!ready.TryTake(out int index))
            {
                Assert.True(consumer.Wait(Patience), $"the consumer was not woken after {received} batches");
                continue;
            }

            if (!channels[index].TryReceive(out Batch<int>? batch)) continue;
            ready.PutBack(index);
            if (batch.Count > 0)
            {
                Assert.Equal(next[index]++, batch.Values[0]);
                received++;
            }

            channels[index].Return(batch);
        }

        foreach (Thread thread in threads) Assert.True(thread.Join(Patience));
        Assert.Empty(failures);
    }

    [Fact]
    public void ReadySet_MarkedTwice_IsTakenOnce()
    {
        Signal consumer = new();
        ReadySet ready = new(2, consumer);
        ready.MarkReady(1);
        ready.MarkReady(1);
        ready.MarkReady(0);

        Assert.Equal(2, consumer.Count);
        Assert.True(ready.TryTake(out int first));
        ready.MarkReady(1);
        Assert.True(ready.TryTake(out int second));
        Assert.True(ready.TryTake(out int third));
        Assert.Equal((1, 0, 1), (first, second, third));
        Assert.False(ready.TryTake(out _));
    }

    [Fact]
    public void Return_ABatch_EmptiesIt()
    {
        Channel<string> channel = new(4, hasTimestamps: true);
        channel.BindProducer(new Signal());
        channel.BindConsumer(new ReadySet(1, new Signal()), 0);
        Assert.True(channel.TryRent(out Batch<string>? batch));
        (batch.Values[0], batch.Count, batch.Watermark, batch.IsWatermarkExact, batch.Signal) = ("a", 1, new(5), true, ChannelSignal.Idle);
        channel.Send(batch);
        Assert.True(channel.TryReceive(out batch));
        channel.Return(batch);

        Assert.True(batch.IsEmpty);
        Assert.Null(batch.Values[0]);
        Assert.False(batch.IsWatermarkExact);
    }

    static void Produce(Channel<int> channel, Signal room, int batches, bool isTelling, List<string> failures)
    {
        for (int i = 0; i < batches;)
        {
            if (channel.TryRent(out Batch<int>? batch))
            {
                batch.Values[0] = i++;
                batch.Count = 1;
                channel.Send(batch);
            }
            else
            {
                if (isTelling && channel.TryRent(out Batch<int>? telling)) channel.Send(telling);
                if (room.Wait(Patience)) continue;
                lock (failures) failures.Add($"a producer was not woken after {i} batches");
                return;
            }
        }
    }

    static void Send(Channel<int> channel, int value)
    {
        Assert.True(channel.TryRent(out Batch<int>? batch));
        batch.Values[0] = value;
        batch.Count = 1;
        channel.Send(batch);
    }

    sealed class Signal : INotifiable
    {
        readonly SemaphoreSlim _raised = new(0);
        int _count;

        public int Count => _count;

        public void Notify()
        {
            Interlocked.Increment(ref _count);
            _raised.Release();
        }

        public bool Wait(TimeSpan patience) => _raised.Wait(patience);
    }
}
