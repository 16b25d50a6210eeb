using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// Makes prepared parts visible, or notes that they will be. Whatever was done before, by whomever and up to wherever, doing it again ends the same: a staged object is there
/// until the visible one is, and whoever copies it writes the same bytes, under a key that is created once.
/// </summary>
internal static class ObjectCommit
{
    /// <summary>How many objects of a part are written at the same time.</summary>
    public const int AtOnceMax = 8;

    /// <summary>Commits all pieces of a part, then deletes what was staged for the objects that are complete.</summary>
    public static async ValueTask<CommitOutcome> CommitAsync(IObjectStore store, ObjectPrepared prepared, CancellationToken cancellationToken)
    {
        List<CommitOutcome> outcomes = [];
        foreach (ObjectPiece[] some in prepared.Pieces.Chunk(AtOnceMax))
        {
            outcomes.AddRange(await Task.WhenAll(some.Select(piece => piece.IsLast ? PublishAsync(store, piece, cancellationToken) : KeepAsync(store, piece, cancellationToken)))
                .ConfigureAwait(false));
        }

        // What is left of the part may help whoever looks for the rest.
        if (outcomes.Contains(CommitOutcome.Missing)) return CommitOutcome.Missing;
        foreach (ObjectPiece[] some in prepared.Pieces.Where(static p => p.IsLast).Chunk(AtOnceMax))
        {
            await Task.WhenAll(some.Select(piece => ObjectJoin.DeleteAsync(store, [.. piece.All.Select(static p => p.Key)], piece.Earlier is not null, cancellationToken).AsTask()))
                .ConfigureAwait(false);
        }

        return outcomes.Contains(CommitOutcome.Committed) ? CommitOutcome.Committed : CommitOutcome.Already;
    }

    /// <summary>Notes that the piece counts: it becomes visible with the last of its object, or when another deployment ends what this one left.</summary>
    static async Task<CommitOutcome> KeepAsync(IObjectStore store, ObjectPiece piece, CancellationToken cancellationToken)
    {
        if (await store.TryGetLengthAsync(piece.Staged, cancellationToken).ConfigureAwait(false) is null)
        {
            // Asked in this order: whoever deletes the staged object has published before.
            return await store.TryGetLengthAsync(piece.Visible, cancellationToken).ConfigureAwait(false) >= piece.Offset + piece.Length ? CommitOutcome.Already : CommitOutcome.Missing;
        }

        string note = PieceNote.KeyOf(piece.Staged);
        if (await store.TryGetLengthAsync(note, cancellationToken).ConfigureAwait(false) is not null) return CommitOutcome.Already;
        await store.PutAsync(note, PieceNote.Of(piece).ToBytes(), cancellationToken).ConfigureAwait(false);
        return CommitOutcome.Committed;
    }

    static async Task<CommitOutcome> PublishAsync(IObjectStore store, ObjectPiece piece, CancellationToken cancellationToken)
    {
        long length = piece.Offset + piece.Length;
        try
        {
            await ObjectJoin.CopyAsync(store, piece.Visible, piece.All, cancellationToken).ConfigureAwait(false);
            return CommitOutcome.Committed;
        }
        catch (ObjectExistsException)
        {
            await ObjectJoin.IsVisibleAsync(store, piece.Visible, length, cancellationToken).ConfigureAwait(false);
            return CommitOutcome.Already;
        }
        catch (ObjectMissingException)
        {
            // Asked in this order: whoever deletes the staged object has published before.
            foreach (StagedPiece staged in piece.All)
                if (await store.TryGetLengthAsync(staged.Key, cancellationToken).ConfigureAwait(false) is { } there && there < staged.Length) throw;
            return await ObjectJoin.IsVisibleAsync(store, piece.Visible, length, cancellationToken).ConfigureAwait(false) ? CommitOutcome.Already : CommitOutcome.Missing;
        }
    }
}
