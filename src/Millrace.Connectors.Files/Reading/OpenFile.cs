namespace Millrace.Connectors.Files;

/// <summary>A file being read: its read-ahead, the bytes at hand, and the split that says how far. Owned by one reader.</summary>
internal sealed class OpenFile : IAsyncDisposable
{
    readonly FileSplit _split;
    readonly BlockPump _pump;
    Passing? _passing;

    OpenFile(FileSplit split, BlockPump pump, RowCursor cursor)
    {
        _split = split;
        _pump = pump;
        Cursor = cursor;
    }

    public RowCursor Cursor { get; }

    public FileSplit Position => _passing is { } passing
        ? _split with { Next = passing.Next, Line = passing.Line }
        : _split with { Next = Cursor.Position, Line = Cursor.Line };

    /// <summary>Whether a line is being passed over: the position stays before it until its end is found.</summary>
    public bool IsPassing => _passing is not null;

    /// <summary>Opens the file of a split at its position, after reading the header if there is one.</summary>
    /// <exception cref="IOException">The file cannot be read, or is shorter than the position.</exception>
    public static async ValueTask<OpenFile> OpenAsync(
        FileSplit split, FileSelection files, FileReadOptions options, IHeaderReader decoder, CancellationToken cancellationToken)
    {
        if (decoder.HasHeader || split.Next == 0)
        {
            OpenFile start = await OpenAtAsync(split, files, options, 0, 0, cancellationToken).ConfigureAwait(false);
            if (decoder.HasHeader) await start.ReadHeaderAsync(decoder, cancellationToken).ConfigureAwait(false);
            if (split.Next == 0) return start;
            await start.DisposeAsync().ConfigureAwait(false);
        }

        // A line that begins at the start of a range is the range's own: begin one byte earlier, and pass the line that byte is in.
        bool align = split.Start > 0 && split.Next == split.Start;
        OpenFile file = await OpenAtAsync(split, files, options, split.Next - (align ? 1 : 0), split.Line, cancellationToken).ConfigureAwait(false);
        if (align) file._passing = new Passing(split.Next, split.Line, null);
        return file;
    }

    /// <summary>Takes over the next block or the end, if it is there.</summary>
    /// <exception cref="IOException">Reading failed.</exception>
    public bool TryAppend()
    {
        if (_pump.TryTake(out Block block))
        {
            Cursor.Append(block);
            return true;
        }

        if (Cursor.IsFinal || !_pump.IsDrained()) return false;
        Cursor.Finish();
        return true;
    }

    /// <summary>Completes when <see cref="TryAppend"/> has something.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken) => _pump.WaitAsync(cancellationToken);

    /// <summary>Begins to pass over the line at the cursor.</summary>
    /// <param name="row">What to report once its end is found.</param>
    public void PassLine(MalformedRow row) => _passing = new Passing(Cursor.Position, Cursor.Line, row);

    /// <summary>Passes over bytes of the line without keeping them; false when it goes on beyond those at hand.</summary>
    /// <param name="row">What to report, if anything.</param>
    public bool TryPassLine(out MalformedRow? row)
    {
        row = _passing?.Row;
        if (!Cursor.TryPassLine() && !Cursor.IsFinal) return false;
        _passing = null;
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _pump.DisposeAsync().ConfigureAwait(false);
        Cursor.Dispose();
    }

    static async ValueTask<OpenFile> OpenAtAsync(
        FileSplit split, FileSelection files, FileReadOptions options, long offset, long line, CancellationToken cancellationToken)
    {
        string path = files.PathOf(split.File);
        Stream stream = await InputFile.OpenAsync(path, options, offset, cancellationToken).ConfigureAwait(false);
        return new OpenFile(split, new BlockPump(stream, path), new RowCursor(path, split, offset, line, options.LineBytesMax));
    }

    async ValueTask ReadHeaderAsync(IHeaderReader decoder, CancellationToken cancellationToken)
    {
        try
        {
            while (!decoder.TryReadHeader(Cursor))
            {
                if (!TryAppend()) await WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    sealed record Passing(long Next, long Line, MalformedRow? Row);
}
