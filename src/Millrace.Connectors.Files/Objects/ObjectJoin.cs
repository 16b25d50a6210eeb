using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>Makes one visible object of staged bytes, and deletes what was staged. Whoever does it again writes the same bytes under a key that is created once.</summary>
internal static class ObjectJoin
{
    const int CopyBytes = 4 << 20, DeletesAtOnceMax = 16;

    /// <summary>Copies staged bytes, one after the other, into an object.</summary>
    /// <exception cref="ObjectExistsException">There is such an object.</exception>
    /// <exception cref="ObjectMissingException">Some of the bytes are not there.</exception>
    public static async ValueTask CopyAsync(IObjectStore store, string visible, IReadOnlyList<StagedPiece> pieces, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(CopyBytes, pieces.Sum(static p => p.Length))];
        (int piece, long at) = (0, 0);
        // Before the upload begins: most repeated commits find nothing to copy.
        int filled = await FillAsync().ConfigureAwait(false);
        IObjectUpload upload = await store.BeginUploadAsync(visible, cancellationToken).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            for (; filled > 0; filled = await FillAsync().ConfigureAwait(false)) await upload.WriteAsync(buffer.AsMemory(0, filled), cancellationToken).ConfigureAwait(false);
            await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }

        async ValueTask<int> FillAsync()
        {
            int count = 0;
            while (count < buffer.Length && piece < pieces.Count)
            {
                int some = (int)Math.Min(buffer.Length - count, pieces[piece].Length - at);
                await store.ReadAsync(pieces[piece].Key, at, buffer.AsMemory(count, some), cancellationToken).ConfigureAwait(false);
                (count, at) = (count + some, at + some);
                if (at == pieces[piece].Length) (piece, at) = (piece + 1, 0);
            }

            return count;
        }
    }

    /// <summary>Deletes what was staged for an object that is visible, and the notes about it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="staged">The keys, in the order of the bytes.</param>
    /// <param name="isNoted">Whether there are notes.</param>
    /// <param name="cancellationToken">Cancels; what is left is deleted by whoever does it again, or by the next deployment.</param>
    public static async ValueTask DeleteAsync(IObjectStore store, IReadOnlyList<string> staged, bool isNoted, CancellationToken cancellationToken)
    {
        if (isNoted)
        {
            // The first by itself: notes that do not begin with the first byte tell that the object was published.
            await store.DeleteAsync(PieceNote.KeyOf(staged[0]), cancellationToken).ConfigureAwait(false);
            await DeleteAllAsync(store, [.. staged.Skip(1).Select(PieceNote.KeyOf)], cancellationToken).ConfigureAwait(false);
        }

        await DeleteAllAsync(store, staged, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes objects, some at a time.</summary>
    public static async ValueTask DeleteAllAsync(IObjectStore store, IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        foreach (string[] some in keys.Chunk(DeletesAtOnceMax)) await Task.WhenAll(some.Select(key => store.DeleteAsync(key, cancellationToken).AsTask())).ConfigureAwait(false);
    }

    /// <summary>Whether there is an object of a length.</summary>
    /// <exception cref="IOException">An object of another length has the name.</exception>
    public static async ValueTask<bool> IsVisibleAsync(IObjectStore store, string visible, long expected, CancellationToken cancellationToken)
    {
        long? length = await store.TryGetLengthAsync(visible, cancellationToken).ConfigureAwait(false);
        return length is null || length == expected ? length is not null : throw new IOException(
            $"{visible} in {store.Address} has {length} bytes instead of the {expected} that are to be published under this name: somebody else has written it. "
            + "Move it away, and start the job again.");
    }
}
