using System.Text;

namespace Millrace.State.Snapshots;

/// <summary>
/// The last line of a manifest: the hash of everything before it. Whoever was given a folder by its address alone, which no ledger vouches for,
/// can tell by it that the text is what an engine wrote.
/// </summary>
static class ManifestSeal
{
    const int HashDigits = 64;

    static ReadOnlySpan<byte> Before => ",\n  \"sha256\": \""u8;

    static ReadOnlySpan<byte> After => "\"\n}\n"u8;

    /// <summary>Adds it.</summary>
    /// <param name="json">An indented JSON object with a property or more.</param>
    public static byte[] Seal(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> end = "\n}"u8;
        Invariant.That(json.EndsWith(end), "a manifest is an indented object");
        ReadOnlySpan<byte> body = json[..^end.Length];
        return [.. body, .. Before, .. Encoding.ASCII.GetBytes(BlockDigest.Text(body)), .. After];
    }

    /// <summary>What is wrong with the last line; null for nothing.</summary>
    /// <param name="bytes">A manifest as it was read.</param>
    public static string? Broken(ReadOnlySpan<byte> bytes)
    {
        int length = Before.Length + HashDigits + After.Length;
        if (bytes.Length <= length || !bytes.EndsWith(After) || !bytes[^length..].StartsWith(Before))
            return "it does not end with the hash of its text, so the end of it is missing or was changed";
        ReadOnlySpan<byte> hash = bytes[^(length - Before.Length)..][..HashDigits];
        return hash.SequenceEqual(Encoding.ASCII.GetBytes(BlockDigest.Text(bytes[..^length])))
            ? null
            : "its text is not what was written: the hash in its last line is that of another text";
    }
}
