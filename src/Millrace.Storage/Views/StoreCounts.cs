namespace Millrace.Storage;

/// <summary>How often a store was asked for what, and how many bytes went each way. Failed calls count too.</summary>
/// <param name="Creates">Calls of <see cref="IObjectStore.CreateAsync"/>.</param>
/// <param name="Puts">Calls of <see cref="IObjectStore.PutAsync"/>.</param>
/// <param name="Gets">Calls of <see cref="IObjectStore.TryGetAsync"/>.</param>
/// <param name="Reads">Calls of <see cref="IObjectStore.ReadAsync"/>.</param>
/// <param name="Lengths">Calls of <see cref="IObjectStore.TryGetLengthAsync"/>.</param>
/// <param name="Uploads">Calls of <see cref="IObjectStore.BeginUploadAsync"/>; the writes of an upload are not counted, its bytes are.</param>
/// <param name="Deletes">Calls of <see cref="IObjectStore.DeleteAsync"/>.</param>
/// <param name="Lists">Calls of <see cref="IListableStore.ListAsync"/>.</param>
/// <param name="BytesWritten">Bytes given to creates, puts and uploads.</param>
/// <param name="BytesRead">Bytes received from gets and reads.</param>
public sealed record StoreCounts(
    long Creates, long Puts, long Gets, long Reads, long Lengths, long Uploads, long Deletes, long Lists, long BytesWritten, long BytesRead)
{
    /// <summary>All calls.</summary>
    public long Calls => Creates + Puts + Gets + Reads + Lengths + Uploads + Deletes + Lists;

    /// <summary>What came since earlier counts of the same store.</summary>
    /// <param name="now">The later counts.</param>
    /// <param name="then">The earlier ones.</param>
    public static StoreCounts operator -(StoreCounts now, StoreCounts then) => new(
        now.Creates - then.Creates, now.Puts - then.Puts, now.Gets - then.Gets, now.Reads - then.Reads, now.Lengths - then.Lengths,
        now.Uploads - then.Uploads, now.Deletes - then.Deletes, now.Lists - then.Lists,
        now.BytesWritten - then.BytesWritten, now.BytesRead - then.BytesRead);
}
