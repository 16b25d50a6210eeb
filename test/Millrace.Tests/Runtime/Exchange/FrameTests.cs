using Millrace.Runtime;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Messages;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Barrier = Millrace.Runtime.Messages.Barrier;

namespace Millrace.Tests.Runtime.Exchange;

/// <summary>A channel whose ends are at two workers: what the sender says is handed to the receiver when the test says so.</summary>
public sealed class FrameTests : INotifiable
{
    static readonly ChannelId s_id = new(1, 0, 2);
    static readonly Barrier s_barrier = new(7, 6, Alignment.Unaligned, Timeout.InfiniteTimeSpan, IsStop: false, IsDrain: false, IsSavepoint: false);

    readonly Wire _wire = new();
    readonly Channel<string> _from = new(BatchRecords, hasTimestamps: true), _to = new(BatchRecords, hasTimestamps: true);
    readonly ReadySet _ready;
    readonly FrameSender<string> _sender;
    readonly FrameReceiver<string> _receiver;
    const int BatchRecords = 8;

    public FrameTests()
    {
        FrameCodec<string> codec = new(hasTimestamps: true);
        _ready = new(1, this);
        _sender = new(s_id, _from, codec, _wire);
        _receiver = new(s_id, _to, codec, _wire);
        _from.BindProducer(this);
        _to.BindConsumer(_ready, 0);
    }

    void INotifiable.Notify()
    {
    }

    [Fact]
    public void Batch_ThroughAFrame_IsTheSame()
    {
        Batch<string> batch = Rent();
        for (int i = 0; i < BatchRecords; i++) (batch.Values[i], batch.Timestamps[i]) = ($"record {i}", new(1_000 - (i * 7)));
        (batch.Count, batch.Watermark, batch.IsWatermarkExact, batch.Signal, batch.Barrier) = (BatchRecords, new(993), true, ChannelSignal.Idle, s_barrier);
        _from.Send(batch);
        Deliver();

        Batch<string> received = Receive();
        Assert.Equal(Enumerable.Range(0, BatchRecords).Select(static i => $"record {i}"), received.Values.Take(received.Count));
        Assert.Equal(Enumerable.Range(0, BatchRecords).Select(static i => new Timestamp(1_000 - (i * 7))), received.Timestamps.Take(received.Count));
        Assert.Equal((new Timestamp(993), true, ChannelSignal.Idle, s_barrier), (received.Watermark, received.IsWatermarkExact, received.Signal, received.Barrier));
        Assert.Equal(1, _wire.Released);
    }

    [Fact]
    public void Sender_WithoutCredit_LeavesBatchesInTheChannelUntilItIsFull()
    {
        for (int i = 0; i < 2 * Limits.ChannelBatchesMax; i++) Send($"{i}");

        // As many are on their way as the receiver has room for, as many wait in the channel, and the producer has none.
        Assert.Equal(Limits.ChannelBatchesMax, _wire.Frames.Count);
        Assert.False(_from.TryRent(out _));

        Deliver();
        Assert.Empty(_wire.Credits);
        _to.Return(Receive());
        Assert.Equal(1, _wire.Credits.Sum());
        Deliver();
        Assert.True(_from.TryRent(out _));
    }

    [Fact]
    public void Batches_ReceivedOneByOne_ComeAllAndInOrder()
    {
        const int count = 1_000;
        int sent = 0, received = 0;
        Random chance = new(7);
        while (received < count)
        {
            if (sent < count && chance.Next(3) != 0 && _from.TryRent(out Batch<string>? batch))
            {
                (batch.Values[0], batch.Timestamps[0], batch.Count) = ($"{sent++}", new(sent), 1);
                _from.Send(batch);
            }

            if (chance.Next(3) == 0) Deliver();
            Assert.True(_wire.Frames.Count <= Limits.ChannelBatchesMax);
            if (chance.Next(2) == 0 && _to.TryReceive(out Batch<string>? came))
            {
                Assert.Equal($"{received++}", came.Values[0]);
                _to.Return(came);
            }
        }
    }

    [Fact]
    public void Barrier_Announced_OvertakesBatchesThatWaitForCredit()
    {
        for (int i = 0; i < Limits.ChannelBatchesMax + 1; i++) Send($"{i}");
        _from.Announce(s_barrier);
        Deliver();

        Assert.Equal(s_barrier, _to.Announced);
        Assert.Equal(s_barrier, Assert.Single(_wire.Announced));
    }

