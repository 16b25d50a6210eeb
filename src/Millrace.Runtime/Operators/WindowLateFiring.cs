using Millrace.Engine;
using Millrace.State;

namespace Millrace.Runtime.Operators;

/// <summary>
/// What a late record causes: each window that has it and has fired already fires again for its key, at once, with the new result.
/// </summary>
sealed class WindowLateFiring<TKey, TIn, TAccumulator, TOut, TAggregate, TOps>(
    WindowSlices slices, WindowPanes<TKey, TAccumulator, TOps> panes, TAggregate aggregate)
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
    where TOps : struct, IKeyOps<TKey>
{
    readonly WindowMerging<TKey, TIn, TAccumulator, TOut, TAggregate> _merging = new(aggregate);
    readonly List<(long First, TAccumulator Accumulator)> _found = [];
    TKey _key = default!;
    Int128 _next = 1;
    Int128 _last;
    int _start;

    /// <summary>Whether windows are left to fire.</summary>
    public bool IsOpen => _next <= _last;

    /// <summary>How many windows have fired again, each for one key.</summary>
    public long Fired { get; private set; }

    /// <summary>Begins; reads the accumulators of the key in all windows concerned, once.</summary>
    /// <param name="hash">The key's hash.</param>
    /// <param name="key">The key.</param>
    /// <param name="first">The first window to fire.</param>
    /// <param name="last">The last window to fire.</param>
    public void Open(uint hash, TKey key, Int128 first, Int128 last)
    {
        (_key, _next, _last, _start) = (key, first, last, 0);
        if (!IsOpen) return;
        panes.Settle();
        int end = panes.CountThrough(slices.SpanOf(last).Last);
        for (int i = panes.CountBefore(slices.SpanOf(first).First); i < end; i++)
        {
            if (panes[i].Table.TryGet(hash, key, out TAccumulator? accumulator)) _found.Add((panes[i].First, accumulator));
        }
    }

    /// <summary>Goes on; true once nothing is left.</summary>
    public bool Emit(OutputBuffer<TOut> output)
    {
        for (; _next <= _last; _next++)
        {
            if (!output.HasRoom) return false;
            WindowSpan span = slices.SpanOf(_next);
            while (_found[_start].First < span.First) _start++;
            for (int i = _start; i < _found.Count && _found[i].First <= span.Last; i++) _merging.Add(_found[i].Accumulator);
            aggregate.Emit(_key, span.Window, _merging.Finish(), new Output<TOut>(output, span.Window.MaxTimestamp));
            Fired++;
        }

        _found.Clear();
        return true;
    }
}
