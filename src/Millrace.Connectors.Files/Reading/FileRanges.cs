namespace Millrace.Connectors.Files;

/// <summary>Cuts a file into splits.</summary>
internal static class FileRanges
{
    public static async ValueTask<IReadOnlyList<FileSplit>> OfAsync(
        FileSelection files, string name, FileReadOptions options, CancellationToken cancellationToken)
    {
        FileSplit whole = new(name, 0, 0, long.MaxValue, 0, false);
        if (options.RangeBytes is not { } bytes || !options.IsUtf8) return [whole];
        string path = files.PathOf(name);
        long length = new FileInfo(path).Length;
        if (length <= bytes || await InputFile.IsCompressedAsync(path, cancellationToken).ConfigureAwait(false)) return [whole];

        List<FileSplit> ranges = [];
        for (long start = 0; start < length; start += bytes)
        {
            // The last range goes on to wherever the file ends, so that no byte is without an owner.
            bool last = length - start <= bytes;
            ranges.Add(new FileSplit(name, start, start, last ? long.MaxValue : start + bytes, start == 0 ? 0 : -1, false));
            if (last) break;
        }

        return ranges;
    }
}
