namespace Millrace.Connectors.Files;

/// <summary>An output file that a writer adds to, part by part. Owned by the writer's thread.</summary>
/// <param name="visible">The name it will have, relative.</param>
/// <param name="open">The hidden file its pieces are joined in, relative.</param>
/// <param name="offset">How many bytes it has already.</param>
/// <param name="begunAt">When it was begun, by the clock of the job.</param>
internal sealed class OutputFile(string visible, string open, long offset, long begunAt)
{
    /// <summary>The bytes of the current part; null before the first of them.</summary>
    public StagedFile? Staged { get; private set; }

    /// <summary>The hidden name of the current part's bytes, relative.</summary>
    public string? StagedName { get; private set; }

    /// <summary>How long it is with what is not sealed yet.</summary>
    public long Length => offset + (Staged?.Length ?? 0);

    public long BegunAt => begunAt;

    /// <summary>When it was last written to, counted in records of the writer.</summary>
    public long UsedAt { get; set; }

    public void Begin(StagedFile staged, string name) => (Staged, StagedName) = (staged, name);

    /// <summary>Ends the piece of the current part.</summary>
    public SealedPiece Seal(bool isLast)
    {
        SealedPiece piece = new(Staged, new FilePiece(StagedName, open, visible, offset, Staged?.Length ?? 0, isLast));
        offset += piece.Piece.Length;
        (Staged, StagedName) = (null, null);
        return piece;
    }
}
