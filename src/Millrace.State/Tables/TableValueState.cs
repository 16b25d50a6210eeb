using System.Diagnostics.CodeAnalysis;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>One value per key, in the row of the key. Null is a value like any other where <typeparamref name="T"/> has it.</summary>
/// <param name="name">The name it was declared with.</param>
/// <param name="context">The current key.</param>
public sealed class TableValueState<TKey, T, TOps>(string name, KeyContext<TKey> context) : ValueState<T>, IKeyedRows, ISnapshotState
    where TOps : struct, IKeyOps<TKey>
{
    readonly StateTable<TKey, T, TOps> _table = new();
    bool _isFixed = true;       // Whether a value that was read cannot change.

    /// <inheritdoc/>
    public bool IsLarge => _table.IsLarge;

    /// <summary>How many keys have a value.</summary>
    internal long RowCount => _table.Count;

    /// <inheritdoc/>
    public override bool TryGet([MaybeNullWhen(false)] out T value)
    {
        uint hash = context.Require(name, out TKey key);
        return _isFixed ? _table.TryGet(hash, key, out value) : _table.TryFind(hash, key, out value);
    }

    /// <inheritdoc/>
    public override void Set(T value)
    {
        uint hash = context.Require(name, out TKey key);
        _table.GetOrAdd(hash, key, out _) = value;
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
        return KeyedRows.OfTable(name, "value", _table);
    }

    /// <summary>All rows: hash, key and value, in the order of the table.</summary>
    internal IEnumerable<(uint Hash, TKey Key, T Value)> Rows() => _table.Rows();
}
