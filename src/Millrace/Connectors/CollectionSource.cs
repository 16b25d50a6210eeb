using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace;

/// <summary>Reads collections in memory: for tests, samples and small reference data.</summary>
public static class CollectionSource
{
    /// <summary>Reads the items in their order, as one split. A bounded source that can be resumed anywhere.</summary>
    /// <param name="items">Borrowed while the job runs; must not change meanwhile, and must be the same on every node and after a restart.</param>
    /// <exception cref="ArgumentNullException"><paramref name="items"/> is null.</exception>
    public static CollectionSource<T> Of<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new(items, 1);
    }
}

/// <summary>A source over a collection in memory. Made by <see cref="CollectionSource.Of"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class CollectionSource<T> : ISource<T, CollectionSplit>
{
    readonly IReadOnlyList<T> _items;
    readonly int _splits;

    internal CollectionSource(IReadOnlyList<T> items, int splits)
    {
        _items = items;
        _splits = splits;
    }

    /// <inheritdoc/>
    /// <value>True.</value>
    public bool IsBounded => true;

    /// <inheritdoc/>
    public IEnumerable<string> Problems =>
        _splits >= 1 ? [] : [$"the collection is to be read in {_splits} splits; give one or more to InSplits"];

    /// <summary>The same source, cut into pieces of equal size that are read in parallel. Order is kept within a split only.</summary>
    /// <param name="splits">One or more; the default is one. Validated when the graph is built. Must stay the same over restarts.</param>
    public CollectionSource<T> InSplits(int splits) => new(_items, splits);

    /// <inheritdoc/>
    public async IAsyncEnumerable<CollectionSplit> DiscoverAsync(
        SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        for (int part = 0; part < _splits; part++)
            yield return new CollectionSplit(part, Boundary(part), Boundary(part + 1));
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The collection is shorter than when the split was made.</exception>
    public ValueTask<ISplitReader<T, CollectionSplit>> OpenAsync(
        CollectionSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        if (split.End > _items.Count)
        {
            throw new InvalidOperationException(
                $"The split ends at item {split.End}, but the collection of '{context.OperatorId}' has only {_items.Count} items; "
                + "give the same collection on every node and after every restart.");
        }

        return new(new CollectionSplitReader<T>(_items, split));
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"collection of {_items.Count} {typeof(T).Name}";

    int Boundary(int part) => (int)((long)_items.Count * part / _splits);
}

/// <summary>A piece of a collection.</summary>
/// <param name="Part">Which piece, from zero.</param>
/// <param name="Next">The index of the next item.</param>
/// <param name="End">The index after the last item.</param>
public sealed record CollectionSplit(int Part, int Next, int End) : ISplit
{
    /// <inheritdoc/>
    public string Id => Part.ToString(CultureInfo.InvariantCulture);
}

sealed class CollectionSplitReader<T>(IReadOnlyList<T> items, CollectionSplit split) : ISplitReader<T, CollectionSplit>
{
    int _next = split.Next;

    public CollectionSplit Position => split with { Next = _next };

    public ReadStatus TryRead(ref BatchWriter<T> batch)
    {
        int count = Math.Min(batch.Room, split.End - _next);
        switch (items)
        {
            // Bulk copies of the memory behind: a batch costs one copy, not one call per record.
            case T[] array:
                batch.AddRange(new ReadOnlySpan<T>(array, _next, count));
                break;
            case List<T> list:
                batch.AddRange(CollectionsMarshal.AsSpan(list).Slice(_next, count));
                break;
            default:
                for (int i = 0; i < count; i++) batch.Add(items[_next + i]);
                break;
        }

        _next += count;
        return _next == split.End ? ReadStatus.Finished : ReadStatus.More;
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
