using Millrace.Engine;
using Millrace.State;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>Emits the results of a window for all its keys, and can stop at any of them.</summary>
interface IWindowFirer<TKey, TAccumulator, TOut, TOps> where TOps : struct, IKeyOps<TKey>
{
    /// <summary>Goes on with a window. Windows are fired in order; no record is added while one is under way.</summary>
    /// <returns>Whether all of it was emitted.</returns>
    bool Fire(in WindowSpan window, OutputBuffer<TOut> output);

    /// <summary>A record of a key came to a pane after the first window with it has fired.</summary>
    void OnLate(uint hash, TKey key, WindowPane<TKey, TAccumulator, TOps> pane);
}

/// <summary>
/// Merges the panes of a window as it fires: for windows of one slice, where there is nothing to merge, and for accumulators that grow as
/// they merge, where keeping merged ones would keep every record many times.
/// </summary>
sealed class WindowDirectFirer<TKey, TIn, TAccumulator, TOut, TAggregate, TOps>(
    WindowProgress progress, WindowPanes<TKey, TAccumulator, TOps> panes, TAggregate aggregate)
    : IWindowFirer<TKey, TAccumulator, TOut, TOps>
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
    where TOps : struct, IKeyOps<TKey>
{
    readonly WindowMerging<TKey, TIn, TAccumulator, TOut, TAggregate> _merging = new(aggregate);
    bool _isOpen;
    int _start;
    int _end;
    int _at;
    TableCursor _cursor;

    /// <inheritdoc/>
    public void OnLate(uint hash, TKey key, WindowPane<TKey, TAccumulator, TOps> pane)
    {
    }

    /// <inheritdoc/>
    public bool Fire(in WindowSpan window, OutputBuffer<TOut> output)
    {
        if (!_isOpen)
        {
            _isOpen = true;
            _at = _start = panes.CountBefore(window.First);
            _end = panes.CountThrough(window.Last);
        }

        int rows = WindowLimits.RowsPerCallMax;
        for (; _at < _end; _at++, _cursor = default)
        {
            if (!FirePane(window.Window, output, ref rows)) return false;
        }

        _isOpen = false;
        return true;
    }

    /// <summary>Emits the keys of a pane that no earlier pane of the window has.</summary>
    bool FirePane(TimeWindow window, OutputBuffer<TOut> output, ref int rows)
    {
        StateTable<TKey, TAccumulator, TOps> table = panes[_at].Table;
        while (output.HasRoom && --rows >= 0)
        {
            if (!table.MoveNext(ref _cursor)) return true;
            ref TableSlot<TKey, TAccumulator> slot = ref table.At(_cursor);
            if (HasEmitted(slot.Hash, slot.Key) || progress.HadFired(slot.Hash, window.MaxTimestamp)) continue;
            TAccumulator accumulator = _at + 1 == _end ? slot.Value : MergeLater(ref slot);
            aggregate.Emit(slot.Key, window, accumulator, new Output<TOut>(output, window.MaxTimestamp));
        }

        return false;
    }

    bool HasEmitted(uint hash, TKey key)
    {
        for (int i = _start; i < _at; i++)
        {
            if (panes[i].Table.TryGet(hash, key, out _)) return true;
        }

        return false;
    }

    TAccumulator MergeLater(ref TableSlot<TKey, TAccumulator> slot)
    {
        _merging.Add(slot.Value);
        for (int i = _at + 1; i < _end; i++)
        {
            if (panes[i].Table.TryGet(slot.Hash, slot.Key, out TAccumulator? later)) _merging.Add(later);
        }

        return _merging.Finish();
    }
}
