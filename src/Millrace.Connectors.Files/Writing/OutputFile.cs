using System.Globalization;

namespace Millrace.Connectors.Files;

/// <summary>
/// A file being written under a hidden name, which gets its own when it is published and is deleted when it is not. Owned by one writer.
/// </summary>
internal sealed class OutputFile : IAsyncDisposable
{
    const string PartPrefix = "part-";

    readonly string _path;
    readonly string _hiddenPath;
    readonly FileStream _stream;
    readonly IReadOnlyList<string> _stale;
    bool _isPublished;

    OutputFile(string path, string hiddenPath, FileStream stream, IReadOnlyList<string> stale)
    {
        _path = path;
        _hiddenPath = hiddenPath;
        _stream = stream;
        _stale = stale;
    }

    /// <summary>Begins the file of a parallel instance, over what an earlier failed run may have left.</summary>
    /// <exception cref="IOException">The file cannot be made, or exists and is to be kept.</exception>
    /// <exception cref="InvalidOperationException">The path names one file, and there are several instances.</exception>
    public static OutputFile Create(string path, string extension, FunctionContext context, bool keepsExisting)
    {
        Subtask subtask = context.Subtask;
        bool isFolder = Directory.Exists(path) || Path.EndsInDirectorySeparator(path) || !Path.HasExtension(path);
        if (!isFolder && subtask.Parallelism > 1)
        {
            throw new InvalidOperationException(
                $"'{context.OperatorId}' is to write the file '{path}' from {subtask.Parallelism} parallel instances. Run the sink in one "
                + "(.Sink(…).WithParallelism(1)), or give it a folder, in which each writes a part.");
        }

        string folder = isFolder ? path : Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
        string name = isFolder ? PartPrefix + subtask.Index.ToString(CultureInfo.InvariantCulture) + extension : Path.GetFileName(path);
        string target = isFolder ? Path.Combine(path, name) : path;
        string hidden = Path.Combine(folder, $".{name}.inprogress");
        try
        {
            Directory.CreateDirectory(folder);
            // The first instance looks after the parts of a run with more instances.
            string[] parts = isFolder && subtask.Index == 0
                ? [.. Directory.EnumerateFiles(folder).Where(f => PartOf(f, extension) >= 0)]
                : [];
            if (keepsExisting && (parts.Length > 0 || File.Exists(target)))
                throw new IOException($"'{path}' has output of an earlier run. Move it, give another path, or leave out .KeepExisting().");
            FileStream stream = new(hidden, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 1, FileOptions.Asynchronous);
            return new OutputFile(target, hidden, stream, [.. parts.Where(f => PartOf(f, extension) >= subtask.Parallelism)]);
        }
        catch (UnauthorizedAccessException e)
        {
            throw Failed(target, e);
        }
    }

    /// <summary>Writes bytes, one call at a time.</summary>
    /// <exception cref="IOException">The disk refused; the message names the file.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw Failed(_path, e);
        }
    }

    /// <summary>Brings every byte to disk, then gives the file its name. Parts of a run with more instances are deleted after that.</summary>
    /// <exception cref="IOException">The disk refused; the message names the file.</exception>
    public async ValueTask PublishAsync()
    {
        try
        {
            await _stream.FlushAsync().ConfigureAwait(false);
            _stream.Flush(flushToDisk: true);
            await _stream.DisposeAsync().ConfigureAwait(false);
            File.Move(_hiddenPath, _path, overwrite: true);
            _isPublished = true;
            foreach (string part in _stale) File.Delete(part);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failed(_path, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_isPublished) return;
        await _stream.DisposeAsync().ConfigureAwait(false);
        try
        {
            File.Delete(_hiddenPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The job has failed already, for a reason worth more than this one; the next run replaces the file.
        }
    }

    /// <summary>The number of a part; -1 for other files.</summary>
    static int PartOf(string path, string extension)
    {
        ReadOnlySpan<char> name = Path.GetFileName(path.AsSpan());
        return name.StartsWith(PartPrefix, StringComparison.Ordinal) && name.EndsWith(extension, StringComparison.Ordinal)
            && int.TryParse(name[PartPrefix.Length..^extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out int part) ? part : -1;
    }

    static IOException Failed(string path, Exception e) =>
        new($"Writing '{path}' failed: {e.Message} Check the space on the disk and the permissions of the folder.", e);
}
