using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// Makes prepared parts visible. Whatever was done before, by whomever and up to wherever, doing it again ends the same: a staged object is there
/// until the visible one is, and whoever copies it writes the same bytes, under a key that is created once.
/// </summary>
internal static class ObjectCommit
{
    /// <summary>How many objects of a part are written at the same time.</summary>
    public const int AtOnceMax = 8;

    const int CopyBytes = 4 << 20;

    /// <summary>Commits all objects of a part, then deletes what was staged.</summary>
    public static async ValueTask<CommitOutcome> CommitAsync(IObjectStore store, ObjectPrepared prepared, CancellationToken cancellationToken)
    {
        List<CommitOutcome> outcomes = [];
        foreach (ObjectPiece[] some in prepared.Pieces.Chunk(AtOnceMax))
            outcomes.AddRange(await Task.WhenAll(some.Select(piece => PublishAsync(store, piece, cancellationToken))).ConfigureAwait(false));
        // What is left of the part may help whoever looks for the rest.
        if (outcomes.Contains(CommitOutcome.Missing)) return CommitOutcome.Missing;
        foreach (ObjectPiece[] some in prepared.Pieces.Chunk(AtOnceMax))
            await Task.WhenAll(some.Select(piece => store.DeleteAsync(piece.Staged, cancellationToken).AsTask())).ConfigureAwait(false);
        return outcomes.Contains(CommitOutcome.Committed) ? CommitOutcome.Committed : CommitOutcome.Already;
    }

    static async Task<CommitOutcome> PublishAsync(IObjectStore store, ObjectPiece piece, CancellationToken cancellationToken)
    {
        try
        {
            await CopyAsync(store, piece, cancellationToken).ConfigureAwait(false);
            return CommitOutcome.Committed;
        }
        catch (ObjectExistsException)
        {
            await IsVisibleAsync(store, piece, cancellationToken).ConfigureAwait(false);
            return CommitOutcome.Already;
        }
        catch (ObjectMissingException)
        {
            // Asked in this order: whoever deletes the staged object has published before.
            if (await store.TryGetLengthAsync(piece.Staged, cancellationToken).ConfigureAwait(false) is { } length && length < piece.Length) throw;
            return await IsVisibleAsync(store, piece, cancellationToken).ConfigureAwait(false) ? CommitOutcome.Already : CommitOutcome.Missing;
        }
    }

    static async ValueTask CopyAsync(IObjectStore store, ObjectPiece piece, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(CopyBytes, piece.Length)];
        // Before the upload begins: most repeated commits find nothing to copy.
        await store.ReadAsync(piece.Staged, 0, buffer, cancellationToken).ConfigureAwait(false);
        IObjectUpload upload = await store.BeginUploadAsync(piece.Visible, cancellationToken).ConfigureAwait(false);
        await using (upload.ConfigureAwait(false))
        {
            await upload.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            for (long done = buffer.Length; done < piece.Length;)
            {
                Memory<byte> next = buffer.AsMemory(0, (int)Math.Min(buffer.Length, piece.Length - done));
                await store.ReadAsync(piece.Staged, done, next, cancellationToken).ConfigureAwait(false);
                await upload.WriteAsync(next, cancellationToken).ConfigureAwait(false);
                done += next.Length;
            }

            await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <exception cref="IOException">An object of another length has the name.</exception>
    static async ValueTask<bool> IsVisibleAsync(IObjectStore store, ObjectPiece piece, CancellationToken cancellationToken)
    {
        long? length = await store.TryGetLengthAsync(piece.Visible, cancellationToken).ConfigureAwait(false);
        return length is null || length == piece.Length ? length is not null : throw new IOException(
            $"{piece.Visible} in {store.Address} has {length} bytes instead of the {piece.Length} that are to be published under this name: somebody else has written it. "
            + "Move it away, and start the job again.");
    }
}
