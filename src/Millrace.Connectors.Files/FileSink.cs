using System.Text.Json;
using Millrace.Connectors.Files;

namespace Millrace;

/// <summary>
/// Writes files, in UTF-8. The path is a folder, in which each parallel instance writes a file of its own (<c>part-0.csv</c>,
/// <c>part-1.csv</c>); or, if it has a file extension and the sink runs in one instance, exactly that file.
/// </summary>
/// <remarks>
/// <para>A file appears under its name only when the job has ended and every byte of it is on disk; until then it has a hidden name. A
/// failed or cancelled job leaves the output of the run before as it was.</para>
/// <para>A new run replaces the output of the run before, also parts that it has no instance for any more; no other file is touched. With
/// several instances the parts are replaced one by one, not all at the same moment.</para>
/// <para>A restarted job writes everything anew: these sinks take no part in checkpoints.</para>
/// </remarks>
public static class FileSink
{
    /// <summary>Writes each record as a line. A record with a line end in it becomes several lines.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<string> Lines(string path) => Lines<string>(path, static text => text);

    /// <summary>Writes each record as a line. A text with a line end in it becomes several lines.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="format">Makes the text. Pure; shared by all parallel instances.</param>
    /// <exception cref="ArgumentNullException">An argument is null.</exception>
    public static FileSink<T> Lines<T>(string path, Func<T, string> format)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(format);
        return new(path, new LineOutput<T>(format), false);
    }

    /// <summary>
    /// Writes CSV (RFC 4180, lines end with LF): a header, then a row per record with its public properties in the order they are declared.
    /// What is written can be read with <see cref="FileSource.Csv"/>, which lists the types of members; null is an empty field.
    /// </summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="options">The dialect; null for a comma and a header.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<T> Csv<T>(string path, CsvOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(path, new CsvOutput<T>(options ?? new CsvOptions()), false);
    }

    /// <summary>Writes a JSON value per line.</summary>
    /// <param name="path">A folder, or a file with an extension.</param>
    /// <param name="options">Null for <see cref="JsonSerializerOptions.Web"/>: names in camel case. Never indented.</param>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    public static FileSink<T> JsonLines<T>(string path, JsonSerializerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        return new(path, new JsonOutput<T>(options ?? JsonSerializerOptions.Web), false);
    }
}

/// <summary>A sink that writes files. Made by <see cref="FileSink"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class FileSink<T> : ISink<T>
{
    readonly string _path;
    readonly OutputFormat<T> _format;
    readonly bool _keepsExisting;

    internal FileSink(string path, OutputFormat<T> format, bool keepsExisting)
    {
        _path = path;
        _format = format;
        _keepsExisting = keepsExisting;
    }

    /// <inheritdoc/>
    public IEnumerable<string> Problems => string.IsNullOrWhiteSpace(_path)
        ? ["the path is empty; name a folder, or a file with an extension", .. _format.Problems]
        : _format.Problems;

    /// <summary>The same sink, which refuses to start when there is output of an earlier run already, instead of replacing it.</summary>
    public FileSink<T> KeepExisting() => new(_path, _format, true);

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be made, or exists and is to be kept.</exception>
    /// <exception cref="InvalidOperationException">The path names one file, and the sink runs in several instances.</exception>
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken)
    {
        OutputFile file = OutputFile.Create(_path, _format.Extension, context, _keepsExisting);
        return new(new FileSinkWriter<T>(file, _format.CreateEncoder()));
    }

    /// <summary>For plans and logs.</summary>
    public override string ToString() => $"{_format.Name} {_path}";
}
