using System.Text.Unicode;

namespace Millrace.Connectors.Files;

/// <summary>How rows become records. Immutable; shared by all readers of a source.</summary>
internal abstract class RowFormat<T>
{
    /// <summary>For plans: <c>CSV</c>.</summary>
    public abstract string Name { get; }

    public abstract IEnumerable<string> Problems { get; }

    public abstract RowDecoder<T> CreateDecoder(MalformedRows malformed);
}

/// <summary>Reads what files begin with before their rows, wherever the reading of rows begins.</summary>
internal interface IHeaderReader
{
    bool HasHeader { get; }

    /// <summary>Reads the header and moves behind it; at the end of the file it makes do with what is there.</summary>
    /// <param name="cursor">At the beginning of the file.</param>
    /// <returns>False when the header goes on beyond the bytes at hand.</returns>
    bool TryReadHeader(RowCursor cursor);
}

/// <summary>Makes records of the rows at a cursor. Called once per batch and then loops by itself. Owned by one reader.</summary>
internal abstract class RowDecoder<T>(MalformedRows malformed) : IHeaderReader
{
    protected const string NotTextReason = "it is not valid UTF-8; if the file has another encoding, name it with .WithEncoding(…)";

    public virtual bool HasHeader => false;

    public virtual bool TryReadHeader(RowCursor cursor) => true;

    /// <summary>Adds records until the batch is full (<see cref="RowStatus.Row"/>), or no row is at hand.</summary>
    /// <param name="cursor">Moved behind the rows read.</param>
    /// <param name="batch">Has room.</param>
    public abstract RowStatus Decode(RowCursor cursor, ref BatchWriter<T> batch);

    protected MalformedRows Malformed => malformed;

    /// <summary>Whether a row is text. Free for files that are all ASCII.</summary>
    protected static bool IsText(RowCursor cursor, int length) => cursor.IsAscii || Utf8.IsValid(cursor.Span(cursor.At, length));

    protected bool ReportNotText(RowCursor cursor, int length, ref BatchWriter<T> batch) =>
        malformed.Report(cursor, length, null, NotTextReason, ref batch);
}
