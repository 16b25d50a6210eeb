namespace Millrace;

/// <summary>Keeps all records in memory: for tests and small results. Thread-safe; one object collects from all parallel instances.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <remarks>Records of one instance keep their order; those of different instances mix. What a failed job wrote stays.</remarks>
public sealed class CollectionSink<T> : ISink<T>
{
    // Guards _items, which every instance's writer adds to.
    readonly Lock _lock = new();
    readonly List<T> _items = [];

    /// <summary>A copy of the records collected so far.</summary>
    public IReadOnlyList<T> Items
    {
        get
        {
            lock (_lock) return [.. _items];
        }
    }

    /// <summary>How many records were collected so far.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _items.Count;
        }
    }

    /// <inheritdoc/>
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(new Writer(this));

    /// <summary>For plans and logs.</summary>
    public override string ToString() => "collection";

    void Add(ReadOnlySpan<T> values)
    {
        lock (_lock) _items.AddRange(values);
    }

    sealed class Writer(CollectionSink<T> sink) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch)
        {
            sink.Add(batch.Values);
            batch.TakeAll();
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
