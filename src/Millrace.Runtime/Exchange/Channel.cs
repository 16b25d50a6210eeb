using Millrace.State;

namespace Millrace.Runtime.Exchange;

/// <summary>Something that runs when there is reason to. Thread-safe.</summary>
public interface INotifiable
{
    /// <summary>There may be something to do. Cheap; calling it for nothing is harmless.</summary>
    void Notify();
}

/// <summary>Where a consumer learns which of its channels have something.</summary>
public interface IReadySet
{
    /// <summary>The channel with this index has something. Called by producers; thread-safe.</summary>
    void MarkReady(int index);
}

/// <summary>
/// From one producer task to one consumer task: a bounded ring of full batches one way and of free ones the other way. A channel never
/// has more than <see cref="Limits.ChannelBatchesMax"/> batches, so sending never fails: what is limited is renting. A barrier that must not wait
/// for room is kept by the producer, behind the records it follows (<see cref="ChannelFan{T}"/>).
/// Each side is used by one thread at a time.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="batchRecords">Records of a batch at most.</param>
/// <param name="hasTimestamps">Whether the stream has event time.</param>
public sealed class Channel<T>(int batchRecords, bool hasTimestamps)
{
    readonly SpscRing<Batch<T>> _full = new(Limits.ChannelBatchesMax);
    readonly SpscRing<Batch<T>> _free = new(Limits.ChannelBatchesMax);
    INotifiable? _producer;
    IReadySet? _consumer;
    int _consumerIndex;
    Barrier? _announced;
    Barrier? _announcedInTurn;
    int _allocated;
    int _producerWaits;

    /// <summary>Consumer: the newest barrier that the producer has sent, which may still be behind full batches; null for none.</summary>
    public Barrier? Announced => Volatile.Read(ref _announced);

    /// <summary>Consumer: the newest of these that never overtakes; null for none. Read after <see cref="Announced"/>, which is never ahead of it.</summary>
    public Barrier? AnnouncedInTurn => Volatile.Read(ref _announcedInTurn);

    /// <summary>Producer: tells the consumer of a barrier ahead of the batches before it.</summary>
    public void Announce(Barrier barrier)
    {
        if (!barrier.MayOvertake) Volatile.Write(ref _announcedInTurn, barrier);
        Volatile.Write(ref _announced, barrier);
        _consumer!.MarkReady(_consumerIndex);
    }

    /// <summary>Tells the channel who sends. Once, before it is used.</summary>
    public void BindProducer(INotifiable producer) => _producer = producer;

    /// <summary>Tells the channel who receives. Once, before it is used.</summary>
    public void BindConsumer(IReadySet consumer, int index)
    {
        _consumer = consumer;
        _consumerIndex = index;
    }

    /// <summary>Producer: an empty batch to fill; false when all are travelling, and then the producer is notified when one comes back.</summary>
    public bool TryRent([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Batch<T>? batch)
    {
        if (_free.TryTake(out batch)) return true;
        if (_allocated < Limits.ChannelBatchesMax)
        {
            _allocated++;
            batch = new Batch<T>(batchRecords, hasTimestamps);
            return true;
        }

        // Say that we wait, then look again: the consumer adds first and then looks whether we wait, so one of us sees the other. It stays said
        // though there was one: the task may have been refused before, and wait for another. Being notified for nothing is harmless.
        Interlocked.Exchange(ref _producerWaits, 1);
        return _free.TryTake(out batch);
    }

    /// <summary>Producer: a batch beyond those that travel, to be kept until one can be rented and sent in its place.</summary>
    public Batch<T> NewBatch() => new(batchRecords, hasTimestamps);

    /// <summary>Producer: hands a rented batch over.</summary>
    public void Send(Batch<T> batch)
    {
        Invariant.That(_full.TryAdd(batch), "a channel has room for all its batches");
        _consumer!.MarkReady(_consumerIndex);
    }

    /// <summary>Consumer: the next batch, to be given back.</summary>
    public bool TryReceive([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Batch<T>? batch) => _full.TryTake(out batch);

    /// <summary>Consumer: gives a batch back, emptied.</summary>
    public void Return(Batch<T> batch)
    {
        batch.Reset();
        Invariant.That(_free.TryAdd(batch), "a channel has room for all its batches");
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _producerWaits) != 0 && Interlocked.Exchange(ref _producerWaits, 0) != 0) _producer!.Notify();
    }
}
