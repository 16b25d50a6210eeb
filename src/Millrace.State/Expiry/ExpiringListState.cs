using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>A list per key whose elements are kept for a time, each for itself. Reading any of them is reading the list.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="lists">The elements.</param>
sealed class ExpiringListState<TKey, T, TOps>(string name, KeyContext<TKey> context, ExpiringLists<TKey, T, TOps> lists) : ListState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public bool IsLarge => lists.IsLarge;

    /// <inheritdoc/>
    public override int Count
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            return lists.Count(hash, key);
        }
    }

    /// <inheritdoc/>
    public override T this[int index]
    {
        get
        {
            uint hash = context.Require(name, out TKey key);
            int count = lists.Count(hash, key);
            if ((uint)index >= (uint)count) throw new ArgumentOutOfRangeException(nameof(index), index, $"the list '{name}' has {count} elements");
            return lists.At(hash, key, index);
        }
    }

    /// <inheritdoc/>
    public override void Add(T value)
    {
        uint hash = context.Require(name, out TKey key);
        lists.Add(hash, key, value);
    }

    /// <inheritdoc/>
    public override void Set(ReadOnlySpan<T> values)
    {
        uint hash = context.Require(name, out TKey key);
        lists.Remove(hash, key);
        foreach (T value in values) lists.Add(hash, key, value);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        lists.Remove(hash, key);
    }

    /// <inheritdoc/>
    public override T[] ToArray()
    {
        uint hash = context.Require(name, out TKey key);
        return lists.ToArray(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes) => lists.Prefetch(hashes);

    ISnapshotRows ISnapshotState.OpenSnapshots() => lists.Open();
}
