using System.Runtime.CompilerServices;
using Millrace.State;

namespace Millrace.Runtime.Operators;

/// <summary>One entry of a key's stack: what its accumulators amount to from one pane on.</summary>
struct WindowSuffix<TAccumulator>
{
    /// <summary>The merged accumulator.</summary>
    public TAccumulator Value;

    /// <summary>The entry of the key's next later pane; zero for none.</summary>
    public int Next;
}

/// <summary>The stacks of all keys, as linked entries in one pool, so that a stack costs as much as the key has panes.</summary>
sealed class WindowSuffixes<TAccumulator>
{
    const int BlockEntries = 1 << WindowLimits.SuffixBlockBits;

    WindowSuffix<TAccumulator>[][] _blocks = [new WindowSuffix<TAccumulator>[BlockEntries]];
    int _blockCount = 1;
    int _used = 1;          // Entry zero is the end of every stack.
    int _free;

    /// <summary>An entry. Valid until it is freed.</summary>
    public ref WindowSuffix<TAccumulator> this[int entry]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref _blocks[entry >> WindowLimits.SuffixBlockBits][entry & (BlockEntries - 1)];
    }

    /// <summary>Puts an entry on a stack.</summary>
    /// <returns>The new top.</returns>
    public int Push(TAccumulator value, int next)
    {
        int entry = _free;
        if (entry != 0) _free = this[entry].Next;
        else
        {
            entry = _used++;
            if (entry >> WindowLimits.SuffixBlockBits == _blockCount) AddBlock();
        }

        ref WindowSuffix<TAccumulator> suffix = ref this[entry];
        suffix.Value = value;
        suffix.Next = next;
        return entry;
    }

    /// <summary>Takes an entry off its stack.</summary>
    /// <returns>The new top.</returns>
    public int Pop(int entry)
    {
        ref WindowSuffix<TAccumulator> suffix = ref this[entry];
        int next = suffix.Next;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TAccumulator>()) suffix.Value = default!;
        suffix.Next = _free;
        _free = entry;
        return next;
    }

    /// <summary>Forgets all stacks. Entries not taken off before keep what they hold until they are used again.</summary>
    public void Clear()
    {
        _used = 1;
        _free = 0;
    }

    void AddBlock()
    {
        Invariant.That(_used > 0, "a task holds fewer than two thousand million accumulators");
        if (_blockCount == _blocks.Length) Array.Resize(ref _blocks, _blockCount * 2);
        _blocks[_blockCount++] = new WindowSuffix<TAccumulator>[BlockEntries];
    }
}
