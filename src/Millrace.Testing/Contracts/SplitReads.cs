namespace Millrace.Testing.Contracts;

/// <summary>Reads a source as the engine does, without an engine.</summary>
public static class SplitReads
{
    /// <summary>How long a reader may take to have something, by the clock of the machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A context of a test, as an operator named <c>test</c> has it.</summary>
    /// <param name="time">The clock; that of the machine unless given.</param>
    public static FunctionContext Context(TimeProvider? time = null) => new()
    {
        OperatorId = "test",
        Subtask = new(0, 1),
        Time = time ?? TimeProvider.System,
        Services = new NoServices(),
        Counters = new(),
    };

    /// <summary>The splits of a source.</summary>
    public static async Task<IReadOnlyList<TSplit>> DiscoverAllAsync<T, TSplit>(this ISource<T, TSplit> source, int parallelism = 1) where TSplit : ISplit
    {
        ArgumentNullException.ThrowIfNull(source);
        List<TSplit> splits = [];
        await foreach (TSplit split in source.DiscoverAsync(new(parallelism, TimeProvider.System), CancellationToken.None).ConfigureAwait(false)) splits.Add(split);
        return splits;
    }

    /// <summary>The records of one split from its position on.</summary>
    public static async Task<IReadOnlyList<T>> ReadSplitAsync<T, TSplit>(this ISource<T, TSplit> source, TSplit split, int batchRecords = 1024) where TSplit : ISplit
    {
        ArgumentNullException.ThrowIfNull(source);
        ISplitReader<T, TSplit> reader = await source.OpenAsync(split, Context(), CancellationToken.None).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            List<T> read = [];
            while (await reader.StepAsync(read, batchRecords).ConfigureAwait(false) != ReadStatus.Finished)
            {
            }

            return read;
        }
    }

    /// <summary>Reads one batch, after waiting for it where there is none at hand.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="read">Where records are added.</param>
    /// <param name="batchRecords">Room of the batch; one or more.</param>
    public static async Task<ReadStatus> StepAsync<T, TSplit>(this ISplitReader<T, TSplit> reader, ICollection<T> read, int batchRecords) where TSplit : ISplit
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(read);
        ReadStatus status = Read(reader, read, batchRecords);
        if (status == ReadStatus.Empty)
            await reader.WaitAsync(CancellationToken.None).AsTask().WaitAsync(Patience, TimeProvider.System).ConfigureAwait(false);
        return status;
    }

    /// <summary>Reads one batch of what is at hand.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="read">Where records are added.</param>
    /// <param name="batchRecords">Room of the batch; one or more.</param>
    public static ReadStatus Read<T, TSplit>(this ISplitReader<T, TSplit> reader, ICollection<T> read, int batchRecords) where TSplit : ISplit
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(read);
        T[] values = new T[batchRecords];
        BatchWriter<T> batch = new(values, new Timestamp[batchRecords]);
        ReadStatus status = reader.TryRead(ref batch);
        for (int i = 0; i < batch.Count; i++) read.Add(values[i]);
        return status;
    }

    sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => null;
    }
}
