using System.Diagnostics.CodeAnalysis;
using Millrace.State.Tables;

namespace Millrace.State.Timers;

/// <summary>A single timer in event time.</summary>
sealed class QueuedEventTimer<TKey, TOps> : EventTimer where TOps : struct, IKeyOps<TKey>
{
    internal QueuedEventTimer(string name, TimerQueue<TKey> queue, KeyContext<TKey> context)
    {
        Name = name;
        Timers = new(queue, context, this, "event-timer");
        Timers.Join();
    }

    internal SingleTimerRows<TKey, TOps> Timers { get; }

    public override string Name { get; }

    public override void Set(Timestamp deadline) => Timers.Set(deadline);

    public override void Cancel() => Timers.Cancel();

    public override bool TryGet([MaybeNullWhen(false)] out Timestamp deadline) => Timers.TryGet(out deadline);
}

/// <summary>A single timer on the clock of the machine.</summary>
sealed class QueuedProcessingTimer<TKey, TOps> : ProcessingTimer where TOps : struct, IKeyOps<TKey>
{
    internal QueuedProcessingTimer(string name, TimerQueue<TKey> queue, KeyContext<TKey> context)
    {
        Name = name;
        Timers = new(queue, context, this, "processing-timer");
        Timers.Join();
    }

    internal SingleTimerRows<TKey, TOps> Timers { get; }

    public override string Name { get; }

    public override void Set(Timestamp deadline) => Timers.Set(deadline);

    public override void Cancel() => Timers.Cancel();

    public override bool TryGet([MaybeNullWhen(false)] out Timestamp deadline) => Timers.TryGet(out deadline);
}

/// <summary>A set of timers in event time.</summary>
sealed class QueuedEventTimerSet<TKey, TOps> : EventTimerSet where TOps : struct, IKeyOps<TKey>
{
    internal QueuedEventTimerSet(string name, TimerQueue<TKey> queue, KeyContext<TKey> context)
    {
        Name = name;
        Timers = new(queue, context, this, "event-timer-set");
        Timers.Join();
    }

    internal TimerSetRows<TKey, TOps> Timers { get; }

    public override string Name { get; }

    public override void Add(Timestamp deadline) => Timers.Add(deadline);

    public override bool Remove(Timestamp deadline) => Timers.Remove(deadline);
}

/// <summary>A set of timers on the clock of the machine.</summary>
sealed class QueuedProcessingTimerSet<TKey, TOps> : ProcessingTimerSet where TOps : struct, IKeyOps<TKey>
{
    internal QueuedProcessingTimerSet(string name, TimerQueue<TKey> queue, KeyContext<TKey> context)
    {
        Name = name;
        Timers = new(queue, context, this, "processing-timer-set");
        Timers.Join();
    }

    internal TimerSetRows<TKey, TOps> Timers { get; }

    public override string Name { get; }

    public override void Add(Timestamp deadline) => Timers.Add(deadline);

    public override bool Remove(Timestamp deadline) => Timers.Remove(deadline);
}
