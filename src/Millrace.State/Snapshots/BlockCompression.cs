using System.Buffers;
using System.IO.Compression;

namespace Millrace.State.Snapshots;

/// <summary>Compresses the blocks of one run, and stops trying for a while where it does not pay. Used by one thread at a time.</summary>
/// <param name="asked">What the options ask for.</param>
struct BlockCompression(SnapshotCompression asked)
{
    const int BrotliQuality = 1, BrotliWindowBits = 18, PausesMax = 16;

    int _pause;
    int _pauses;

    /// <summary>Compresses a block if that makes it smaller by an eighth.</summary>
    /// <param name="raw">The block.</param>
    /// <param name="stored">The compressed block, rented from the shared pool for the caller to return; null when it is to be stored as it is.</param>
    /// <param name="length">The bytes of the compressed block.</param>
    /// <returns>How the block is to be stored.</returns>
    public BlockCodec Compress(ReadOnlySpan<byte> raw, out byte[]? stored, out int length)
    {
        stored = null;
        length = 0;
        if (asked == SnapshotCompression.None || raw.Length is 0 or > PackFormat.CompressedRawBytesMax) return BlockCodec.Raw;
        if (_pause > 0)
        {
            _pause--;
            return BlockCodec.Raw;
        }

        stored = ArrayPool<byte>.Shared.Rent(raw.Length);
        Span<byte> room = stored.AsSpan(0, raw.Length - (raw.Length / 8));
        bool pays = asked == SnapshotCompression.Fast
            ? TryFast(raw, room, out length)
            : BrotliEncoder.TryCompress(raw, room, out length, BrotliQuality, BrotliWindowBits);
        if (pays)
        {
            _pauses = 0;
            return asked == SnapshotCompression.Fast ? BlockCodec.Lz4 : BlockCodec.Brotli;
        }

        ArrayPool<byte>.Shared.Return(stored);
        stored = null;
        length = 0;
        // Rows of one state are much alike: after 1, 2, 4 … 16 blocks another try.
        _pauses = Math.Min(Math.Max(_pauses * 2, 1), PausesMax);
        _pause = _pauses;
        return BlockCodec.Raw;
    }

    /// <summary>Decompresses a block.</summary>
    /// <param name="codec">How it is stored; not raw.</param>
    /// <param name="stored">Any bytes: nothing is trusted.</param>
    /// <param name="raw">As long as the block was.</param>
    /// <returns>Whether the bytes are a block of exactly that length.</returns>
    public static bool TryDecompress(BlockCodec codec, ReadOnlySpan<byte> stored, Span<byte> raw) => codec switch
    {
        BlockCodec.Lz4 => Lz4Block.TryDecompress(stored, raw),
        BlockCodec.Brotli => BrotliDecoder.TryDecompress(stored, raw, out int written) && written == raw.Length,
        _ => false,
    };

    static bool TryFast(ReadOnlySpan<byte> raw, Span<byte> room, out int length)
    {
        int[] table = ArrayPool<int>.Shared.Rent(Lz4Block.TableLength);
        bool fits = Lz4Block.TryCompress(raw, room, table, out length);
        ArrayPool<int>.Shared.Return(table);
        return fits;
    }
}
