using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>One value per key into which others are merged, in the row of the key.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="reduce">Merges two values.</param>
public sealed class TableReducingState<TKey, T, TOps>(string name, KeyContext<TKey> context, Func<T, T, T> reduce) : ReducingState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, T, TOps> _table = new();
    bool _isFixed = true;       // Whether a value that was read cannot change.

    /// <inheritdoc/>
    public bool IsLarge => _table.IsLarge;

    /// <inheritdoc/>
    public override void Add(T value)
    {
        uint hash = context.Require(name, out TKey key);
        ref T found = ref _table.Find(hash, key);
        // Probed anew for the write: were the user's function to use state, the row could have moved. A throw leaves the row as it was.
        T merged = Unsafe.IsNullRef(ref found) ? value : reduce(found, value);
        _table.GetOrAdd(hash, key, out _) = merged;
    }

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out T value)
    {
        uint hash = context.Require(name, out TKey key);
        return _isFixed ? _table.TryGet(hash, key, out value) : _table.TryFind(hash, key, out value);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        _table.Remove(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _table.Prefetch(hash);
    }

    ISnapshotRows ISnapshotState.OpenSnapshots()
    {
        _isFixed = ValueFormat<T>.Of().IsFixed;
        return KeyedRows.OfTable(name, "reducing", _table);
    }

    /// <summary>All rows: hash, key and value, in the order of the table.</summary>
    internal IEnumerable<(uint Hash, TKey Key, T Value)> Rows() => _table.Rows();
}

/// <summary>One accumulator per key, in the row of the key.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="seed">Makes the accumulator of a key that has none.</param>
/// <param name="add">Adds a value.</param>
/// <param name="result">What is read.</param>
public sealed class TableAggregatingState<TKey, TIn, TAccumulator, TOut, TOps>(
    string name, KeyContext<TKey> context, Func<TAccumulator> seed, Func<TAccumulator, TIn, TAccumulator> add, Func<TAccumulator, TOut> result)
    : AggregatingState<TIn, TOut>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, TAccumulator, TOps> _table = new();
    bool _isFixed = true;       // Whether an accumulator that was read cannot change.

    /// <inheritdoc/>
    public bool IsLarge => _table.IsLarge;

    /// <inheritdoc/>
    public override void Add(TIn value)
    {
        uint hash = context.Require(name, out TKey key);
        ref TAccumulator found = ref _table.Find(hash, key);
        // Probed anew for the write, as in the reducing state.
        TAccumulator next = add(Unsafe.IsNullRef(ref found) ? seed() : found, value);
        _table.GetOrAdd(hash, key, out _) = next;
    }

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out TOut value)
    {
        uint hash = context.Require(name, out TKey key);
        TAccumulator? accumulator;
        bool has = _isFixed ? _table.TryGet(hash, key, out accumulator) : _table.TryFind(hash, key, out accumulator);
        value = has ? result(accumulator!) : default;
        return has;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        _table.Remove(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes)
    {
        foreach (uint hash in hashes) _table.Prefetch(hash);
    }

    ISnapshotRows ISnapshotState.OpenSnapshots()
    {
        _isFixed = ValueFormat<TAccumulator>.Of().IsFixed;
        return KeyedRows.OfTable(name, "aggregating", _table);
    }

    /// <summary>All rows: hash, key and accumulator, in the order of the table.</summary>
    internal IEnumerable<(uint Hash, TKey Key, TAccumulator Value)> Rows() => _table.Rows();
}
