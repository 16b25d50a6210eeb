namespace Millrace;

/// <summary>Counts records and forgets them: for benchmarks, and for outputs that matter only by their side effects.</summary>
public static class DiscardSink
{
    /// <summary>A sink that forgets every record.</summary>
    public static DiscardSink<T> Of<T>() => new();
}

/// <summary>A sink that forgets every record. Made by <see cref="DiscardSink.Of"/>; thread-safe.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class DiscardSink<T> : ISink<T>
{
    long _count;

    internal DiscardSink()
    {
    }

    /// <summary>How many records were written, over all parallel instances and runs.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <inheritdoc/>
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(new Writer(this));

    /// <summary>For plans and logs.</summary>
    public override string ToString() => "discard";

    sealed class Writer(DiscardSink<T> sink) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch)
        {
            Interlocked.Add(ref sink._count, batch.Values.Length);
            batch.TakeAll();
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
