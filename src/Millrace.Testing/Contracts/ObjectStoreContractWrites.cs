using Millrace.Storage;

namespace Millrace.Testing.Contracts;

public abstract partial class ObjectStoreContract
{
    // More than 16 MiB, above which a store may work in parts, and no multiple of anything.
    const int LongBytes = (33 << 20) + 4_321;

    /// <summary>Ranges are read exactly, short and long ones; a range beyond the end is an error, never short or padded.</summary>
    public Task CheckRangesAsync() => WithStoreAsync(async (store, folder) =>
    {
        string key = $"{folder}/ranges";
        byte[] content = Bytes(LongBytes, 3);
        await UploadAsync(store, key, [content]).ConfigureAwait(false);
        foreach ((int offset, int count) in ((int, int)[])[(0, 0), (0, 1), (1, 70_000), (LongBytes - 1, 1), (5, 20 << 20), (0, LongBytes)])
        {
            byte[] part = new byte[count];
            await store.ReadAsync(key, offset, part, CancellationToken.None).ConfigureAwait(false);
            Require(part.AsSpan().SequenceEqual(content.AsSpan(offset, count)), $"reading {count} bytes from {offset} must give those bytes");
        }

        await RequireContentAsync(store, key, content, "read whole").ConfigureAwait(false);
        foreach ((long offset, int count) in ((long, int)[])[(LongBytes, 1), (LongBytes - 1, 2), (LongBytes + 100L, 5), (10, LongBytes)])
            await ThrowsAsync<ObjectMissingException>(
                () => store.ReadAsync(key, offset, new byte[count], CancellationToken.None), $"reading {count} bytes from {offset} of {LongBytes}").ConfigureAwait(false);
        await RequireCreatedAsync(store, $"{folder}/empty", []).ConfigureAwait(false);
        await ThrowsAsync<ObjectMissingException>(
            () => store.ReadAsync($"{folder}/empty", 0, new byte[1], CancellationToken.None), "reading a byte of an empty object").ConfigureAwait(false);
    });

    /// <summary>A replacement makes or replaces an object, whatever their lengths.</summary>
    public Task CheckReplaceAsync() => WithStoreAsync(async (store, folder) =>
    {
        foreach (int length in (int[])[10, 100_000, 0, 5])
        {
            await store.PutAsync($"{folder}/hint", Bytes(length, length), CancellationToken.None).ConfigureAwait(false);
            await RequireContentAsync(store, $"{folder}/hint", Bytes(length, length), "after it was replaced").ConfigureAwait(false);
        }
    });

    /// <summary>Who reads while an object is replaced sees one version, whole.</summary>
    public Task CheckReplaceIsAtomicAsync() => WithStoreAsync(async (store, folder) =>
    {
        const int Versions = 30;
        string key = $"{folder}/hint";
        await store.PutAsync(key, Bytes(50_000, 0), CancellationToken.None).ConfigureAwait(false);
        async Task ReplaceAsync()
        {
            for (int version = 1; version <= Versions; version++)
                await store.PutAsync(key, Bytes(50_000 + version, version), CancellationToken.None).ConfigureAwait(false);
        }

        Task replaced = ReplaceAsync();
        do
        {
            byte[]? found = await store.TryGetAsync(key, CancellationToken.None).ConfigureAwait(false);
            Require(found is not null, "an object must be there while it is replaced");
            int version = found!.Length - 50_000;
            Require(version is >= 0 and <= Versions && found.AsSpan().SequenceEqual(Bytes(found.Length, version)), "who reads while an object is replaced must see one version, whole");
        }
        while (!replaced.IsCompleted);
        await replaced.ConfigureAwait(false);
    });

    /// <summary>What is deleted is gone, for every way to ask, and its key can be used again; its neighbours stay.</summary>
    public Task CheckDeleteAsync() => WithStoreAsync(async (store, folder) =>
    {
        await RequireCreatedAsync(store, $"{folder}/deep/er/doomed", Bytes(10, 1)).ConfigureAwait(false);
        await RequireCreatedAsync(store, $"{folder}/deep/neighbour", Bytes(10, 2)).ConfigureAwait(false);
        for (int i = 0; i < 2; i++)
        {
            await store.DeleteAsync($"{folder}/deep/er/doomed", CancellationToken.None).ConfigureAwait(false);
            Require(await store.TryGetAsync($"{folder}/deep/er/doomed", CancellationToken.None).ConfigureAwait(false) is null, "a deleted object must be read as null");
            Require(await store.TryGetLengthAsync($"{folder}/deep/er/doomed", CancellationToken.None).ConfigureAwait(false) is null, "the length of a deleted object must be null");
        }

        await RequireContentAsync(store, $"{folder}/deep/neighbour", Bytes(10, 2), "after its neighbour was deleted").ConfigureAwait(false);
        await RequireCreatedAsync(store, $"{folder}/deep/er/doomed", Bytes(20, 3)).ConfigureAwait(false);
        await RequireContentAsync(store, $"{folder}/deep/er/doomed", Bytes(20, 3), "after it was deleted and created again").ConfigureAwait(false);
    });

