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
public sealed record ObjectPiece(string Staged, string Visible, long Length)
{
    /// <summary>For people: <c>out/part-0-0003-1.17-4c1be0a3d2f70b1e.csv (100 bytes, staged as …)</c>.</summary>
    public override string ToString() => $"{Visible} ({Length} bytes, staged as {Staged})";
}
