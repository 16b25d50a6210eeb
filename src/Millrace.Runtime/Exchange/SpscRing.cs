using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Millrace.Runtime.Exchange;

/// <summary>A bounded queue from one thread to one other at a time (Lamport 1983). The two counts sit on cache lines of their own.</summary>
/// <typeparam name="T">The item type.</typeparam>
/// <param name="capacity">A power of two.</param>
sealed class SpscRing<T>(int capacity) where T : class
{
    readonly T?[] _items = new T?[capacity];
    PaddedCount _added;
    PaddedCount _taken;

    public bool TryAdd(T item)
    {
        long added = _added.Value;
        if (added - Volatile.Read(ref _taken.Value) == _items.Length) return false;
        _items[added & (_items.Length - 1)] = item;
        Volatile.Write(ref _added.Value, added + 1);
        return true;
    }

    public bool TryTake([NotNullWhen(true)] out T? item)
    {
        long taken = _taken.Value;
        if (taken == Volatile.Read(ref _added.Value))
        {
            item = null;
            return false;
        }

        ref T? slot = ref _items[taken & (_items.Length - 1)];
        item = slot!;
        slot = null;
        Volatile.Write(ref _taken.Value, taken + 1);
        return true;
    }
}

/// <summary>A count on a cache line of its own, so that the two sides of a queue do not slow each other down.</summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
struct PaddedCount
{
    [FieldOffset(64)]
    public long Value;
}
