using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;
using Millrace.State.Timers;

namespace Millrace.Runtime.Operators;

/// <summary>
/// Runs a function with state and timers per key. The function is made here, once; state handles are on a key only while it is called.
/// Between any two calls the operator can stop when the output is full, and go on later.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
/// <typeparam name="TOps">The key type's operations.</typeparam>
public sealed class KeyedProcessOperator<TKey, TIn, TOut, TOps> : IOperator<TIn, TOut> where TOps : struct, IKeyOps<TKey>
{
    static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);

    readonly KeyBlock<TKey, TIn, TOps> _block;
    readonly KeyedStateScope<TKey, TOps> _scope;
    readonly KeyContext<TKey> _context;
    readonly IKeyedProcess<TKey, TIn, TOut> _function;
    RangeWatermark[] _ahead = [];
    bool _hasEnded;

    /// <summary>Makes the function.</summary>
    /// <param name="keyOf">Reads the key.</param>
    /// <param name="factory">Makes the function from the scope its state is declared in.</param>
    /// <param name="clock">The clock of the machine.</param>
    /// <exception cref="InvalidOperationException">The factory returned null, or declared something twice.</exception>
    public KeyedProcessOperator(Func<TIn, TKey> keyOf, Func<StateScope, IKeyedProcess<TKey, TIn, TOut>> factory, Func<Timestamp> clock)
    {
        _block = new(keyOf);
        _scope = new(clock);
        _context = _scope.Context;
        _function = factory(_scope) ?? throw new InvalidOperationException("the factory of a keyed function returned null; return a new function");
        _scope.Close();
    }

    /// <inheritdoc/>
    public object Function => _function;

    /// <summary>The function's state and timers.</summary>
    public KeyedStateScope<TKey, TOps> State => _scope;

    /// <summary>
    /// Timers on the clock of the machine that were set when the input ended. They never fire: no one waits for a clock once the input
    /// has ended, and firing them early would show a time that never was.
    /// </summary>
    public long ProcessingTimersDropped { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<(string Name, long Count)> Counts
    {
        get
        {
            yield return ("processingTimersDropped", ProcessingTimersDropped);
            // Also of state that has no TTL any more and had one in the snapshot.
            if (_scope.HasTtl || _scope.Expired > 0) yield return ("stateExpired", _scope.Expired);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<ISnapshotRows> SnapshotRows => _scope.SnapshotRows;

    /// <inheritdoc/>
    public void OnRestored(Timestamp watermark, IReadOnlyList<RangeWatermark> ahead)
    {
        _scope.OnRestored(watermark);
        _ahead = [.. ahead];
    }

    /// <inheritdoc/>
    /// <remarks>Their timers have fired up to there, so a snapshot that did not say it would describe timers that are missing.</remarks>
    public IReadOnlyList<RangeWatermark> Ahead => _ahead;

    /// <inheritdoc/>
    public Timestamp NextProcessingTime
    {
        get
        {
            if (_hasEnded) return Timestamp.MaxValue;
            (Timestamp timer, Timestamp sweep) = (_scope.ProcessingTimers.Next, _scope.NextSweep);
            return sweep < timer ? sweep : timer;
        }
    }

    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        _scope.ReadTtlClock();
        while (position < input.Count && output.HasRoom)
        {
            int count = _block.Load(input, ref position);
            _scope.Prefetch(_block.Hashes.AsSpan(0, count));
            try
            {
                CallForRecords(input, ref position, count, output);
            }
            finally
            {
                _context.Leave();
            }
        }

        _scope.Sweep();
    }

    /// <inheritdoc/>
    public bool OnWatermark(Timestamp watermark, OutputBuffer<TOut> output)
    {
        _scope.SetWatermark(watermark);
        if (!Fire(_scope.EventTimers, watermark, isEventTime: true, output)) return false;
        // The end of input is no time: what is kept until then stays for a job that goes on from here.
        if (watermark != Timestamp.MaxValue) _scope.AdvanceTtl(watermark);
        if (_ahead.Length > 0) ForgetReached(watermark);
        _scope.Sweep();
        return true;
    }

    /// <inheritdoc/>
    public bool OnProcessingTime(Timestamp now, OutputBuffer<TOut> output)
    {
        // A deadline has passed once the clock shows more, so one tick less is the last that is due.
        if (_hasEnded) return true;
        if (!Fire(_scope.ProcessingTimers, now - s_tick, isEventTime: false, output)) return false;
        _scope.Sweep();
        return true;
    }

    /// <inheritdoc/>
    public bool OnEnd(OutputBuffer<TOut> output)
    {
        if (_hasEnded) return true;
        _hasEnded = true;
        ProcessingTimersDropped = _scope.ProcessingTimers.Count;
        return true;
    }

    // By itself: what it captures is made where it is called, and that is nearly never.
    void ForgetReached(Timestamp watermark) => _ahead = Array.FindAll(_ahead, part => part.Watermark > watermark);

    void CallForRecords(Batch<TIn> input, ref int position, int count, OutputBuffer<TOut> output)
    {
        int start = position;
        TKey[] keys = _block.Keys;
        uint[] hashes = _block.Hashes;
        bool isStamped = _scope.HasEventTtl;
        for (int at = 0; at < count && output.HasRoom; at++)
        {
            position = start + at;
            _context.Enter(keys[at], hashes[at]);
            Timestamp timestamp = input.TimestampAt(start + at);
            if (isStamped) _scope.Attribute(timestamp);
            _function.OnRecord(new Record<TIn>(ref input.Values[start + at], timestamp), new Output<TOut>(output, timestamp));
            position = start + at + 1;
        }
    }

    /// <summary>
    /// Calls the function for timers that are due, those set meanwhile included. Stops when the output is full, and after so many timers
    /// that the task should look at something else, for a function that sets due timers without end or emits nothing.
    /// </summary>
    bool Fire(TimerQueue<TKey> queue, Timestamp limit, bool isEventTime, OutputBuffer<TOut> output)
    {
        _scope.ReadTtlClock();
        _scope.Attribute(Timestamp.None);
        try
        {
            for (int left = Limits.TimersPerCall; queue.IsDue(limit); left--)
            {
                if (left == 0 || !output.HasRoom) return false;
                if (!queue.TryTake(out TimerEntry<TKey> due)) continue;
                // State that lives in event time sees the deadlines one after the other, however far the watermark advances at once.
                if (isEventTime && due.Deadline != Timestamp.MaxValue) _scope.AdvanceTtl(due.Deadline);
                _context.Enter(due.Key, due.Hash);
                Timestamp emitted = isEventTime ? due.Deadline : Timestamp.None;
                _function.OnTimer(new Firing<TKey>(due.Key, due.Deadline, queue.HandleOf(due)), new Output<TOut>(output, emitted));
            }

            return true;
        }
        finally
        {
            _context.Leave();
        }
    }
}
