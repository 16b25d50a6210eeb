using System.Buffers.Binary;
using System.Text;
using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>The footer of a pack, to bytes and back.</summary>
static class PackFooter
{
    const int FullFlag = 1, DroppedFlag = 2, DigestBytes = 16, BlockBytesMin = DigestBytes + 7;

    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static byte[] Write(IReadOnlyList<PackSection> sections)
    {
        using ByteBuffer buffer = new();
        CodecWriter writer = new(buffer);
        writer.WriteVarint(FormatVersion.Pack);
        writer.WriteVarint((ulong)sections.Count);
        foreach (PackSection section in sections) Write(ref writer, section);
        writer.Flush();
        return buffer.Written.ToArray();
    }

    /// <summary>Reads a footer whose hash was verified.</summary>
    /// <exception cref="CorruptDataException">It is none, or describes other bytes than the pack has.</exception>
    /// <exception cref="NewerFormatException">It is of a newer format.</exception>
    public static IReadOnlyList<PackSection> Read(ReadOnlySpan<byte> footer, PackEntry pack)
    {
        CodecReader reader = new(footer);
        ulong version = reader.ReadVarint();
        if (version > FormatVersion.Pack) throw new NewerFormatException(pack.Key, (long)version, FormatVersion.Pack);
        if (version == 0) reader.Fail("The version is zero.");
        int count = (int)reader.ReadVarint((ulong)reader.Remaining);
        List<PackSection> sections = [];
        for (int i = 0; i < count; i++) sections.Add(ReadSection(ref reader));
        reader.End();
        CheckPlaces(sections, pack.FooterOffset, reader);
        return sections;
    }

    static void Write(ref CodecWriter writer, PackSection section)
    {
        WriteText(ref writer, section.OperatorId);
        WriteText(ref writer, section.StateName);
        writer.WriteFixed64(section.SchemaDigest);
        writer.WriteVarint((ulong)section.Range.Start);
        writer.WriteVarint((ulong)section.Range.End);
        bool drops = section.DroppedBelow != long.MinValue;
        writer.WriteByte((byte)((section.IsFull ? FullFlag : 0) | (drops ? DroppedFlag : 0)));
        writer.WriteVarint((ulong)section.Snapshot);
        writer.WriteVarint((ulong)section.Base);
        if (drops) writer.WriteZigzag(section.DroppedBelow);
        writer.WriteVarint((ulong)section.Rows);
        writer.WriteVarint((ulong)section.Deletions);
        writer.WriteVarint((ulong)section.Blocks.Count);
        long end = 0;
        uint hash = 0;
        Span<byte> digest = stackalloc byte[DigestBytes];
        foreach (PackBlock block in section.Blocks)
        {
            writer.WriteVarint((ulong)(block.Offset - end));
            writer.WriteVarint((ulong)block.StoredLength);
            writer.WriteVarint((ulong)block.RawLength);
            writer.WriteByte((byte)block.Codec);
            writer.WriteVarint(block.FirstHash - hash);
            writer.WriteVarint(block.LastHash - block.FirstHash);
            writer.WriteVarint((ulong)block.Rows);
            BinaryPrimitives.WriteUInt128LittleEndian(digest, block.Digest);
            writer.WriteRaw(digest);
            end = block.Offset + block.StoredLength;
            hash = block.LastHash;
        }
    }

