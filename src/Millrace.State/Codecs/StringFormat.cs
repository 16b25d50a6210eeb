using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Millrace.State.Codecs;

/// <summary>
/// Strings as UTF-8. A surrogate without its partner, which UTF-8 has no place for, is written as three bytes like any other
/// code unit (WTF-8, simonsapin.github.io/wtf-8), because a string must come back as it was.
/// </summary>
internal static class StringFormat
{
    /// <summary>The exact number of bytes of a string.</summary>
    public static int ByteCount(ReadOnlySpan<char> text)
    {
        const int bytesPerCharMax = 3;
        if (text.Length > Array.MaxLength / bytesPerCharMax) throw new UnencodableValueException($"A string of {text.Length} characters may exceed {Array.MaxLength} bytes.");
        // Replacement characters take three bytes, as lone surrogates do here.
        return Encoding.UTF8.GetByteCount(text);
    }

    /// <summary>Writes a string to a buffer with enough room and returns the number of bytes.</summary>
    public static int Encode(ReadOnlySpan<char> text, Span<byte> bytes) =>
        Utf8.FromUtf16(text, bytes, out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done ? written : EncodeUnpaired(text, bytes);

    /// <summary>Reads a string, or returns null when the bytes are not one.</summary>
    public static string? Decode(ReadOnlySpan<byte> bytes)
    {
        const int charsOnStackMax = 256;
        char[]? rented = bytes.Length > charsOnStackMax ? ArrayPool<char>.Shared.Rent(bytes.Length) : null;
        Span<char> text = rented ?? stackalloc char[charsOnStackMax];
        int length = Utf8.ToUtf16(bytes, text, out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done ? written : DecodeUnpaired(bytes, text);
        string? value = length < 0 ? null : new string(text[..length]);
        if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        return value;
    }

    static int EncodeUnpaired(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int at = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out Rune rune, out int taken) == OperationStatus.Done)
            {
                at += rune.EncodeToUtf8(bytes[at..]);
            }
            else
            {
                taken = 1;
                bytes[at++] = (byte)(0xe0 | (text[0] >> 12));
                bytes[at++] = (byte)(0x80 | ((text[0] >> 6) & 0x3f));
                bytes[at++] = (byte)(0x80 | (text[0] & 0x3f));
            }

            text = text[taken..];
        }

        return at;
    }

    static int DecodeUnpaired(ReadOnlySpan<byte> bytes, Span<char> text)
    {
        int at = 0;
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int taken) == OperationStatus.Done)
            {
                at += rune.EncodeToUtf16(text[at..]);
            }
            else if (bytes is [0xed, >= 0xa0 and <= 0xbf, >= 0x80 and <= 0xbf, ..])
            {
                taken = 3;
                char unit = (char)(0xd000 | ((bytes[1] & 0x3f) << 6) | (bytes[2] & 0x3f));
                // A pair is written as one code point; written as two units it would be a second form of the same string.
                if (char.IsLowSurrogate(unit) && at > 0 && char.IsHighSurrogate(text[at - 1])) return -1;
                text[at++] = unit;
            }
            else
            {
                return -1;
            }

            bytes = bytes[taken..];
        }

        return at;
    }
}

/// <summary>The first byte of an encoded decimal.</summary>
internal static class DecimalFormat
{
    /// <summary>The scale: digits after the point, 0 to 28.</summary>
    public const int ScaleMask = 0x1f;

    /// <summary>Set when the coefficient has more than 64 bits.</summary>
    public const int HasHigh = 0x20;

    /// <summary>Never set.</summary>
    public const int Unused = 0x40;

    /// <summary>Set for negative values, and for negative zero.</summary>
    public const int Negative = 0x80;
}
