using System.Buffers;
using System.Globalization;

namespace Millrace.Connectors.Files;

/// <summary>
/// Encodes records into the output file of their bucket; buffers that are full are written one at a time while the next fills. Owned by
/// one task; never blocks in <see cref="TryWrite"/> and <see cref="Seal"/>.
/// </summary>
internal sealed class FileSinkWriter<T>(OutputTarget target, FileSinkOptions<T> options, SinkContext context, FunctionContext function, OutputStart start)
    : ITransactionalWriter<T, FilePart>
{
    const int BufferBytesMax = 1 << 18, BufferBytesMin = 1 << 14, BuffersBytesMax = 1 << 25;
    const int OpenFilesMax = 256;

    readonly RowEncoder<T> _encoder = options.Format.CreateEncoder();
    readonly Dictionary<string, OutputFile> _open = new(StringComparer.Ordinal);
    readonly List<SealedPiece> _complete = [];
    readonly List<StagedFile> _unsealed = [];
    readonly string _parts = OutputTarget.Parts(context), _opens = OutputTarget.Opens(context), _deployment = Deployment.Of(context).ToString();
    readonly int _subtask = function.Subtask.Index;
    ArrayBufferWriter<byte> _spare = new();
    Task _write = Task.CompletedTask;
    int _files, _pieces;
    long _records;

    public void TryWrite(ref BatchReader<T> batch)
    {
        ReadOnlySpan<T> values = batch.Values;
        ReadOnlySpan<Timestamp> timestamps = batch.Timestamps;
        int bufferBytes = Math.Clamp(BuffersBytesMax / Math.Max(_open.Count, 1), BufferBytesMin, BufferBytesMax);
        int taken = 0;
        try
        {
            for (; taken < values.Length; taken++)
            {
                string bucket = options.Bucket is null ? "" : options.Bucket.Of(values[taken], timestamps.IsEmpty ? Timestamp.None : timestamps[taken]);
                OutputFile file = FileOf(bucket);
                if (file.Staged is { } staged && staged.Buffer.WrittenCount >= bufferBytes && !TryBeginWrite(staged)) return;
                Encode(file, values[taken]);
                file.UsedAt = ++_records;
                if (options.Rolling.IsFull(file.Length, context.IsDurable) && target.SingleFile is null) Complete(bucket, file);
            }
        }
        finally
        {
            // Also when it throws, so that the record it could not write is the one named.
            batch.Take(taken);
        }
    }

    public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_write.WaitAsync(cancellationToken));

    public bool Seal(bool isLast, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out FilePart part)
    {
        if (isLast && _files == 0 && start.PublishesEmpty) FileOf("");
        foreach ((string bucket, OutputFile file) in _open.ToArray())
        {
            if (isLast || (target.SingleFile is null && options.Rolling.IsOld(context.Time.GetElapsedTime(file.BegunAt)))) Complete(bucket, file);
            else if (file.Staged is not null) _complete.Add(file.Seal(isLast: false));
        }

        part = _complete.Count == 0 ? null : new FilePart([.. _complete], start.Mark, context.IsDurable);
        _complete.Clear();
        // What is sealed may be prepared when the writer is gone; what never is, the next deployment deletes.
        _unsealed.Clear();
        return part is not null;
    }

    public async ValueTask DisposeAsync()
    {
        await _write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (StagedFile staged in _unsealed) await staged.DiscardAsync().ConfigureAwait(false);
    }

    void Encode(OutputFile file, T value)
    {
        if (file.Staged is null) Begin(file);
        _encoder.Encode(value, file.Staged!.Buffer);
    }

    OutputFile FileOf(string bucket)
    {
        if (_open.TryGetValue(bucket, out OutputFile? file)) return file;
        if (_open.Count == OpenFilesMax)
        {
            (string oldest, OutputFile leastUsed) = _open.MinBy(static entry => entry.Value.UsedAt);
            Complete(oldest, leastUsed);
        }

        string folder = bucket.Length == 0 ? "" : bucket + "/";
        string name = target.NameOf(context, _subtask, _files);
        bool continues = target.SingleFile is not null;
        string open = continues ? start.Open! : $"{_opens}/{folder}{_deployment}~{name}";
        file = new OutputFile(folder + name, open, continues ? start.Offset : 0, context.Time.GetTimestamp());
        _files++;
        _open.Add(bucket, file);
        return file;
    }

    /// <summary>Begins the piece of a file in the current part, and the file itself with its header.</summary>
    void Begin(OutputFile file)
    {
        string name = $"{_parts}/{_deployment}~{_subtask.ToString(CultureInfo.InvariantCulture)}-{(_pieces++).ToString(CultureInfo.InvariantCulture)}";
        bool isNew = file.Length == 0;
        file.Begin(new StagedFile(target.PathOf(name)), name);
        _unsealed.Add(file.Staged!);
        if (isNew) _encoder.Begin(file.Staged!.Buffer);
    }

    /// <summary>Ends a file: with the part it is published.</summary>
    void Complete(string bucket, OutputFile file)
    {
        // A file of no row has a piece too, because the first piece is what becomes the file.
        if (file.Staged is null && file.Length == 0) Begin(file);
        _complete.Add(file.Seal(isLast: true));
        _open.Remove(bucket);
    }

    bool TryBeginWrite(StagedFile staged)
    {
        if (!_write.IsCompleted) return false;
        // Surfaces what went wrong with the write before.
        _write.GetAwaiter().GetResult();
        _write = staged.BeginWrite(ref _spare);
        return true;
    }
}
