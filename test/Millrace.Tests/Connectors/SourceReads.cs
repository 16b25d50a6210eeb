namespace Millrace.Tests.Connectors;

/// <summary>Drives sources and sinks as the engine does, without the engine.</summary>
static class SourceReads
{
    /// <summary>Longer than anything here takes: a test that waits for this has failed.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static FunctionContext Context(int index = 0, int parallelism = 1, TimeProvider? time = null) => new()
    {
        OperatorId = "under-test",
        Subtask = new Subtask(index, parallelism),
        Time = time ?? TimeProvider.System,
        Services = NoServices.Instance,
        Counters = new OperatorCounters(),
    };

    public static async Task<List<TSplit>> DiscoverAsync<T, TSplit>(this ISource<T, TSplit> source, int parallelism = 1) where TSplit : ISplit
    {
        List<TSplit> splits = [];
        await foreach (TSplit split in source.DiscoverAsync(new SourceContext(parallelism, TimeProvider.System), default)) splits.Add(split);
        return splits;
    }

    /// <summary>Reads a split to its end.</summary>
    public static async Task<List<T>> ReadSplitAsync<T, TSplit>(
        this ISource<T, TSplit> source, TSplit split, int batch = 7, FunctionContext? context = null, Sides<T>? sides = null) where TSplit : ISplit
    {
        List<T> records = [];
        await using ISplitReader<T, TSplit> reader = await source.OpenAsync(split, context ?? Context(), default);
        while (await StepAsync(reader, records, batch, sides) != ReadStatus.Finished)
        {
        }

        return records;
    }

    /// <summary>Reads all splits one after the other.</summary>
    public static async Task<List<T>> ReadAllAsync<T, TSplit>(
        this ISource<T, TSplit> source, int batch = 7, FunctionContext? context = null, Sides<T>? sides = null) where TSplit : ISplit
    {
        List<T> records = [];
        foreach (TSplit split in await source.DiscoverAsync()) records.AddRange(await source.ReadSplitAsync(split, batch, context, sides));
        return records;
    }

    /// <summary>One call of TryRead, and the wait after it if there was nothing.</summary>
    public static async Task<ReadStatus> StepAsync<T, TSplit>(
        ISplitReader<T, TSplit> reader, List<T> records, int batch, Sides<T>? sides = null) where TSplit : ISplit
    {
        ReadStatus status = Read(reader, records, batch, sides);
        if (status == ReadStatus.Empty) await reader.WaitAsync(default).AsTask().WaitAsync(Patience, TimeProvider.System);
        return status;
    }

    /// <summary>One call of TryRead.</summary>
    public static ReadStatus Read<T, TSplit>(ISplitReader<T, TSplit> reader, List<T> records, int batch, Sides<T>? sides = null)
        where TSplit : ISplit
    {
        T[] values = new T[batch];
        Timestamp[] timestamps = new Timestamp[batch];
        BatchWriter<T> writer = new(values, timestamps, sides?.Buffer);
        ReadStatus status = reader.TryRead(ref writer);
        records.AddRange(values.AsSpan(0, writer.Count));
        return status;
    }

    /// <summary>Writes records through a sink as one parallel instance.</summary>
    public static async Task WriteAsync<T>(this ISink<T> sink, IEnumerable<T> records, int batch = 100, FunctionContext? context = null)
    {
        await using ISinkWriter<T> writer = await sink.OpenAsync(context ?? Context(), default);
        foreach (T[] chunk in records.Chunk(batch)) await OfferAsync(writer, chunk);
        await writer.CompleteAsync(default).AsTask().WaitAsync(Patience, TimeProvider.System);
    }

    /// <summary>Offers a batch until all of it is taken.</summary>
    public static async Task OfferAsync<T>(ISinkWriter<T> writer, T[] chunk)
    {
        for (int taken = 0; taken < chunk.Length;)
        {
            taken += Offer(writer, chunk.AsSpan(taken));
            if (taken < chunk.Length) await writer.WaitAsync(default).AsTask().WaitAsync(Patience, TimeProvider.System);
        }
    }

    /// <summary>One call of TryWrite; how many records were taken.</summary>
    public static int Offer<T>(ISinkWriter<T> writer, ReadOnlySpan<T> records)
    {
        BatchReader<T> reader = new(records, default);
        writer.TryWrite(ref reader);
        return reader.Taken;
    }

    sealed class NoServices : IServiceProvider
    {
        public static readonly NoServices Instance = new();

        public object? GetService(Type serviceType) => null;
    }
}
