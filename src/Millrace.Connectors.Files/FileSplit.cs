using System.Globalization;

namespace Millrace;

/// <summary>
/// A piece of a file source: a file, a byte range of one, or all files in order. Bytes are counted in the file's content, after
/// decompression and conversion to UTF-8.
/// </summary>
/// <param name="File">The path relative to the source's folder, with <c>/</c> between the parts, so that a folder may be moved.</param>
/// <param name="Start">Where the range begins; zero for a whole file. The range has the rows that begin in it.</param>
/// <param name="Next">Where the next row begins; <paramref name="Start"/> when nothing was read.</param>
/// <param name="End">Where the range ends; <see cref="long.MaxValue"/> for the end of the file.</param>
/// <param name="Line">How many lines are before <paramref name="Next"/>; -1 when unknown.</param>
/// <param name="GoesOn">Whether the files after this one belong to the split too.</param>
public sealed record FileSplit(string File, long Start, long Next, long End, long Line, bool GoesOn) : ISplit
{
    /// <inheritdoc/>
    public string Id => GoesOn ? "all files in order" : Start == 0 ? File : File + "@" + Start.ToString(CultureInfo.InvariantCulture);

    internal bool IsRange => Start > 0 || End != long.MaxValue;
}
