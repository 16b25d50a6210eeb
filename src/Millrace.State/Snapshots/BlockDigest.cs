using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Millrace.State.Snapshots;

/// <summary>The hashes that snapshots are verified by.</summary>
static class BlockDigest
{
    /// <summary>The first 128 bits of the SHA-256 of some bytes.</summary>
    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash);
    }

    /// <summary>The SHA-256 of some bytes, as manifests have it: 64 hexadecimal digits, small letters.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }
}
