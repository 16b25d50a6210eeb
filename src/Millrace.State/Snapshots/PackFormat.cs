using System.Buffers.Binary;

namespace Millrace.State.Snapshots;

/// <summary>The constants of packs. The bytes are described in <c>docs/FORMATS.md</c>, section "Pack".</summary>
static class PackFormat
{
    public const int HeaderBytes = 8, TrailerBytes = 16;

    /// <summary>Longest row: key, sub-key and value together. Also the longest block, which has at least one row.</summary>
    public const int RowBytesMax = 256 << 20;

    /// <summary>Longest footer; at 64 KiB a block enough for a pack of about 500 GiB.</summary>
    public const int FooterBytesMax = 256 << 20;

    /// <summary>Blocks with more bytes are not compressed, so that the memory for reading a block is bounded by its bytes in the pack or by this.</summary>
    public const int CompressedRawBytesMax = 4 << 20;

    /// <summary>Bytes of a row besides key, sub-key and value: the difference of hashes and flags, and three lengths, each a varint.</summary>
    public const int RowOverheadBytesMax = 20;

    const byte BlockHoldsRow = (long)RowBytesMax + RowOverheadBytesMax + CompressedRawBytesMax < int.MaxValue ? 1 : -1;

    /// <summary>The first bytes, so that tools and people recognise the file. The last two are the version.</summary>
    public static ReadOnlySpan<byte> Magic => "MRPACK"u8;

    /// <summary>The last bytes.</summary>
    public static ReadOnlySpan<byte> EndMagic => "MRPKEND\n"u8;

    public static void WriteHeader(Span<byte> header)
    {
        Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt16LittleEndian(header[Magic.Length..], FormatVersion.Pack);
    }

    public static void WriteTrailer(Span<byte> trailer, int footerLength)
    {
        BinaryPrimitives.WriteInt64LittleEndian(trailer, footerLength);
        EndMagic.CopyTo(trailer[8..]);
    }
}

/// <summary>How the bytes of a block are stored.</summary>
public enum BlockCodec
{
    /// <summary>As they are.</summary>
    Raw = 0,

    /// <summary>The LZ4 block format.</summary>
    Lz4 = 1,

    /// <summary>Brotli (RFC 7932).</summary>
    Brotli = 2,
}

/// <summary>One block of a run, as the footer of its pack describes it.</summary>
/// <param name="Offset">Where its bytes begin.</param>
/// <param name="StoredLength">How many bytes it has in the pack.</param>
/// <param name="RawLength">How many it has before compression.</param>
/// <param name="Codec">How they are stored.</param>
/// <param name="FirstHash">The hash of its first row.</param>
/// <param name="LastHash">The hash of its last row.</param>
/// <param name="Rows">Its rows; at least one.</param>
/// <param name="Digest">The first 128 bits of the SHA-256 of its bytes in the pack.</param>
public readonly record struct PackBlock(
    long Offset, int StoredLength, int RawLength, BlockCodec Codec, uint FirstHash, uint LastHash, int Rows, UInt128 Digest);

/// <summary>One run in a pack, as the footer describes it. Immutable.</summary>
public sealed record PackSection
{
    /// <summary>The operator's id.</summary>
    public required string OperatorId { get; init; }

    /// <summary>The name of the state.</summary>
    public required string StateName { get; init; }

    /// <summary>Tells schemas apart: <see cref="SchemaDigest"/>.</summary>
    public required ulong SchemaDigest { get; init; }

    /// <summary>The slice of the hash space that it speaks for.</summary>
    public required KeyRange Range { get; init; }

    /// <summary>Whether it needs no earlier run of the slice.</summary>
    public required bool IsFull { get; init; }

    /// <summary>The checkpoint that wrote it.</summary>
    public required long Snapshot { get; init; }

    /// <summary>The checkpoint it says the changes since; zero when it is full.</summary>
    public required long Base { get; init; }

    /// <summary>Rows with a lesser sub-key are void; <see cref="long.MinValue"/> for none.</summary>
    public required long DroppedBelow { get; init; }

    /// <summary>Rows, deletions included.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows that say that a row was deleted.</summary>
    public required long Deletions { get; init; }

    /// <summary>Its blocks in ascending order of hash.</summary>
    public required IReadOnlyList<PackBlock> Blocks { get; init; }

    /// <summary>Bytes of its blocks in the pack.</summary>
    public long Bytes => Blocks.Sum(static b => (long)b.StoredLength);
}