    /// <summary>An upload, of any length and in any pieces, is invisible until it is complete and whole from then on.</summary>
    public Task CheckUploadAsync() => WithStoreAsync(async (store, folder) =>
    {
        foreach (int length in (int[])[0, 1, 1 << 20, 16 << 20, LongBytes])
        {
            string key = $"{folder}/u{length}";
            byte[] content = Bytes(length, 4);
            IObjectUpload upload = await store.BeginUploadAsync(key, CancellationToken.None).ConfigureAwait(false);
            await using (upload.ConfigureAwait(false))
            {
                for (int done = 0, piece = 1; done < length; done += piece, piece = Math.Min((piece * 3) + 1, 5_000_011))
                    await upload.WriteAsync(content.AsMemory(done, Math.Min(piece, length - done)), CancellationToken.None).ConfigureAwait(false);
                Require(await store.TryGetLengthAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "an upload must be invisible until it is complete");
                await upload.CompleteAsync(CancellationToken.None).ConfigureAwait(false);
            }

            await RequireContentAsync(store, key, content, "after its upload was complete").ConfigureAwait(false);
        }
    });

    /// <summary>An upload that is left makes no object and leaves its key free; after that it can be neither written nor completed.</summary>
    public Task CheckUploadLeftAsync() => WithStoreAsync(async (store, folder) =>
    {
        foreach (int length in (int[])[100, LongBytes])
        {
            string key = $"{folder}/left{length}";
            IObjectUpload upload = await store.BeginUploadAsync(key, CancellationToken.None).ConfigureAwait(false);
            await upload.WriteAsync(Bytes(length, 5), CancellationToken.None).ConfigureAwait(false);
            await upload.DisposeAsync().ConfigureAwait(false);
            await ThrowsAsync<ObjectDisposedException>(() => upload.CompleteAsync(CancellationToken.None), "completing an upload that was left").ConfigureAwait(false);
            await ThrowsAsync<ObjectDisposedException>(() => upload.WriteAsync(Bytes(1, 5), CancellationToken.None), "writing to an upload that was left").ConfigureAwait(false);
            Require(await store.TryGetLengthAsync(key, CancellationToken.None).ConfigureAwait(false) is null, "an upload that was left must make no object");
            await RequireCreatedAsync(store, key, Bytes(7, 6)).ConfigureAwait(false);
        }
    });

    /// <summary>Completing an upload under a key that has an object fails and leaves that alone, also when it came while uploading.</summary>
    public Task CheckUploadOverAsync() => WithStoreAsync(async (store, folder) =>
    {
        foreach (int length in (int[])[100, LongBytes])
        {
            string key = $"{folder}/over{length}";
            IObjectUpload upload = await store.BeginUploadAsync(key, CancellationToken.None).ConfigureAwait(false);
            await using (upload.ConfigureAwait(false))
            {
                await upload.WriteAsync(Bytes(length, 7), CancellationToken.None).ConfigureAwait(false);
                await RequireCreatedAsync(store, key, Bytes(9, 8)).ConfigureAwait(false);
                await ThrowsAsync<ObjectExistsException>(() => upload.CompleteAsync(CancellationToken.None), "completing an upload over an object").ConfigureAwait(false);
            }

            await RequireContentAsync(store, key, Bytes(9, 8), "after an upload under its key was refused").ConfigureAwait(false);
        }
    });

    /// <summary>A listing has the objects under a prefix, with their lengths, and nothing else.</summary>
    public Task CheckListAsync() => WithStoreAsync(async (store, folder) =>
    {
        string[] keys = [$"{folder}/a/1", $"{folder}/a/2", $"{folder}/ab", $"{folder}/b/c/d"];
        foreach ((int i, string key) in keys.Index()) await RequireCreatedAsync(store, key, Bytes(i * 10, i)).ConfigureAwait(false);
        IObjectUpload upload = await store.BeginUploadAsync($"{folder}/a/3", CancellationToken.None).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            await upload.WriteAsync(Bytes(100, 1), CancellationToken.None).ConfigureAwait(false);
            foreach ((string prefix, int[] expected) in ((string, int[])[])[("/", [0, 1, 2, 3]), ("/a", [0, 1, 2]), ("/a/", [0, 1]), ("/b/c", [3]), ("/b/c/d", [3]), ("/none/", [])])
            {
                List<StoredObject> found = [];
                await foreach (StoredObject item in store.ListAsync(folder + prefix, CancellationToken.None).ConfigureAwait(false)) found.Add(item);
                string told = string.Join(", ", found.OrderBy(static o => o.Key, StringComparer.Ordinal).Select(static o => $"{o.Key} {o.Length}"));
                string wanted = string.Join(", ", expected.Select(i => $"{keys[i]} {i * 10}"));
                Require(told == wanted, $"listing '{folder}{prefix}' must give [{wanted}], not [{told}]");
            }
        }
    });
}
