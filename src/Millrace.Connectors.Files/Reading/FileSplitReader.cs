namespace Millrace.Connectors.Files;

/// <summary>
/// Reads one split. I/O happens in read-ahead and, where a split goes on to another file, in <see cref="WaitAsync"/>;
/// <see cref="TryRead"/> parses bytes in memory only.
/// </summary>
internal sealed class FileSplitReader<T>(
    OpenFile first, FileSelection files, FileReadOptions options, RowDecoder<T> decoder, MalformedRows malformed) : ISplitReader<T, FileSplit>
{
    OpenFile _file = first;
    bool _atEndOfFile;
    Task _closing = Task.CompletedTask;

    // Opened while waiting, taken by the next read: a position asked for meanwhile is still that of the file before.
    OpenFile? _nextFile;

    public FileSplit Position => _file.Position;

    string? NextName => Position.GoesOn ? files.After(Position.File) : null;

    public ReadStatus TryRead(ref BatchWriter<T> batch)
    {
        malformed.BeginRead();
        TakeNextFile();
        bool mayAppend = true;
        while (true)
        {
            RowStatus status = _atEndOfFile ? RowStatus.Done
                : _file.IsPassing ? PassLine(ref batch) : decoder.Decode(_file.Cursor, ref batch);
            switch (status)
            {
                case RowStatus.Row:
                    return ReadStatus.More;
                case RowStatus.Done:
                    return EndFile();
                case RowStatus.TooLong:
                    BeginPassing();
                    break;
                default:
                    // One block per call, so that a call is bounded even where blocks yield no records.
                    if (!mayAppend) return ReadStatus.More;
                    if (!_file.TryAppend()) return ReadStatus.Empty;
                    mayAppend = false;
                    break;
            }
        }
    }

    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (_nextFile is null && _atEndOfFile && NextName is { } name)
        {
            await _file.DisposeAsync().ConfigureAwait(false);
            FileSplit next = new(name, 0, 0, long.MaxValue, 0, true);
            _nextFile = await OpenFile.OpenAsync(next, files, options, decoder, cancellationToken).ConfigureAwait(false);
        }

        if (_nextFile is null) await _file.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.ConfigureAwait(false);
        await _file.DisposeAsync().ConfigureAwait(false);
        if (_nextFile is not null) await _nextFile.DisposeAsync().ConfigureAwait(false);
    }

    ReadStatus EndFile()
    {
        _atEndOfFile = true;
        if (NextName is not null) return ReadStatus.Empty;
        // Whoever reads many splits may close them all at the end: the file and the blocks read ahead are given back now.
        _closing = _file.DisposeAsync().AsTask();
        return ReadStatus.Finished;
    }

    void TakeNextFile()
    {
        if (_nextFile is null) return;
        _file = _nextFile;
        _nextFile = null;
        _atEndOfFile = false;
    }

    void BeginPassing()
    {
        RowCursor cursor = _file.Cursor;
        string reason = $"it is longer than the limit of {options.LineBytesMax:N0} bytes; "
            + "raise it with .WithLineLimit(bytes) if the line is meant to be";
        MalformedRow row = MalformedRows.Describe(cursor, Math.Min(cursor.End - cursor.At, MalformedRows.TextBytesMax + 1), null, reason);
        if (!options.KeepsGoing) throw new MalformedRowException(row, "Lines without an end are often a sign of a file that is not text.");
        _file.PassLine(row);
    }

    /// <summary>Passes over a line that is too long, or that belongs to the range before.</summary>
    RowStatus PassLine(ref BatchWriter<T> batch)
    {
        if (!_file.TryPassLine(out MalformedRow? row)) return RowStatus.NeedMore;
        bool goOn = row is null || malformed.Keep(row, ref batch);
        return goOn ? decoder.Decode(_file.Cursor, ref batch) : RowStatus.Row;
    }
}
