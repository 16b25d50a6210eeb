namespace Millrace.Storage;

/// <summary>
/// Named, immutable byte strings: the whole of what snapshots and the ledger need of a bucket. Keys are relative to the store's root:
/// parts of letters, digits, <c>. _ -</c>, separated by <c>/</c>. Thread-safe. A 404 is always the truth of the moment, never cached.
/// There is no listing here on purpose: only <see cref="IListableStore"/> lists, and only the offline collection of garbage asks for it.
/// </summary>
public interface IObjectStore : IAsyncDisposable
{
    /// <summary>The root, for people and logs: <c>file:///var/millrace</c>, <c>s3://bucket/prefix</c>. Never with credentials.</summary>
    string Address { get; }

    /// <summary>Creates an object unless the key has one: of any number of callers at most one is told <see cref="CreateOutcome.Created"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="content">All of it. Borrowed until completion.</param>
    /// <param name="cancellationToken">After cancellation the outcome is unknown.</param>
    /// <returns>What is known. One attempt, never repeated by the store: a repetition could find its own first attempt.</returns>
    /// <exception cref="StoreUnavailableException">
    /// The store refuses for a reason that asking again does not mend: no permission, no bucket, a full disk.
    /// <see cref="StoreUnavailableException.IsUnchanged"/> says whether it is certain that this attempt made no object.
    /// </exception>
    ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Replaces an object, for hints that may be stale or lost. Durable when it completes.</summary>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Reads a whole object; null when there is none.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried: nothing is known.</exception>
    ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken);

    /// <summary>Reads a range, all of it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="destination">Filled completely.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ObjectMissingException">There is no object, or it ends before the range does.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken);

    /// <summary>The length of an object in bytes; null when there is none.</summary>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken);

    /// <summary>Begins an object of unknown, possibly great length under a key that is never used twice.</summary>
    /// <param name="key">A key nobody else writes: it carries the attempt and a nonce.</param>
    /// <param name="cancellationToken">Cancels the beginning.</param>
    ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Deletes an object; deleting none is success. Durable when it completes.</summary>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    ValueTask DeleteAsync(string key, CancellationToken cancellationToken);
}

/// <summary>An object being written in pieces. Nothing is visible before <see cref="CompleteAsync"/>. One call at a time.</summary>
public interface IObjectUpload : IAsyncDisposable
{
    /// <summary>Adds bytes.</summary>
    /// <param name="content">Borrowed until completion.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried.</exception>
    ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Makes the object visible, whole and durable. Not calling it before disposal leaves no object.</summary>
    /// <exception cref="ObjectExistsException">The key has an object, which is left alone.</exception>
    /// <exception cref="StoreUnavailableException">The store refused for longer than it is retried; whether the object exists is unknown.</exception>
    ValueTask CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>A store that can tell what it holds. Asked only by the offline collection of garbage.</summary>
public interface IListableStore : IObjectStore
{
    /// <summary>The objects whose keys begin with a prefix, in no particular order.</summary>
    IAsyncEnumerable<StoredObject> ListAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>An object as a listing shows it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Length">Bytes.</param>
/// <param name="ModifiedAt">When it was written, by the store's clock.</param>
public sealed record StoredObject(string Key, long Length, DateTimeOffset ModifiedAt);

/// <summary>What is known of an attempt to create an object.</summary>
public enum CreateOutcome
{
    /// <summary>No answer, or one that settles nothing (S3's 409): the object may exist, now or later, with these bytes or others.</summary>
    Unknown,

    /// <summary>The object exists with the given bytes, durably, and this call made it.</summary>
    Created,

    /// <summary>The key had an object already: perhaps from an earlier attempt of the caller's own that remained unanswered.</summary>
    Exists,
}

/// <summary>A store refused or did not answer for longer than it is retried.</summary>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>What was tried, and what came of it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="doing">What was tried, with the key: <c>reading ledger/3/0</c>.</param>
    /// <param name="why">What the store said.</param>
    /// <param name="cause">The last failure.</param>
    public StoreUnavailableException(string store, string doing, string why, Exception? cause = null)
        : base($"{store} is not available for {doing}: {why}", cause)
    {
    }

    /// <summary>The same again, from somewhere else.</summary>
    internal StoreUnavailableException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>True when it is certain that the failed call changed nothing, now or later. False when it may have.</summary>
    public bool IsUnchanged { get; init; }
}

/// <summary>An object that should be there is not, or is shorter than it should be.</summary>
/// <param name="store">The store.</param>
/// <param name="key">The key.</param>
/// <param name="what">What is wrong: <c>does not exist</c>, <c>ends at byte 100, before 140</c>.</param>
public sealed class ObjectMissingException(string store, string key, string what) : Exception($"{key} in {store} {what}")
{
    /// <summary>The key.</summary>
    public string Key => key;

    /// <summary>What is wrong, as the rest of a sentence that begins with the object.</summary>
    public string What => what;
}

/// <summary>A key that was meant to be new has an object.</summary>
/// <param name="store">The store.</param>
/// <param name="key">The key.</param>
public sealed class ObjectExistsException(string store, string key) : Exception($"{key} in {store} exists already, though its name should be new");
