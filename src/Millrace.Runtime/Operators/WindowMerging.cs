using System.Runtime.CompilerServices;
using Millrace.Engine;

namespace Millrace.Runtime.Operators;

/// <summary>Collects accumulators of one key, earliest first, and merges them. Owned by one operator.</summary>
sealed class WindowMerging<TKey, TIn, TAccumulator, TOut, TAggregate>(TAggregate aggregate)
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
{
    TAccumulator[] _items = new TAccumulator[8];
    int _count;

    /// <summary>Adds the next accumulator.</summary>
    public void Add(TAccumulator accumulator)
    {
        if (_count == _items.Length) Array.Resize(ref _items, _count * 2);
        _items[_count++] = accumulator;
    }

    /// <summary>Merges what was added, at least one, and forgets it.</summary>
    public TAccumulator Finish()
    {
        // Neighbours in pairs, then pairs of pairs: lists are copied as often as their number has digits, not as often as there are lists.
        TAccumulator[] items = _items;
        for (int count = _count; count > 1; count = (count + 1) >> 1)
        {
            for (int i = 0; i + 1 < count; i += 2) items[i >> 1] = aggregate.Merge(items[i], items[i + 1]);
            if ((count & 1) != 0) items[count >> 1] = items[count - 1];
        }

        TAccumulator merged = items[0];
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TAccumulator>()) Array.Clear(items, 0, _count);
        _count = 0;
        return merged;
    }
}
