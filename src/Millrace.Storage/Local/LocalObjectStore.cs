using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Millrace.Storage;

/// <summary>
/// Objects as files of a folder, a key's parts as folders in it. Crash-safe: an object is flushed under a hidden name first, then named
/// without overwriting, then its folder is flushed; of any number of creators in any number of processes one wins. Thread-safe.
/// </summary>
/// <remarks>
/// <para>The folder may be copied, moved and read with ordinary tools. It is made when the first object is written. It must be on a file system with hard
/// links that all processes see alike: a local disk, or NFS of version 4; names must differ by case.</para>
/// <para>A crash can leave hidden files (<c>.new-</c> and 32 digits). They are no objects: no call sees them but <see cref="ListHiddenAsync"/>, by which
/// the offline collection of garbage finds them, and <see cref="DeleteHiddenAsync"/>, by which it removes those that are old.</para>
/// <para>Calls run on the store's own threads and never on the caller's.</para>
/// </remarks>
public sealed class LocalObjectStore : IListableStore
{
    /// <summary>How many calls wait for the disk at the same time.</summary>
    public const int ThreadsMax = 8;

    readonly string _root;
    readonly LocalFiles _files;
    readonly IoThreads _threads = new("Millrace disk", ThreadsMax);

    /// <summary>A store in a folder. Touches nothing yet.</summary>
    /// <param name="folder">An absolute path.</param>
    /// <param name="nonces">The names of hidden files. Processes that share the folder should not share a seed.</param>
    /// <exception cref="ArgumentException">The path is not absolute.</exception>
    public LocalObjectStore(string folder, NonceSource nonces)
    {
        if (!Path.IsPathFullyQualified(folder)) throw new ArgumentException($"The folder '{folder}' of a store must be an absolute path.", nameof(folder));
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        _files = new(_root, nonces);
        Address = new Uri(_root).AbsoluteUri;
    }

    /// <inheritdoc/>
    public string Address { get; }

    /// <inheritdoc/>
    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return RunAsync($"creating {key}", () => Create(_files.PathOf(key), content.Span), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return DoAsync($"writing {key}", () =>
        {
            string path = _files.PathOf(key);
            using HiddenFile hidden = _files.BeginHidden(path);
            hidden.Append(content.Span);
            hidden.Flush();
            LocalFiles.Replace(hidden, path);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return RunAsync($"reading {key}", () => Get(key), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        ObjectKey.ValidateRange(key, offset);
        return DoAsync($"reading {key}", () =>
        {
            using SafeFileHandle file = LocalFiles.TryOpen(_files.PathOf(key)) ?? throw new ObjectMissingException(Address, key, "does not exist");
            Fill(key, file, offset, destination.Span);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return RunAsync<long?>($"measuring {key}", () =>
        {
            using SafeFileHandle? file = LocalFiles.TryOpen(_files.PathOf(key));
            return file is null ? null : RandomAccess.GetLength(file);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        string path = _files.PathOf(key);
        HiddenFile hidden = await RunAsync($"beginning {key}", () => _files.BeginHidden(path), cancellationToken).ConfigureAwait(false);
        return new LocalUpload(this, key, path, hidden);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellationToken)
    {
        ObjectKey.Validate(key);
        return DoAsync($"deleting {key}", () => _files.Delete(_files.PathOf(key)), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ObjectKey.ValidatePrefix(prefix);
        foreach (StoredObject found in await RunAsync($"listing {prefix}", () => LocalListing.Objects(_root, prefix), cancellationToken).ConfigureAwait(false))
            yield return found;
    }

    /// <summary>The hidden files that are being written or that crashes left: path below the root, length and time of the last write.</summary>
    /// <param name="cancellationToken">Cancels.</param>
    public ValueTask<IReadOnlyList<StoredObject>> ListHiddenAsync(CancellationToken cancellationToken) =>
        RunAsync<IReadOnlyList<StoredObject>>("listing hidden files", () => LocalListing.Hidden(_root), cancellationToken);

    /// <summary>Removes a hidden file. Whoever still writes it fails then, so only what is old should go.</summary>
    /// <param name="hidden">As <see cref="ListHiddenAsync"/> named it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">It is no hidden file.</exception>
    public ValueTask DeleteHiddenAsync(StoredObject hidden, CancellationToken cancellationToken)
    {
        if (!LocalListing.IsHidden(hidden.Key)) throw new ArgumentException($"'{hidden.Key}' is no hidden file of a store.", nameof(hidden));
        return DoAsync($"deleting {hidden.Key}", () => _files.Delete(_files.PathOf(hidden.Key)), cancellationToken);
    }

    /// <summary>Finishes the calls that are under way, then ends the threads.</summary>
    public ValueTask DisposeAsync() => _threads.DisposeAsync();

    /// <summary>Runs blocking work on the store's threads and names its failures.</summary>
    internal async ValueTask<T> RunAsync<T>(string doing, Func<T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await _threads.RunAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw LocalErrors.Unavailable(Address, _root, doing, e);
        }
    }

    internal async ValueTask DoAsync(string doing, Action work, CancellationToken cancellationToken) =>
        await RunAsync(doing, () => { work(); return true; }, cancellationToken).ConfigureAwait(false);

    CreateOutcome Create(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            // Whoever finds the name taken need write nothing.
            if (LocalFiles.IsThere(path)) return CreateOutcome.Exists;

            using HiddenFile hidden = _files.BeginHidden(path);
            hidden.Append(content);
            hidden.Flush();
            return LocalFiles.TryPublish(hidden, path) ? CreateOutcome.Created : CreateOutcome.Exists;
        }
        catch (NameNotDurableException)
        {
            return CreateOutcome.Unknown;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NotCreatedException(e);
        }
    }

    byte[]? Get(string key)
    {
        using SafeFileHandle? file = LocalFiles.TryOpen(_files.PathOf(key));
        if (file is null) return null;
        long length = RandomAccess.GetLength(file);
        if (length > Array.MaxLength) throw new IOException($"{key} has {length} bytes, too many to be read whole; read ranges of it");
        byte[] content = new byte[length];
        Fill(key, file, 0, content);
        return content;
    }

    void Fill(string key, SafeFileHandle file, long offset, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            int read = RandomAccess.Read(file, destination[done..], offset + done);
            if (read == 0) throw new ObjectMissingException(Address, key, $"ends at byte {RandomAccess.GetLength(file)}, before {offset + destination.Length}");
            done += read;
        }
    }
}
