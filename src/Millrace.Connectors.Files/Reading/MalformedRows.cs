using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>What becomes of malformed rows: the end of the job, a side output, or a count. Owned by one reader.</summary>
internal sealed class MalformedRows(FileReadOptions options, Counter counter)
{
    /// <summary>How much of a row is shown.</summary>
    public const int TextCharsMax = 200;

    // Four bytes are the most a character takes.
    public const int TextBytesMax = TextCharsMax * 4;

    // After this many the engine is given a turn, although nothing was added to the batch.
    const int PerReadMax = 256;
    int _thisRead;

    public void BeginRead() => _thisRead = 0;

    /// <summary>Reports the row at the cursor; false when the call of TryRead should end, because there were many.</summary>
    /// <param name="cursor">Still at the row.</param>
    /// <param name="length">The length of the row.</param>
    /// <param name="column">The column at fault, or null.</param>
    /// <param name="reason">What is wrong.</param>
    /// <param name="batch">Takes the row, if it is diverted.</param>
    /// <exception cref="MalformedRowException">Malformed rows end the job.</exception>
    public bool Report<T>(RowCursor cursor, int length, string? column, string reason, ref BatchWriter<T> batch)
    {
        MalformedRow row = Describe(cursor, length, column, reason);
        if (!options.KeepsGoing)
            throw new MalformedRowException(row, "Correct the file, or go on without such rows: .DivertMalformed(side) or .SkipMalformed() on the source.");
        return Keep(row, ref batch);
    }

    /// <summary>Counts a row, and diverts it if there is a side output.</summary>
    public bool Keep<T>(MalformedRow row, ref BatchWriter<T> batch)
    {
        counter.Add(1);
        if (options.Malformed is { } side) batch.AddTo(side, row);
        return ++_thisRead < PerReadMax;
    }

    /// <summary>Fails whatever the options, where going on could lose rows that are in order.</summary>
    public static MalformedRowException Fatal(RowCursor cursor, int length, string reason, string cure) =>
        new(Describe(cursor, length, null, reason), cure);

    public static MalformedRow Describe(RowCursor cursor, int length, string? column, string reason) =>
        new(cursor.Path, cursor.Line < 0 ? null : cursor.Line + 1, cursor.Position, column, reason, Shorten(cursor.Span(cursor.At, length)));

    public static string Shorten(ReadOnlySpan<byte> text)
    {
        string start = Encoding.UTF8.GetString(text[..Math.Min(text.Length, TextBytesMax)]);
        return start.Length <= TextCharsMax && text.Length <= TextBytesMax ? start : start[..Math.Min(start.Length, TextCharsMax)] + "…";
    }
}
