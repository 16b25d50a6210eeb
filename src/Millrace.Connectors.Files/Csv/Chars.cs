using System.Buffers;
using System.Text.Unicode;

namespace Millrace.Connectors.Files;

/// <summary>Decodes short fields into the stack, for parsers that take characters only.</summary>
internal static class Chars
{
    /// <summary>How many characters a caller makes room for.</summary>
    public const int Max = 128;

    /// <summary>Decodes UTF-8; false when it is not valid or longer than the room.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, Span<char> room, out ReadOnlySpan<char> chars)
    {
        bool done = Utf8.ToUtf16(bytes, room, out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done;
        chars = room[..(done ? written : 0)];
        return done;
    }
}
