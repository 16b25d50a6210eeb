using Microsoft.Win32.SafeHandles;

namespace Millrace.Connectors.Files;

/// <summary>
/// Makes prepared parts visible. Whatever was done before, by whomever and up to wherever, doing it again ends the same: a staged file
/// is there until its bytes are in the output file for good, and whoever joins it writes the same bytes to the same place.
/// </summary>
internal static class PartCommit
{
    const int CopyBytes = 1 << 20;

    /// <summary>Commits all pieces of a part.</summary>
    /// <exception cref="IOException">The disk refused, or parts are committed out of order.</exception>
    public static async ValueTask<CommitOutcome> CommitAsync(OutputTarget target, FilePrepared prepared, CancellationToken cancellationToken)
    {
        bool isCommitted = false, isMissing = false;
        foreach (FilePiece piece in prepared.Pieces)
        {
            CommitOutcome outcome = await CommitAsync(target, prepared.Mark, piece, cancellationToken).ConfigureAwait(false);
            isCommitted |= outcome == CommitOutcome.Committed;
            isMissing |= outcome == CommitOutcome.Missing;
        }

        return isMissing ? CommitOutcome.Missing : isCommitted ? CommitOutcome.Committed : CommitOutcome.Already;
    }

    static async ValueTask<CommitOutcome> CommitAsync(OutputTarget target, string mark, FilePiece piece, CancellationToken cancellationToken)
    {
        string open = target.PathOf(piece.Open), visible = target.PathOf(piece.Visible);
        string? staged = piece.Staged is null ? null : target.PathOf(piece.Staged);
        try
        {
            if (staged is not null && !File.Exists(staged)) return Settled(target, mark, piece);
            if (staged is not null && piece.Offset == 0)
            {
                Check(staged, piece);
                // The first piece becomes the file, without being copied.
                if (piece.IsLast) EarlierOutput.Replace(target, mark);
                FolderSync.Move(staged, piece.IsLast ? visible : open);
                return CommitOutcome.Committed;
            }

            if (staged is not null)
            {
                Check(staged, piece);
                await JoinAsync(staged, open, piece, cancellationToken).ConfigureAwait(false);
            }

            if (piece.IsLast) Publish(target, mark, open, visible);
            if (staged is not null) File.Delete(staged);
            return CommitOutcome.Committed;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // Somebody else was faster, or had done it before a crash.
            CommitOutcome outcome = Settled(target, mark, piece);
            if (outcome == CommitOutcome.Already && staged is not null) File.Delete(staged);
            return outcome;
        }
    }

    /// <summary>What has become of a piece whose files are not where they were left.</summary>
    static CommitOutcome Settled(OutputTarget target, string mark, FilePiece piece)
    {
        string open = target.PathOf(piece.Open), visible = target.PathOf(piece.Visible);
        // What a run of before left under the name says nothing about this one.
        if (LengthOf(visible) >= piece.End && !EarlierOutput.IsPending(target, mark, piece.Visible)) return CommitOutcome.Already;
        if (piece.Staged is null || LengthOf(open) < piece.End) return CommitOutcome.Missing;
        if (!piece.IsLast) return CommitOutcome.Already;
        Publish(target, mark, open, visible);
        return CommitOutcome.Committed;
    }

    static void Publish(OutputTarget target, string mark, string open, string visible)
    {
        EarlierOutput.Replace(target, mark);
        FolderSync.Move(open, visible);
    }

    static async ValueTask JoinAsync(string staged, string open, FilePiece piece, CancellationToken cancellationToken)
    {
        using SafeFileHandle source = File.OpenHandle(staged, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        using SafeFileHandle destination = File.OpenHandle(open, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        if (RandomAccess.GetLength(destination) is var length && length < piece.Offset)
        {
            throw new IOException(
                $"'{open}' has {length} bytes, and the part to be joined to it begins at byte {piece.Offset}: the parts before it have not been committed, "
                + "or the file was changed. Commit parts in the order they were prepared, and leave the hidden folder alone.");
        }

        byte[] buffer = new byte[Math.Min(CopyBytes, piece.Length)];
        for (long done = 0; done < piece.Length;)
        {
            int read = await RandomAccess.ReadAsync(source, buffer.AsMemory(0, (int)Math.Min(buffer.Length, piece.Length - done)), done, cancellationToken).ConfigureAwait(false);
            if (read == 0) throw Truncated(staged, done, piece);
            await RandomAccess.WriteAsync(destination, buffer.AsMemory(0, read), piece.Offset + done, cancellationToken).ConfigureAwait(false);
            done += read;
        }

        RandomAccess.FlushToDisk(destination);
    }

    static void Check(string staged, FilePiece piece)
    {
        long length = new FileInfo(staged).Length;
        if (length != piece.Length) throw Truncated(staged, length, piece);
    }

    static long LengthOf(string path) => new FileInfo(path) is { Exists: true } file ? file.Length : -1;

    static IOException Truncated(string staged, long length, FilePiece piece) => new(
        $"'{staged}' has {length} bytes instead of {piece.Length}: it was changed after it had been brought to disk. Restore it, or start the job from "
        + "the checkpoint before.");
}
