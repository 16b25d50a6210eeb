using System.Diagnostics.CodeAnalysis;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.State.Expiry;

/// <summary>One value per key, kept for a time.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="rows">The values.</param>
sealed class ExpiringValueState<TKey, T, TOps>(string name, KeyContext<TKey> context, ExpiringRows<TKey, T, TOps> rows) : ValueState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public bool IsLarge => rows.IsLarge;

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out T value)
    {
        uint hash = context.Require(name, out TKey key);
        return rows.TryGet(hash, key, out value);
    }

    /// <inheritdoc/>
    public override void Set(T value)
    {
        uint hash = context.Require(name, out TKey key);
        rows.Set(hash, key, value);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        rows.Remove(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes) => rows.Prefetch(hashes);

    ISnapshotRows ISnapshotState.OpenSnapshots() => rows.Open("value");
}

/// <summary>One value per key into which others are merged, kept for a time: what is added after that begins anew.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="rows">The values.</param>
/// <param name="reduce">Merges two values.</param>
sealed class ExpiringReducingState<TKey, T, TOps>(string name, KeyContext<TKey> context, ExpiringRows<TKey, T, TOps> rows, Func<T, T, T> reduce)
    : ReducingState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public bool IsLarge => rows.IsLarge;

    /// <inheritdoc/>
    public override void Add(T value)
    {
        uint hash = context.Require(name, out TKey key);
        // A throw leaves the row as it was.
        rows.Set(hash, key, rows.TryTake(hash, key, out T? found) ? reduce(found, value) : value);
    }

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out T value)
    {
        uint hash = context.Require(name, out TKey key);
        return rows.TryGet(hash, key, out value);
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        rows.Remove(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes) => rows.Prefetch(hashes);

    ISnapshotRows ISnapshotState.OpenSnapshots() => rows.Open("reducing");
}

/// <summary>One accumulator per key, kept for a time: what is added after that begins a new one.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
/// <param name="rows">The accumulators.</param>
/// <param name="seed">Makes the accumulator of a key that has none.</param>
/// <param name="add">Adds a value.</param>
/// <param name="result">What is read.</param>
sealed class ExpiringAggregatingState<TKey, TIn, TAccumulator, TOut, TOps>(
    string name, KeyContext<TKey> context, ExpiringRows<TKey, TAccumulator, TOps> rows,
    Func<TAccumulator> seed, Func<TAccumulator, TIn, TAccumulator> add, Func<TAccumulator, TOut> result)
    : AggregatingState<TIn, TOut>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    /// <inheritdoc/>
    public bool IsLarge => rows.IsLarge;

    /// <inheritdoc/>
    public override void Add(TIn value)
    {
        uint hash = context.Require(name, out TKey key);
        rows.Set(hash, key, add(rows.TryTake(hash, key, out TAccumulator? found) ? found : seed(), value));
    }

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out TOut value)
    {
        uint hash = context.Require(name, out TKey key);
        bool has = rows.TryGet(hash, key, out TAccumulator? accumulator);
        value = has ? result(accumulator!) : default;
        return has;
    }

    /// <inheritdoc/>
    public override void Clear()
    {
        uint hash = context.Require(name, out TKey key);
        rows.Remove(hash, key);
    }

    /// <inheritdoc/>
    public void Prefetch(ReadOnlySpan<uint> hashes) => rows.Prefetch(hashes);

    ISnapshotRows ISnapshotState.OpenSnapshots() => rows.Open("aggregating");
}
