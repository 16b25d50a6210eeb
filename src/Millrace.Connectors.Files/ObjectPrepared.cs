namespace Millrace;

/// <summary>A part of an <see cref="ObjectSink{T}"/> as its writer sealed it: objects being written, partly in memory. Owned by the engine until prepared.</summary>
public sealed class ObjectPart
{
    internal ObjectPart(IReadOnlyList<Connectors.Files.SealedObject> objects, Connectors.Files.StagingRange range, int end)
    {
        Objects = objects;
        Range = range;
        End = end;
    }

    internal IReadOnlyList<Connectors.Files.SealedObject> Objects { get; }

    internal Connectors.Files.StagingRange Range { get; }

    /// <summary>The number after the last of the part's objects.</summary>
    internal int End { get; }
}

/// <summary>A part whose bytes are in the store, where readers do not look. All keys are relative to the store.</summary>
/// <param name="Pieces">The objects, in the order they were begun.</param>
public sealed record ObjectPrepared(IReadOnlyList<ObjectPiece> Pieces)
{
    /// <summary>For people: which objects.</summary>
    public override string ToString() => string.Join(", ", Pieces);
}

/// <summary>An object of a part.</summary>
/// <param name="Staged">The key its bytes have until it is committed.</param>
/// <param name="Visible">The key it is published under.</param>
/// <param name="Length">How many bytes.</param>
/// <param name="Offset">Where in the object they go; zero unless objects are joined from the pieces of several checkpoints.</param>
/// <param name="IsLast">Whether the object is complete with them, and is published.</param>
/// <param name="Earlier">The pieces before, in order, of the last one; null when there are none that were committed.</param>
public sealed record ObjectPiece(string Staged, string Visible, long Length, long Offset = 0, bool IsLast = true, IReadOnlyList<StagedPiece>? Earlier = null)
{
    /// <summary>The pieces that are there, this one at the end.</summary>
    internal IReadOnlyList<StagedPiece> All => [.. Earlier ?? [], new(Staged, Length)];

    /// <summary>For people: <c>out/part-0-0003-1.17-4c1be0a3d2f70b1e.csv (100 bytes, staged as …)</c>.</summary>
    public override string ToString() =>
        $"{Visible} ({(Offset == 0 ? "" : $"from byte {Offset}, ")}{Length} bytes, staged as {Staged}{(IsLast ? "" : ", not complete yet")})";
}

/// <summary>Bytes of an object that were staged for an earlier checkpoint.</summary>
/// <param name="Key">Their key.</param>
/// <param name="Length">How many.</param>
public sealed record StagedPiece(string Key, long Length);
