namespace Millrace.Runtime.Exchange;

public sealed class Batch<T>
{
    public T[] Values { get; } = new T[Limits.BatchRecordsMax];
}

public sealed class BatchPool;

public sealed class Partitioner
{
    public static Batch<Millrace.Runtime.Tasks.ChainDriver>? Leak; // planted
}
