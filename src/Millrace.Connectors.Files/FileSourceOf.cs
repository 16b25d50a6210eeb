using System.Runtime.CompilerServices;
using System.Text;
using Millrace.Connectors.Files;

namespace Millrace;

/// <summary>A source over files. Made by <see cref="FileSource"/>; immutable, each option makes another source.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class FileSource<T> : ISource<T, FileSplit>
{
    readonly RowFormat<T> _format;
    readonly FileReadOptions _options;

    internal FileSource(RowFormat<T> format, FileReadOptions options)
    {
        _format = format;
        _options = options;
    }

    /// <inheritdoc/>
    /// <value>True.</value>
    public bool IsBounded => true;

    /// <inheritdoc/>
    public IEnumerable<string> Problems => _options.Problems.Concat(_format.Problems);

    /// <summary>
    /// Reads all files as one split, one after the other in ordinal order of their names: the records come in the same order in every
    /// run, whatever the parallelism, and so what is late is the same in every run. A restart goes on after the file it was in.
    /// </summary>
    public FileSource<T> InOrder() => With(_options with { InOrder = true });

    /// <summary>
    /// Cuts files larger than this into ranges of about this size, which are read in parallel; a range has the lines that begin in it.
    /// Compressed files and other encodings than UTF-8 are never cut. Malformed rows then name a byte, not a line; a quoted CSV field with a
    /// line end in it is an error.
    /// </summary>
    /// <param name="bytes">16 or more; the default is 64 MiB for lines and JSON lines, and no ranges for CSV. Must stay the same over restarts.</param>
    public FileSource<T> InRanges(long bytes) => With(_options with { RangeBytes = bytes });

    /// <summary>Reads every file as a whole, by one reader each.</summary>
    public FileSource<T> WithoutRanges() => With(_options with { RangeBytes = null });

    /// <summary>Reads another encoding than UTF-8, such as <see cref="Encoding.Latin1"/> or <see cref="Encoding.Unicode"/>. Files are then not cut into ranges.</summary>
    /// <param name="encoding">Bytes it does not know end the job.</param>
    /// <exception cref="ArgumentNullException"><paramref name="encoding"/> is null.</exception>
    public FileSource<T> WithEncoding(Encoding encoding)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        return With(_options with { Encoding = encoding });
    }

    /// <summary>Sets how long a line (of CSV: a row) may be. A longer one is malformed, and never held in memory as a whole.</summary>
    /// <param name="bytes">1 to 1 GiB; the default is 16 MiB.</param>
    public FileSource<T> WithLineLimit(int bytes) => With(_options with { LineBytesMax = bytes });

    /// <summary>
    /// Sends malformed rows to a side output instead of ending the job, and counts them in <c>malformedRows</c>. Read them with
    /// <see cref="DataStream{T}.Side"/> on the source's stream.
    /// </summary>
    /// <param name="side">Kept in a static field, one object for writing and reading.</param>
    /// <exception cref="ArgumentNullException"><paramref name="side"/> is null.</exception>
    public FileSource<T> DivertMalformed(SideOutput<MalformedRow> side)
    {
        ArgumentNullException.ThrowIfNull(side);
        return With(_options with { KeepsGoing = true, Malformed = side });
    }

    /// <summary>Passes over malformed rows instead of ending the job, and counts them in <c>malformedRows</c>.</summary>
    public FileSource<T> SkipMalformed() => With(_options with { KeepsGoing = true, Malformed = null });

    /// <inheritdoc/>
    /// <exception cref="FileNotFoundException">There is no such file or folder, or no file in it.</exception>
    public async IAsyncEnumerable<FileSplit> DiscoverAsync(
        SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        FileSelection files = FileSelection.Find(_options.Path);
        if (_options.InOrder)
        {
            yield return new FileSplit(files.Names[0], 0, 0, long.MaxValue, 0, true);
            yield break;
        }

        foreach (string file in files.Names)
        {
            foreach (FileSplit split in await FileRanges.OfAsync(files, file, _options, cancellationToken).ConfigureAwait(false))
                yield return split;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be read, or is shorter than the position.</exception>
    public async ValueTask<ISplitReader<T, FileSplit>> OpenAsync(
        FileSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        MalformedRows malformed = new(_options, context.Counters["malformedRows"]);
        RowDecoder<T> decoder = _format.CreateDecoder(malformed);
        // Looking for files and opening them may block, which is not for the thread of the task.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        FileSelection files = split.GoesOn
            ? FileSelection.Find(_options.Path)
            : new FileSelection(FileSelection.RootOf(_options.Path), [split.File]);
        OpenFile first = await OpenFile.OpenAsync(split, files, _options, decoder, cancellationToken).ConfigureAwait(false);
        return new FileSplitReader<T>(first, files, _options, decoder, malformed);
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"{_format.Name} {_options.Path}";

    FileSource<T> With(FileReadOptions options) => new(_format, options);
}
