using System.Text.Json;
using Millrace.Connectors.Files;

namespace Millrace;

/// <summary>
/// Reads files: one, all of a folder, or all that fit a pattern. Files may be compressed with gzip (recognised by content, not by name).
/// Text is UTF-8, with or without a byte order mark; lines end with LF or CRLF, the last one may lack its end.
/// </summary>
/// <remarks>
/// <para>A folder means the files directly in it; in a pattern <c>*</c> and <c>?</c> stand for characters of one name and <c>**</c> for any
/// number of folders. Names that begin with a dot are passed over. Files are read in ordinal order of their relative paths. No file at
/// all is an error when the job starts; an empty file is not.</para>
/// <para>Files must not change while a job reads them or between its restarts. Reading ahead costs up to 4 MiB per open reader.</para>
/// </remarks>
public static class FileSource
{
    /// <summary>Reads lines, without their ends. Files over 64 MiB are read in ranges, unless told otherwise.</summary>
    /// <param name="path">A file, a folder or a pattern.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSource<string> Lines(string path) => new(new LineFormat(), new FileReadOptions { Path = Checked(path) });

    /// <summary>
    /// Reads CSV (RFC 4180): a header line, then rows whose fields are matched by the header with the parameters of the widest public
    /// constructor of <typeparamref name="T"/> and its settable properties. Upper and lower case and the characters <c>_</c>, <c>-</c> and space
    /// make no difference; <see cref="CsvColumnAttribute"/> gives another name. Columns nobody asks for are passed over, empty lines too.
    /// </summary>
    /// <remarks>
    /// <para>Members may be numbers, text, <see cref="bool"/> (true, false, 1, 0), enums, dates and times (ISO 8601, or
    /// <see cref="CsvOptions.DateFormat"/>), <see cref="Timestamp"/>, <see cref="Guid"/>, anything that is <see cref="ISpanParsable{TSelf}"/>, and
    /// <see cref="Nullable{T}"/> of these, where an empty field is null. Numbers are in invariant form, without thousands separators.
    /// <typeparamref name="T"/> may be <c>string[]</c> for the bare fields.</para>
    /// <para>Files are not cut into ranges unless <see cref="FileSource{T}.InRanges"/> asks for it, because a quoted field may hold line ends.</para>
    /// </remarks>
    /// <typeparam name="T">The record type.</typeparam>
    /// <param name="path">A file, a folder or a pattern.</param>
    /// <param name="options">The dialect; null for a comma and a header.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSource<T> Csv<T>(string path, CsvOptions? options = null) =>
        new(new CsvFormat<T>(options ?? new CsvOptions()), new FileReadOptions { Path = Checked(path), RangeBytes = null });

    /// <summary>Reads a JSON value per line; empty lines are passed over. Files over 64 MiB are read in ranges, unless told otherwise.</summary>
    /// <typeparam name="T">The record type.</typeparam>
    /// <param name="path">A file, a folder or a pattern.</param>
    /// <param name="options">Null for <see cref="JsonSerializerOptions.Web"/>: names in any case, numbers also in quotes.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSource<T> JsonLines<T>(string path, JsonSerializerOptions? options = null) =>
        new(new JsonFormat<T>(options ?? JsonSerializerOptions.Web), new FileReadOptions { Path = Checked(path) });

    static string Checked(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path;
    }
}