    [Fact]
    public void Batch_LargerThanAFrame_IsSentInSeveral()
    {
        string large = new('x', (Limits.FrameBytesMax / FrameStretch) + 1);
        Channel<string> from = new(4 * FrameStretch, hasTimestamps: true), to = new(4 * FrameStretch, hasTimestamps: true);
        FrameSender<string> sender = new(s_id, from, new(hasTimestamps: true), _wire);
        FrameReceiver<string> receiver = new(s_id, to, new(hasTimestamps: true), _wire);
        from.BindProducer(this);
        to.BindConsumer(new ReadySet(1, this), 0);
        Assert.True(from.TryRent(out Batch<string>? batch));
        for (int i = 0; i < 3 * FrameStretch; i++) batch.Values[i] = large;
        (batch.Count, batch.Watermark, batch.Barrier) = (3 * FrameStretch, new(5), s_barrier);
        from.Send(batch);

        Assert.Equal(3, _wire.Frames.Count);
        int records = 0;
        while (_wire.Frames.TryDequeue(out ExchangeMessage.Frame? frame))
        {
            receiver.OnFrame(frame);
            Assert.True(to.TryReceive(out Batch<string>? part));
            records += part.Count;
            // What follows the records of the batch follows the last of them.
            Assert.Equal(records == 3 * FrameStretch ? s_barrier : null, part.Barrier);
            Assert.Equal(records == 3 * FrameStretch ? new Timestamp(5) : Timestamp.None, part.Watermark);
            to.Return(part);
        }

        Assert.Equal(3 * FrameStretch, records);
        sender.OnCredit(1);
    }

    [Fact]
    public void Frame_WithoutCredit_IsRefused()
    {
        for (int i = 0; i < Limits.ChannelBatchesMax; i++) Send($"{i}");
        ExchangeMessage.Frame first = _wire.Frames.Peek();
        Deliver();

        Assert.Contains("no credit", Assert.Throws<CorruptDataException>(() => _receiver.OnFrame(first)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(BatchRecords + 1, 0)]
    [InlineData(-1, 0)]
    [InlineData(2, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 4)]
    public void Frame_OfWrongSizeOrSignal_IsRefused(int count, byte signal)
    {
        Send("a");
        ExchangeMessage.Frame frame = _wire.Frames.Dequeue();

        Assert.Throws<CorruptDataException>(() => _receiver.OnFrame(frame with { Count = count, Tail = frame.Tail with { Signal = signal } }));
    }

    [Fact]
    public void Records_OfNumbers_AreSentAndReceivedWithoutAllocations()
    {
        const int rounds = 2_000;
        Channel<long> from = new(Limits.BatchRecordsMax, hasTimestamps: true), to = new(Limits.BatchRecordsMax, hasTimestamps: true);
        FrameSender<long> sender = new(s_id, from, new(hasTimestamps: true), _wire);
        FrameReceiver<long> receiver = new(s_id, to, new(hasTimestamps: true), _wire);
        from.BindProducer(this);
        to.BindConsumer(new ReadySet(1, this), 0);
        long before = 0;
        for (int round = 0; round < rounds; round++)
        {
            if (round == rounds / 2) before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(from.TryRent(out Batch<long>? batch));
            for (int i = 0; i < batch.Values.Length; i++) (batch.Values[i], batch.Timestamps[i]) = (i, new(i));
            batch.Count = batch.Values.Length;
            from.Send(batch);
            receiver.OnFrame(_wire.Frames.Dequeue());
            Assert.True(to.TryReceive(out Batch<long>? came));
            to.Return(came);
            while (_wire.Credits.TryDequeue(out int credit)) sender.OnCredit(credit);
        }

        double perRecord = (GC.GetAllocatedBytesForCurrentThread() - before) / ((double)rounds / 2 * Limits.BatchRecordsMax);
        Assert.True(perRecord < 0.5, $"{perRecord:0.000} bytes per record: a frame has a message and a buffer, a record has nothing");
    }

    const int FrameStretch = 64;

    Batch<string> Rent()
    {
        Assert.True(_from.TryRent(out Batch<string>? batch));
        return batch;
    }

    void Send(string value)
    {
        Batch<string> batch = Rent();
        (batch.Values[0], batch.Count) = (value, 1);
        _from.Send(batch);
    }

    Batch<string> Receive()
    {
        Assert.True(_ready.TryTake(out _));
        Assert.True(_to.TryReceive(out Batch<string>? batch));
        return batch;
    }

    void Deliver()
    {
        while (_wire.Announced.Count > 0 && _to.Announced is null) _receiver.OnAnnounced(_wire.Announced[0]);
        while (_wire.Frames.TryDequeue(out ExchangeMessage.Frame? frame)) _receiver.OnFrame(frame);
        while (_wire.Credits.TryDequeue(out int credit)) _sender.OnCredit(credit);
    }

    /// <summary>What lies between two workers.</summary>
    sealed class Wire : IFrameOutlet
    {
        public void Fail(ChannelId channel, Exception failure) => throw failure;

        public Queue<ExchangeMessage.Frame> Frames { get; } = new();

        public Queue<int> Credits { get; } = new();

        public List<Barrier> Announced { get; } = [];

        public int Released { get; private set; }

        public void Send(ChannelId channel, int count, FrameRecords records, in FrameTail tail) =>
            Frames.Enqueue(new(new AttemptId(1, 1), channel, count, new Counted(this, records), tail));

        public void Announce(ChannelId channel, Barrier barrier) => Announced.Add(barrier);

        public void Credit(ChannelId channel, int frames) => Credits.Enqueue(frames);

        sealed class Counted(Wire wire, FrameRecords records) : FrameRecords
        {
            public override ReadOnlySpan<byte> Bytes => records.Bytes;

            public override void Release()
            {
                wire.Released++;
                records.Release();
            }
        }
    }
}
