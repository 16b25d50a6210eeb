using System.Collections.Immutable;

namespace Millrace.Testing;

/// <summary>The writer of a transactional sink that is a model: keeps records in memory, and seals them as parts with names. Owned by one task.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="name">The beginning of the names; never used twice.</param>
/// <param name="sealing">Told of every part that is sealed, with its name.</param>
sealed class PartWriter<T>(string name, Action<ImmutableArray<T>, string> sealing) : ITransactionalWriter<T, ImmutableArray<T>>
{
    readonly List<T> _rows = [];
    int _count;

    /// <inheritdoc/>
    public void TryWrite(ref BatchReader<T> batch)
    {
        _rows.AddRange(batch.Values);
        batch.TakeAll();
    }

    /// <inheritdoc/>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public bool Seal(bool isLast, out ImmutableArray<T> part)
    {
        part = [.. _rows];
        if (_rows.Count == 0) return false;
        _rows.Clear();
        sealing(part, $"{name}-{_count++}");
        return true;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
