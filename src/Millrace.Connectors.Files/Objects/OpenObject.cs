namespace Millrace.Connectors.Files;

/// <summary>An object that is not complete: the pieces sealed for checkpoints, and the one that records go into. Owned by the writer's thread.</summary>
/// <param name="visible">The key it gets.</param>
/// <param name="number">Counts the objects of the writer.</param>
/// <param name="begunAt">When its first record came, by the clock of the job.</param>
internal sealed class OpenObject(string visible, int number, long begunAt)
{
    readonly List<StagedPiece> _earlier = [];
    long _earlierBytes;

    /// <summary>The piece that records go into; null when there is none since the last checkpoint.</summary>
    public StagedObject? Current { get; set; }

    /// <summary>When its first record came.</summary>
    public long BegunAt => begunAt;

    /// <summary>When it was last written to, counted in records of the writer.</summary>
    public long UsedAt { get; set; }

    /// <summary>How many bytes there are, those of all pieces.</summary>
    public long Length => _earlierBytes + (Current?.Length ?? 0);

    /// <summary>How many pieces it has.</summary>
    public int Pieces => _earlier.Count + (Current is null ? 0 : 1);

    /// <summary>The current piece as it is now, for the checkpoint. The writer adds no more to it.</summary>
    /// <param name="isLast">Whether the object is complete. It has at least one piece then; otherwise a current one.</param>
    public SealedObject Seal(bool isLast)
    {
        StagedObject? sealing = Current;
        Current = null;
        if (sealing is null)
        {
            // Nothing came since the checkpoint before: its piece is the last after all, and is staged already.
            StagedPiece last = _earlier[^1];
            return new(null, number, new(last.Key, visible, last.Length, _earlierBytes - last.Length, IsLast: true, [.. _earlier.SkipLast(1)]));
        }

        ObjectPiece piece = new(sealing.Key, visible, sealing.Length, _earlierBytes, isLast, isLast && _earlier.Count > 0 ? [.. _earlier] : null);
        if (!isLast)
        {
            _earlier.Add(new(sealing.Key, sealing.Length));
            _earlierBytes += sealing.Length;
        }

        return new(sealing, number, piece);
    }
}
