namespace Millrace.State.Snapshots;

/// <summary>How blocks of packs are compressed. A block that does not shrink by an eighth is stored as it is, whatever is asked for.</summary>
public enum SnapshotCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>LZ4: reads and writes faster than most disks.</summary>
    Fast,

    /// <summary>Brotli: about a quarter smaller than <see cref="Fast"/>, at a third of its speed or less; for distant or dear stores.</summary>
    Small,
}

/// <summary>How packs are written. Readers need none of it.</summary>
public sealed record PackOptions
{
    /// <summary>How blocks are compressed.</summary>
    /// <value>The default is <see cref="SnapshotCompression.Fast"/>.</value>
    public SnapshotCompression Compression { get; init; } = SnapshotCompression.Fast;

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
