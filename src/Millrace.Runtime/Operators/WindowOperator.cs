using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>
/// Tumbling and sliding windows in event time or processing time. Each record is added to one accumulator, of its key and slice of time;
/// windows are put together from slices as they fire. In processing time windows fire once the clock has passed their last tick, and what
/// is open at the end of the input fires then: a bounded input must not lose its last window.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TAccumulator">The accumulator.</typeparam>
/// <typeparam name="TOut">The type of results.</typeparam>
/// <typeparam name="TAggregate">The aggregate.</typeparam>
/// <typeparam name="TOps">The key type's operations.</typeparam>
public sealed class WindowOperator<TKey, TIn, TAccumulator, TOut, TAggregate, TOps> : IOperator<TIn, TOut>
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
    where TOps : struct, IKeyOps<TKey>
{
    static readonly TimeSpan s_tick = TimeSpan.FromTicks(1);

    readonly KeyBlock<TKey, TIn, TOps> _block;
    readonly WindowSlices _slices;
    readonly string _kind;
    readonly WindowProgress _progress;
    readonly WindowPanes<TKey, TAccumulator, TOps> _panes;
    readonly IWindowFirer<TKey, TAccumulator, TOut, TOps> _firer;
    readonly WindowLateFiring<TKey, TIn, TAccumulator, TOut, TAggregate, TOps> _lateFiring;
    readonly TimeProvider? _time;
    TAggregate _aggregate;

    OutputBuffer<TIn>? _late;
    WindowPane<TKey, TAccumulator, TOps>? _current;
    Timestamp _now = Timestamp.None;            // In processing time: the clock, never going back.
    ISnapshotRows[]? _snapshotRows;
    WindowSpan _firing;
    bool _isFiring;
    Int128 _fired = Int128.MinValue;

    /// <summary>An operator with no records yet.</summary>
    /// <param name="keyOf">Reads the key.</param>
    /// <param name="windows">The windows; validated when the graph was built.</param>
    /// <param name="allowedLateness">How long a window is kept after it has fired; zero in processing time.</param>
    /// <param name="aggregate">This instance's own.</param>
    /// <param name="time">The clock; read in processing time only.</param>
    public WindowOperator(Func<TIn, TKey> keyOf, WindowAssigner windows, TimeSpan allowedLateness, TAggregate aggregate, TimeProvider time)
    {
        _block = new(keyOf);
        _kind = $"window {windows}";
        _slices = new(windows);
        _progress = new(_slices, allowedLateness);
        _panes = new(_slices);
        _aggregate = aggregate;
        _time = windows.IsProcessingTime ? time : null;
        _lateFiring = new(_slices, _panes, aggregate);
        _firer = _slices.PerWindow > 1 && aggregate.IsMergeCheap
            ? new WindowSlidingFirer<TKey, TIn, TAccumulator, TOut, TAggregate, TOps>(_slices, _progress, _panes, aggregate)
            : new WindowDirectFirer<TKey, TIn, TAccumulator, TOut, TAggregate, TOps>(_progress, _panes, aggregate);
    }

    /// <summary>How many records were dropped because they came too late for all their windows.</summary>
    public long LateDropped { get; private set; }

    /// <summary>How many records fell in a gap between windows.</summary>
    public long OutsideWindows { get; private set; }

    /// <summary>How many windows have fired, each for all its keys.</summary>
    public long WindowsFired { get; private set; }

    /// <summary>How many times late records have fired a window of their key again.</summary>
    public long LateFirings => _lateFiring.Fired;

    /// <inheritdoc/>
    public IEnumerable<(string Name, long Count)> Counts =>
        [("numLateRecordsDropped", LateDropped), ("recordsOutsideWindows", OutsideWindows), ("windowsFired", WindowsFired), ("lateFirings", LateFirings)];

    /// <summary>How many slices of time are held.</summary>
    public int PanesLive => _panes.Live;

    /// <inheritdoc/>
    public object? Function => _aggregate.Function;

    /// <inheritdoc/>
    public Timestamp NextProcessingTime { get; private set; } = Timestamp.MaxValue;

    /// <inheritdoc/>
    public IReadOnlyList<ISnapshotRows> SnapshotRows => _snapshotRows ??= [KeyedRows.OfWindows(StateNames.Windows, _kind, _panes.Clock, _panes, RestoredTable)];

    /// <inheritdoc/>
    public Timestamp OwnTime { get; private set; } = Timestamp.None;

    /// <inheritdoc/>
    public bool HasOwnTime => _time is not null;

    /// <inheritdoc/>
    public IReadOnlyList<RangeWatermark> Ahead => _progress.Ahead;

    /// <inheritdoc/>
    public void OnRestored(Timestamp watermark, IReadOnlyList<RangeWatermark> ahead)
    {
        _progress.Restore(ahead);
        if (_time is not null)
        {
            // What instances that were behind had not fired is fired yet; no record goes to a window that any of them has fired.
            Timestamp furthest = ahead.Count > 0 ? ahead.Max(static part => part.Watermark) : watermark;
            if (!furthest.IsNone) _now = furthest + s_tick;
            OwnTime = watermark;
        }

        _progress.Advance(watermark);
        _fired = _progress.Due;
        _panes.Settle();
        Drop(_fired);
        if (_time is not null) NextProcessingTime = NextFiring();
    }

    /// <summary>Sends late records somewhere, instead of dropping and counting them. Called once, before the first record.</summary>
    /// <param name="late">Has room whenever the operator is called; where it runs out, <see cref="Process"/> returns early.</param>
    public void BindLate(OutputBuffer<TIn> late) => _late = late;

    /// <inheritdoc/>
    public void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output)
    {
        if (_time is not null) ReadClock();
        if (_lateFiring.IsOpen)
        {
            if (!_lateFiring.Emit(output)) return;
            position++;
        }

        bool hasRoom = output.HasRoom;
        while (hasRoom && position < input.Count)
        {
            int count = _block.Load(input, ref position);
            hasRoom = _time is null ? AddByEventTime(input, ref position, count, output) : AddByClock(input, ref position, count);
        }
    }

    /// <inheritdoc/>
    public bool OnWatermark(Timestamp watermark, OutputBuffer<TOut> output)
    {
        if (_time is not null) return true;
        _progress.Advance(watermark);
        return Fire(output);
    }

    /// <inheritdoc/>
    public bool OnProcessingTime(Timestamp now, OutputBuffer<TOut> output)
    {
        if (_time is null) return true;
        if (now > _now) _now = now;
        // Records may still be assigned to the tick the clock shows, so only the one before it is over.
        OwnTime = _now - s_tick;
        _progress.Advance(OwnTime);
        return Fire(output);
    }

    /// <inheritdoc/>
    public bool OnEnd(OutputBuffer<TOut> output)
    {
        _progress.Advance(Timestamp.MaxValue);
        return Fire(output);
    }

    StateTable<TKey, TAccumulator, TOps> RestoredTable(long first) =>
        _slices.TryFind(first, out long start) && start == first
            ? _panes.GetOrAdd(first, out _).Table
            : throw new CorruptDataException($"No window begins or ends at {new Timestamp(first)}: the snapshot is of windows of another size, slide or offset.", 0);

    void ReadClock()
    {
        Timestamp now = Timestamp.FromDateTimeOffset(_time!.GetUtcNow());
        if (now > _now) _now = now;
    }

    bool AddByClock(Batch<TIn> input, ref int position, int count)
    {
        if (!_progress.TryFind(_now.Ticks, out long first))
        {
            OutsideWindows += count;
            position += count;
            return true;
        }

        _current = _panes.GetOrAdd(first, out bool isNew);
        AddRun(_current.Table, input, ref position, 0, count);
        if (isNew) NextProcessingTime = NextFiring();
        return true;
    }

    /// <summary>Adds the records of a block; false when it stopped at one for want of room.</summary>
    bool AddByEventTime(Batch<TIn> input, ref int position, int count, OutputBuffer<TOut> output)
    {
        if (input.Timestamps.Length == 0) throw new MissingTimestampException();
        int start = position;
        ReadOnlySpan<Timestamp> times = input.Timestamps.AsSpan(start, count);
        for (int at = 0; at < times.Length;)
        {
            WindowPane<TKey, TAccumulator, TOps>? pane = _current;
            if (pane is null || !pane.Covers(times[at].Ticks)) pane = PaneOf(times[at]);
            if (pane is null)
            {
                if (!Skip(input, position)) return false;
                position = start + ++at;
            }
            else if (pane.FirstWindow <= _progress.Due || _progress.Ahead.Count > 0)
            {
                if (!AddOne(pane, input, ref position, at++, output)) return false;
            }
            else
            {
                int end = at + 1;
                while (end < times.Length && pane.Covers(times[end].Ticks)) end++;
                AddRun(pane.Table, input, ref position, at, end);
                at = end;
            }
        }

        return true;
    }

    /// <summary>Adds the records of the block from one to another, all of the same slice.</summary>
    void AddRun(StateTable<TKey, TAccumulator, TOps> table, Batch<TIn> input, ref int position, int from, int to)
    {
        int start = position - from;
        TKey[] keys = _block.Keys;
        uint[] hashes = _block.Hashes;
        if (table.IsLarge)
        {
            foreach (uint hash in hashes.AsSpan(from, to - from)) table.Prefetch(hash);
        }

        AddRow step = new(ref _aggregate, input, ref position, to - from);
        table.Update(keys.AsSpan(from, to - from), hashes.AsSpan(from, to - from), ref step);
        position = start + to;
    }

    ref struct AddRow(ref TAggregate aggregate, Batch<TIn> input, ref int position, int count) : IRowStep<TKey, TAccumulator>
    {
        readonly ref TAggregate _aggregate = ref aggregate;
        readonly ref int _position = ref position;
        readonly int _start = position;
        readonly ReadOnlySpan<TIn> _values = input.Values.AsSpan(position, count);
        readonly ReadOnlySpan<Timestamp> _timestamps = input.Timestamps.Length == 0 ? default : input.Timestamps.AsSpan(position, count);

        public readonly bool CanGoOn => true;

        public readonly void Step(int index, TKey key, ref TAccumulator accumulator, bool isNew)
        {
            _position = _start + index;
            if (isNew) accumulator = _aggregate.Seed();
            _aggregate.Add(isNew, ref accumulator, new Record<TIn>(in _values[index], _timestamps.IsEmpty ? Timestamp.None : _timestamps[index]));
        }
    }

    /// <summary>Adds a record to windows of which the first may have fired already; false when emitting stopped for want of room.</summary>
    bool AddOne(WindowPane<TKey, TAccumulator, TOps> pane, Batch<TIn> input, ref int position, int at, OutputBuffer<TOut> output)
    {
        int record = position;
        if (!output.HasRoom) return false;
        (Int128 due, Int128 cleaned) = _progress.Of(_block.Hashes[at]);
        if (pane.LastWindow <= cleaned)
        {
            if (!SkipLate(input, record)) return false;
            position = record + 1;
            return true;
        }

        AddRun(pane.Table, input, ref position, at, at + 1);
        if (pane.FirstWindow > due) return true;
        position = record;
        _firer.OnLate(_block.Hashes[at], _block.Keys[at], pane);
        Int128 first = Int128.Max(pane.FirstWindow, cleaned + 1);
        Int128 last = Int128.Min(pane.LastWindow, due);
        _lateFiring.Open(_block.Hashes[at], _block.Keys[at], first, last);
        if (!_lateFiring.Emit(output)) return false;
        position = record + 1;
        return true;
    }

    WindowPane<TKey, TAccumulator, TOps>? PaneOf(Timestamp timestamp)
    {
        if (timestamp.IsNone) throw new MissingTimestampException();
        return _progress.TryFind(timestamp.Ticks, out long first) ? _current = _panes.GetOrAdd(first, out _) : null;
    }

    /// <summary>Sends off a record no window takes; false when there is no room.</summary>
    bool Skip(Batch<TIn> input, int record)
    {
        if (_progress.IsLate(input.TimestampAt(record))) return SkipLate(input, record);
        OutsideWindows++;
        return true;
    }

    bool SkipLate(Batch<TIn> input, int record)
    {
        if (_late is null) LateDropped++;
        else if (!_late.HasRoom) return false;
        else _late.Add(input.Values[record], input.TimestampAt(record));
        return true;
    }

    /// <summary>Fires the windows that are due, in order, and drops what no window needs any more; false when it stopped in between.</summary>
    bool Fire(OutputBuffer<TOut> output)
    {
        _panes.Settle();
        while (_isFiring || TryOpenNext())
        {
            if (!_firer.Fire(in _firing, output)) return false;
            _isFiring = false;
            _fired = _firing.Number;
            WindowsFired++;
            Drop(_fired);
        }

        _fired = Int128.Max(_fired, _progress.Due);
        _progress.ForgetReached();
        Drop(_fired);
        if (_time is not null) NextProcessingTime = NextFiring();
        return true;
    }

    bool TryOpenNext()
    {
        if (NextWindow() is not { } next || next > _progress.Due) return false;
        _firing = _slices.SpanOf(next);
        _isFiring = true;
        return true;
    }

    /// <summary>The next window with records to fire; windows without are passed over, however many.</summary>
    Int128? NextWindow()
    {
        int done = _panes.CountDone(_fired);
        return done == _panes.Count ? null : Int128.Max(_fired + 1, _panes[done].FirstWindow);
    }

    Timestamp NextFiring()
    {
        _panes.Settle();
        return NextWindow() is { } next ? _slices.SpanOf(next).Window.MaxTimestamp : Timestamp.MaxValue;
    }

    void Drop(Int128 fired)
    {
        Int128 done = Int128.Min(fired, _progress.Cleaned);
        while (_panes.Count > 0 && _panes[0].LastWindow <= done)
        {
            _current = null;
            _panes.DropFirst();
        }
    }
}

/// <summary>A record without a timestamp came to a window of event time.</summary>
public sealed class MissingTimestampException() : Exception(
    "the record has no timestamp, but windows of event time need one; give the source a watermark strategy with a function that reads it");
