namespace Millrace.Storage;

/// <summary>
/// Counts what is asked of a store on behalf of something: a checkpoint, a job. Hand it to whoever does the work, as
/// <see cref="StoreViews.Metered(IObjectStore, StoreMeter)"/>. Thread-safe; each number is exact.
/// </summary>
public sealed class StoreMeter
{
    readonly long[] _requests = new long[Enum.GetValues<StoreRequest>().Length];
    long _bytesWritten, _bytesRead;

    /// <summary>The counts so far. Between one number and the next more may have been counted.</summary>
    public StoreCounts Counts => new(
        Of(StoreRequest.Create), Of(StoreRequest.Put), Of(StoreRequest.Get), Of(StoreRequest.Read), Of(StoreRequest.Length), Of(StoreRequest.Upload), Of(StoreRequest.Delete),
        Of(StoreRequest.List), Volatile.Read(ref _bytesWritten), Volatile.Read(ref _bytesRead))
    {
        Parts = Of(StoreRequest.Part),
    };

    /// <summary>Counts a request that is about to be sent.</summary>
    /// <param name="request">What it asks.</param>
    /// <param name="bytes">The bytes of content that it carries to the store.</param>
    public void Sent(StoreRequest request, long bytes = 0)
    {
        Interlocked.Increment(ref _requests[(int)request]);
        if (bytes > 0) Wrote(bytes);
    }

    /// <summary>Counts bytes that go to the store with a request counted before or after.</summary>
    public void Wrote(long bytes) => Interlocked.Add(ref _bytesWritten, bytes);

    /// <summary>Counts bytes that came from the store.</summary>
    public void Received(long bytes) => Interlocked.Add(ref _bytesRead, bytes);

    long Of(StoreRequest request) => Volatile.Read(ref _requests[(int)request]);
}

/// <summary>A store that knows better than its callers what is sent for a call: repetitions, pieces, parts.</summary>
public interface IMeteredStore : IListableStore
{
    /// <summary>The same store, with its requests counted one by one in another meter besides. Disposing of it does nothing; the store must outlive it.</summary>
    /// <param name="meter">Counts from now on.</param>
    IMeteredStore Metered(StoreMeter meter);
}
