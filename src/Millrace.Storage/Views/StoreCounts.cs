using System.Globalization;

namespace Millrace.Storage;

/// <summary>
/// How often a store was asked for what, and how many bytes went each way. A store that knows its requests counts them: on S3 every attempt, failed
/// ones included, and every piece and part. Elsewhere a call counts as one request, whatever came of it.
/// </summary>
/// <param name="Creates">Calls of <see cref="IObjectStore.CreateAsync"/>.</param>
/// <param name="Puts">Calls of <see cref="IObjectStore.PutAsync"/>.</param>
/// <param name="Gets">Calls of <see cref="IObjectStore.TryGetAsync"/>.</param>
/// <param name="Reads">Calls of <see cref="IObjectStore.ReadAsync"/>.</param>
/// <param name="Lengths">Calls of <see cref="IObjectStore.TryGetLengthAsync"/>.</param>
/// <param name="Uploads">Calls of <see cref="IObjectStore.BeginUploadAsync"/>; on S3 what sends an upload at once, begins, completes or aborts it.</param>
/// <param name="Deletes">Calls of <see cref="IObjectStore.DeleteAsync"/>.</param>
/// <param name="Lists">Calls of <see cref="IListableStore.ListAsync"/>.</param>
/// <param name="BytesWritten">Bytes given to creates, puts and uploads.</param>
/// <param name="BytesRead">Bytes received from gets and reads.</param>
public sealed record StoreCounts(
    long Creates, long Puts, long Gets, long Reads, long Lengths, long Uploads, long Deletes, long Lists, long BytesWritten, long BytesRead)
{
    /// <summary>Nothing.</summary>
    public static StoreCounts None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>Parts of uploads that were sent in parts: none but on S3, for uploads above 16 MiB.</summary>
    public long Parts { get; init; }

    /// <summary>All requests.</summary>
    public long Calls => Creates + Puts + Gets + Reads + Lengths + Uploads + Parts + Deletes + Lists;

    /// <summary>Both together.</summary>
    public static StoreCounts operator +(StoreCounts one, StoreCounts other) => new(
        one.Creates + other.Creates, one.Puts + other.Puts, one.Gets + other.Gets, one.Reads + other.Reads, one.Lengths + other.Lengths,
        one.Uploads + other.Uploads, one.Deletes + other.Deletes, one.Lists + other.Lists,
        one.BytesWritten + other.BytesWritten, one.BytesRead + other.BytesRead)
    {
        Parts = one.Parts + other.Parts,
    };

    /// <summary>What came since earlier counts of the same store.</summary>
    /// <param name="now">The later counts.</param>
    /// <param name="then">The earlier ones.</param>
    public static StoreCounts operator -(StoreCounts now, StoreCounts then) => new(
        now.Creates - then.Creates, now.Puts - then.Puts, now.Gets - then.Gets, now.Reads - then.Reads, now.Lengths - then.Lengths,
        now.Uploads - then.Uploads, now.Deletes - then.Deletes, now.Lists - then.Lists,
        now.BytesWritten - then.BytesWritten, now.BytesRead - then.BytesRead)
    {
        Parts = now.Parts - then.Parts,
    };

    /// <summary>The requests in words, those that were sent: <c>2 create, 1 get, 1 upload</c>; <c>none</c> when there were none.</summary>
    public string InWords
    {
        get
        {
            (long Count, string Verb)[] all =
            [
                (Creates, "create"), (Puts, "put"), (Uploads, "upload"), (Parts, "part"), (Gets, "get"), (Reads, "read"), (Lengths, "length"), (Deletes, "delete"), (Lists, "list"),
            ];
            string text = string.Join(", ", all.Where(static v => v.Count > 0).Select(static v => string.Create(CultureInfo.InvariantCulture, $"{v.Count:N0} {v.Verb}")));
            return text.Length > 0 ? text : "none";
        }
    }
}
