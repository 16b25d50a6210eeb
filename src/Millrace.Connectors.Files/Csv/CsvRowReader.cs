namespace Millrace.Connectors.Files;

/// <summary>Finds the rows of a CSV file, line by line where there are no quotes. Owned by one reader.</summary>
internal sealed class CsvRowReader(byte delimiter)
{
    const string NotClosed = "a quoted field is not closed before the end of the file; close it, or double the quote if it is meant as text";
    const string TextAfterQuote = "text follows a closing quote; double the quotes that are meant as text";

    /// <summary>Where the row after this one begins.</summary>
    public int Next { get; private set; }

    /// <summary>The length of the row, without its end; of its first line, if it is malformed.</summary>
    public int Length { get; private set; }

    /// <summary>How many lines the row spans.</summary>
    public int Lines { get; private set; }

    /// <summary>What is wrong with the quotes of the row; null when they are in order.</summary>
    public string? Problem { get; private set; }

    /// <summary>Finds the row at the cursor, without moving.</summary>
    /// <param name="cursor">At the row.</param>
    /// <param name="row">Filled.</param>
    /// <exception cref="MalformedRowException">The row has a quoted line end, and the file is read in ranges.</exception>
    public RowStatus Peek(RowCursor cursor, CsvRow row)
    {
        RowStatus status = cursor.PeekLine(out int length, out int next);
        if (status != RowStatus.Row) return status;
        (Next, Length, Lines, Problem) = (next, length, 1, null);
        if (!cursor.Span(cursor.At, length).Contains((byte)'"'))
        {
            row.SplitPlain(cursor.Bytes, cursor.At, length, delimiter);
            return RowStatus.Row;
        }

        QuotedStatus quoted = row.SplitQuoted(cursor.Bytes, cursor.At, cursor.End, cursor.IsFinal, delimiter, out int rowNext);
        bool goesOn = quoted is QuotedStatus.NeedMore or QuotedStatus.NotClosed || rowNext > next;
        if (goesOn && cursor.IsRange)
        {
            throw MalformedRows.Fatal(cursor, length, "a quoted field goes on in the next line, while the file is read in ranges",
                "Where a range begins it cannot be told whether a line is inside quotes: read the files whole, .WithoutRanges().");
        }

        if (quoted == QuotedStatus.NeedMore && cursor.End - cursor.At <= cursor.LineBytesMax) return RowStatus.NeedMore;
        Problem = ProblemOf(quoted, rowNext - cursor.At, cursor);
        // Of a row with a problem only the first line is given up: the lines behind it may well be in order.
        if (Problem is null && rowNext > next) TakeLines(cursor, rowNext);
        return RowStatus.Row;
    }

    static string? ProblemOf(QuotedStatus status, int length, RowCursor cursor) => status switch
    {
        QuotedStatus.NotClosed => NotClosed,
        QuotedStatus.TextAfterQuote => TextAfterQuote,
        QuotedStatus.NeedMore => TooLong(cursor),
        _ when length > cursor.LineBytesMax + 2 => TooLong(cursor),
        _ => null,
    };

    static string TooLong(RowCursor cursor) =>
        $"a quoted field makes it longer than the limit of {cursor.LineBytesMax:N0} bytes; "
        + "close the field, or raise the limit with .WithLineLimit(bytes)";

    void TakeLines(RowCursor cursor, int next)
    {
        ReadOnlySpan<byte> row = cursor.Span(cursor.At, next - cursor.At);
        Next = next;
        Lines = row.Count((byte)'\n');
        Length = row.TrimEnd("\r\n"u8).Length;
    }
}
