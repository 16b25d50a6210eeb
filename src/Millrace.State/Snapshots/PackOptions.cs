namespace Millrace.State.Snapshots;

/// <summary>How blocks of packs are compressed. A block that does not shrink by an eighth is stored as it is, whatever is asked for.</summary>
public enum SnapshotCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>LZ4: 36 to 57 % smaller for rows of numbers and of text, at half the speed of writing.</summary>
    Fast,

    /// <summary>Brotli: 7 to 25 % smaller than <see cref="Fast"/>, at two thirds of its speed of writing and half of that of reading.</summary>
    Small,
}

/// <summary>How packs are written. Readers need none of it.</summary>
public sealed record PackOptions
{
    /// <summary>How blocks are compressed. It takes more than half of the speed of writing, so it pays where bytes are slow or dear, not on a local disk.</summary>
    /// <value>The default is <see cref="SnapshotCompression.None"/>; the host chooses <see cref="SnapshotCompression.Fast"/> for buckets unless told otherwise.</value>
    public SnapshotCompression Compression { get; init; } = SnapshotCompression.None;

    /// <summary>A block is closed once it has so many bytes, before compression.</summary>
    /// <value>1 to 4 MiB. The default is 64 KiB.</value>
    public int BlockBytes { get; init; } = 64 << 10;

    /// <summary>Runs begin a new pack once the one before has so many bytes. A run is never split, so a pack may be larger.</summary>
    /// <value>More than zero. The default is 1 GiB.</value>
    public long PackBytes { get; init; } = 1L << 30;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BlockBytes, 1, nameof(BlockBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(BlockBytes, PackFormat.CompressedRawBytesMax, nameof(BlockBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(PackBytes, 1, nameof(PackBytes));
        if (!Enum.IsDefined(Compression)) throw new ArgumentOutOfRangeException(nameof(Compression), Compression, "There is no such compression.");
    }
}
