using System.Globalization;

namespace Millrace;

/// <summary>A row of a file that could not be made a record. Immutable.</summary>
/// <param name="File">The path of the file.</param>
/// <param name="Line">The line the row begins in, from one; null when the file is read in byte ranges, where lines are not counted.</param>
/// <param name="Byte">Where the row begins, in bytes from the beginning of the file's content (decompressed, and as UTF-8).</param>
/// <param name="Column">The column at fault; null when it is the row as a whole.</param>
/// <param name="Reason">What is wrong, for people.</param>
/// <param name="Text">The row, cut to 200 characters; bytes that are not text are shown as U+FFFD.</param>
public sealed record MalformedRow(string File, long? Line, long Byte, string? Column, string Reason, string Text)
{
    /// <summary>For people: place, reason and text.</summary>
    public override string ToString()
    {
        string line = Line is { } number ? string.Create(CultureInfo.InvariantCulture, $"line {number} (byte {Byte})")
            : string.Create(CultureInfo.InvariantCulture, $"byte {Byte}");
        string column = Column is null ? "" : $", column '{Column}'";
        return $"{File}, {line}{column}: {Reason}. The row: {Text}";
    }
}

/// <summary>A row of a file could not be made a record, and the source was not told to go on without it.</summary>
/// <param name="row">The row.</param>
/// <param name="cure">What can be done.</param>
public sealed class MalformedRowException(MalformedRow row, string cure) : FormatException($"{row}{Environment.NewLine}{cure}")
{
    /// <summary>The row.</summary>
    public MalformedRow Row { get; } = row;
}
