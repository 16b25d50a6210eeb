using Millrace.Engine;
using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>What a sliding window holds of one key.</summary>
struct SlidingRow<TAccumulator>
{
    /// <summary>The merged panes since the turn.</summary>
    public TAccumulator Back;

    /// <summary>The top of the key's stack of suffixes: the merged panes up to the turn. Zero for none.</summary>
    public int Front;

    /// <summary>Whether the key is in a pane since the turn.</summary>
    public bool HasBack;

    /// <summary>Whether a pane has changed since it was merged here.</summary>
    public bool IsStale;
}

/// <summary>
/// Slides a window over its panes with two stacks per key (Tangwongsan, Hirzel, Schneider 2017): the front holds, for each of a key's
/// panes, the merger of that pane and the later ones up to the turn; the back is one merger of the panes since. A pane that enters is
/// merged into the back; one that leaves is taken off the front; once the front is empty the window turns, and what was back becomes
/// front. About three mergers per key and pane, however many panes a window has, and one row to read for a result.
/// Only panes that windows have passed are merged here. A late record makes its key stale; the key is merged anew before the next window.
/// </summary>
sealed class WindowSlidingFirer<TKey, TIn, TAccumulator, TOut, TAggregate, TOps>(
    WindowSlices slices, WindowProgress progress, WindowPanes<TKey, TAccumulator, TOps> panes, TAggregate aggregate) : IWindowFirer<TKey, TAccumulator, TOut, TOps>
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
    where TOps : struct, IKeyOps<TKey>
{
    enum Stage { Refresh, Append, Emit, Evict, Turn }

    readonly StateTable<TKey, SlidingRow<TAccumulator>, TOps> _rows = new();
    readonly WindowSuffixes<TAccumulator> _suffixes = new();
    readonly List<(uint Hash, TKey Key)> _stale = [];

    Int128 _nextWindow = Int128.MinValue;
    long _from = long.MinValue;         // The panes from here
    long _turn = long.MinValue;         // through here are in front,
    long _through = long.MinValue;      // those through here in the back.

    Stage _stage;
    bool _isOpen;
    int _at;
    TableCursor _cursor;

    /// <inheritdoc/>
    public void OnLate(uint hash, TKey key, WindowPane<TKey, TAccumulator, TOps> pane)
    {
        if (pane.First < _from || pane.First > _through) return;
        ref SlidingRow<TAccumulator> row = ref _rows.GetOrAdd(hash, key, out _);
        if (row.IsStale) return;
        row.IsStale = true;
        _stale.Add((hash, key));
    }

    /// <inheritdoc/>
    public bool Fire(in WindowSpan window, OutputBuffer<TOut> output)
    {
        if (!_isOpen) Open(window);
        int rows = WindowLimits.RowsPerCallMax;
        if (_stage == Stage.Refresh && !Refresh(ref rows)) return false;
        if (_stage == Stage.Append && !Append(window, ref rows)) return false;
        if (_stage == Stage.Emit && !Emit(window.Window, output, ref rows)) return false;
        if (_stage == Stage.Evict && !Evict(ref rows)) return false;
        if (_stage == Stage.Turn && !Turn(ref rows)) return false;
        _isOpen = false;
        return true;
    }

    void Open(in WindowSpan window)
    {
        // Windows in between had no panes, so nothing of the last one is in this one: what is here came late to panes that were over.
        if (window.Number != _nextWindow) Reset(window.First);
        _nextWindow = window.Number + 1;
        _isOpen = true;
        Begin(Stage.Refresh, _stale.Count - 1);
    }

    void Reset(long from)
    {
        _rows.Clear();
        _suffixes.Clear();
        _stale.Clear();
        _from = from;
        _turn = _through = long.MinValue;
    }

    void Begin(Stage stage, int at)
    {
        _stage = stage;
        _at = at;
        _cursor = default;
    }

    bool Refresh(ref int rows)
    {
        for (; _at >= 0; _at--)
        {
            if (rows < 0) return false;
            (uint hash, TKey key) = _stale[_at];
            ref SlidingRow<TAccumulator> row = ref _rows.GetOrAdd(hash, key, out _);
            while (row.Front != 0) row.Front = _suffixes.Pop(row.Front);
            row = default;
            rows -= Rebuild(ref row, hash, key);
        }

        _stale.Clear();
        Begin(Stage.Append, panes.CountBefore(_from));
        if (_through != long.MinValue) _at = panes.CountThrough(_through);
        return true;
    }

    /// <summary>Merges a key's panes into its row.</summary>
    /// <returns>How many panes were looked at.</returns>
    int Rebuild(ref SlidingRow<TAccumulator> row, uint hash, TKey key)
    {
        int start = panes.CountBefore(_from);
        int turn = Math.Max(start, panes.CountThrough(_turn));
        int end = panes.CountThrough(_through);
        for (int i = turn - 1; i >= start; i--)
        {
            if (panes[i].Table.TryGet(hash, key, out TAccumulator? found)) PushFront(ref row, found);
        }

        for (int i = turn; i < end; i++)
        {
            if (panes[i].Table.TryGet(hash, key, out TAccumulator? found)) AddBack(ref row, found);
        }

        return end - start;
    }

    void PushFront(ref SlidingRow<TAccumulator> row, TAccumulator pane) =>
        row.Front = _suffixes.Push(row.Front == 0 ? pane : aggregate.Merge(pane, _suffixes[row.Front].Value), row.Front);

    void AddBack(ref SlidingRow<TAccumulator> row, TAccumulator pane)
    {
        row.Back = row.HasBack ? aggregate.Merge(row.Back, pane) : pane;
        row.HasBack = true;
    }

    bool Append(in WindowSpan window, ref int rows)
    {
        for (; _at < panes.Count && panes[_at].First <= window.Last; _at++, _cursor = default)
        {
            StateTable<TKey, TAccumulator, TOps> table = panes[_at].Table;
            while (table.MoveNext(ref _cursor))
            {
                ref TableSlot<TKey, TAccumulator> slot = ref table.At(_cursor);
                AddBack(ref _rows.GetOrAdd(slot.Hash, slot.Key, out _), slot.Value);
                if (--rows < 0) return false;
            }
        }

        _through = window.Last;
        Begin(Stage.Emit, 0);
        return true;
    }

    bool Emit(TimeWindow window, OutputBuffer<TOut> output, ref int rows)
    {
        Timestamp timestamp = window.MaxTimestamp;
        while (output.HasRoom && --rows >= 0)
        {
            if (!_rows.MoveNext(ref _cursor))
            {
                Begin(Stage.Evict, panes.CountBefore(_from));
                _from = slices.SpanOf(_nextWindow).First;
                return true;
            }

            ref TableSlot<TKey, SlidingRow<TAccumulator>> slot = ref _rows.At(_cursor);
            if (progress.HadFired(slot.Hash, timestamp)) continue;
            ref SlidingRow<TAccumulator> row = ref slot.Value;
            TAccumulator accumulator = row.Front == 0 ? row.Back
                : row.HasBack ? aggregate.Merge(_suffixes[row.Front].Value, row.Back) : _suffixes[row.Front].Value;
            aggregate.Emit(slot.Key, window, accumulator, new Output<TOut>(output, timestamp));
        }

        return false;
    }

    /// <summary>Takes the panes that are not in the next window off the front.</summary>
    bool Evict(ref int rows)
    {
        for (int end = panes.CountBefore(_from); _at < end; _at++, _cursor = default)
        {
            WindowPane<TKey, TAccumulator, TOps> pane = panes[_at];
            if (pane.First > _turn) return BeginTurn();
            while (pane.Table.MoveNext(ref _cursor))
            {
                ref TableSlot<TKey, TAccumulator> slot = ref pane.Table.At(_cursor);
                ref SlidingRow<TAccumulator> row = ref _rows.Find(slot.Hash, slot.Key);
                row.Front = _suffixes.Pop(row.Front);
                if (row.Front == 0 && !row.HasBack) _rows.Remove(slot.Hash, slot.Key);
                if (--rows < 0) return false;
            }
        }

        return true;
    }

    bool BeginTurn()
    {
        _rows.Clear();
        _suffixes.Clear();
        _turn = _through;
        Begin(Stage.Turn, panes.CountThrough(_through) - 1);
        return true;
    }

    /// <summary>Makes all panes the front, latest first.</summary>
    bool Turn(ref int rows)
    {
        for (int start = panes.CountBefore(_from); _at >= start; _at--, _cursor = default)
        {
            StateTable<TKey, TAccumulator, TOps> table = panes[_at].Table;
            while (table.MoveNext(ref _cursor))
            {
                ref TableSlot<TKey, TAccumulator> slot = ref table.At(_cursor);
                PushFront(ref _rows.GetOrAdd(slot.Hash, slot.Key, out _), slot.Value);
                if (--rows < 0) return false;
            }
        }

        return true;
    }
}
