namespace Millrace;

/// <summary>A part of a <see cref="FileSink{T}"/> as its writer sealed it: files being written, in memory. Owned by the engine until prepared.</summary>
public sealed class FilePart
{
    internal FilePart(IReadOnlyList<Connectors.Files.SealedPiece> pieces, string mark, bool isDurable)
    {
        Pieces = pieces;
        Mark = mark;
        IsDurable = isDurable;
    }

    internal IReadOnlyList<Connectors.Files.SealedPiece> Pieces { get; }

    internal string Mark { get; }

    internal bool IsDurable { get; }
}

/// <summary>A part whose bytes are on disk under hidden names. All paths are relative to the folder of the output, with slashes.</summary>
/// <param name="Mark">The mark that lists the output of an earlier run while it is still to be replaced; empty when nothing is replaced.</param>
/// <param name="IsDurable">Whether the job takes checkpoints; if not, the hidden folder goes with the last commit.</param>
/// <param name="Pieces">What the part adds, file by file, in the order it is committed.</param>
public sealed record FilePrepared(string Mark, bool IsDurable, IReadOnlyList<FilePiece> Pieces)
{
    /// <summary>For people: how much goes where.</summary>
    public override string ToString() => string.Join(", ", Pieces);
}

/// <summary>What a part adds to one output file.</summary>
/// <param name="Staged">The hidden file with the bytes; null when there are none to add.</param>
/// <param name="Open">The hidden file to which the pieces of an output file are joined until it is published.</param>
/// <param name="Visible">The name it is published under.</param>
/// <param name="Offset">Where in the output file the bytes go; zero for the first piece.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="IsLast">Whether the output file is complete with this piece, and is published.</param>
public sealed record FilePiece(string? Staged, string Open, string Visible, long Offset, long Length, bool IsLast)
{
    internal long End => Offset + Length;

    /// <summary>For people: <c>part-0.csv bytes 0 to 100 (published)</c>.</summary>
    public override string ToString() => $"{Visible} bytes {Offset} to {End}{(IsLast ? " (published)" : "")}";
}