    static PackSection ReadSection(ref CodecReader reader)
    {
        string operatorId = ReadText(ref reader), stateName = ReadText(ref reader);
        ulong schema = reader.ReadFixed64();
        long start = (long)reader.ReadVarint(KeyRange.SpaceSize), end = (long)reader.ReadVarint(KeyRange.SpaceSize);
        if (start >= end) reader.Fail("A slice of the hash space is empty.");
        int flags = reader.ReadByte();
        if (flags > (FullFlag | DroppedFlag)) reader.Fail("A section has an unknown flag.");
        bool isFull = (flags & FullFlag) != 0;
        long snapshot = (long)reader.ReadVarint(long.MaxValue), runBase = (long)reader.ReadVarint(long.MaxValue);
        if (snapshot == 0 || (isFull ? runBase != 0 : runBase == 0 || runBase >= snapshot)) reader.Fail("A run has an impossible base.");
        long dropped = (flags & DroppedFlag) != 0 ? reader.ReadZigzag() : long.MinValue;
        long rows = (long)reader.ReadVarint(long.MaxValue), deletions = (long)reader.ReadVarint((ulong)rows);
        KeyRange range = new(start, end);
        List<PackBlock> blocks = ReadBlocks(ref reader, range);
        if (blocks.Sum(static b => (long)b.Rows) != rows) reader.Fail("The blocks of a section have other rows than it counts.");
        return new PackSection
        {
            OperatorId = operatorId,
            StateName = stateName,
            SchemaDigest = schema,
            Range = range,
            IsFull = isFull,
            Snapshot = snapshot,
            Base = runBase,
            DroppedBelow = dropped,
            Rows = rows,
            Deletions = deletions,
            Blocks = blocks,
        };
    }

    static List<PackBlock> ReadBlocks(ref CodecReader reader, KeyRange range)
    {
        int count = (int)reader.ReadVarint((ulong)(reader.Remaining / BlockBytesMin));
        List<PackBlock> blocks = new(count);
        long end = 0;
        ulong hash = 0;
        for (int i = 0; i < count; i++)
        {
            long offset = end + (long)reader.ReadVarint((ulong)(long.MaxValue - end - int.MaxValue));
            int stored = (int)reader.ReadVarint(int.MaxValue), raw = (int)reader.ReadVarint(int.MaxValue);
            BlockCodec codec = (BlockCodec)reader.ReadByte();
            ulong first = hash + reader.ReadVarint(uint.MaxValue), last = first + reader.ReadVarint(uint.MaxValue);
            if (last >= (ulong)range.End || first < (ulong)range.Start) reader.Fail("The hashes of a block are outside its run.");
            int rows = (int)reader.ReadVarint((ulong)raw);
            if (rows == 0 || stored == 0 || !FitsCodec(codec, stored, raw)) reader.Fail("A block has impossible lengths.");
            UInt128 digest = BinaryPrimitives.ReadUInt128LittleEndian(reader.ReadRaw(DigestBytes));
            blocks.Add(new PackBlock(offset, stored, raw, codec, (uint)first, (uint)last, rows, digest));
            end = offset + stored;
            hash = last;
        }

        return blocks;
    }

    static bool FitsCodec(BlockCodec codec, int stored, int raw) => codec switch
    {
        BlockCodec.Raw => stored == raw,
        BlockCodec.Lz4 or BlockCodec.Brotli => stored < raw && raw <= PackFormat.CompressedRawBytesMax,
        _ => false,
    };

    // Every byte between header and footer belongs to exactly one block, so every byte of the pack is verified by some hash.
    static void CheckPlaces(List<PackSection> sections, long footerOffset, CodecReader reader)
    {
        PackBlock[] blocks = [.. sections.SelectMany(static s => s.Blocks)];
        Array.Sort(blocks, static (a, b) => a.Offset.CompareTo(b.Offset));
        long end = PackFormat.HeaderBytes;
        foreach (PackBlock block in blocks)
        {
            if (block.Offset != end) reader.Fail("Blocks overlap or leave bytes out.");
            end += block.StoredLength;
        }

        if (end != footerOffset) reader.Fail("The blocks do not end where the footer begins.");
    }

    static void WriteText(ref CodecWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.WriteVarint((ulong)bytes.Length);
        writer.WriteRaw(bytes);
    }

    static string ReadText(ref CodecReader reader)
    {
        int length = (int)reader.ReadVarint((ulong)reader.Remaining);
        try
        {
            return StrictUtf8.GetString(reader.ReadRaw(length));
        }
        catch (DecoderFallbackException)
        {
            reader.Fail("A name is not UTF-8.");
            throw;
        }
    }
}
